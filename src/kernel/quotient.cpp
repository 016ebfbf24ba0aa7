#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "circumsphere.hpp"
#include "complex.hpp"
#include "flat_map.hpp"
#include "tasks.hpp"

namespace amorph {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Circumcentres this close to a face of the home cell (in fractional coordinates) may be counted
// on both sides; rounding moves them by far less.
constexpr double face_tolerance = 1e-6;

template <int D>
struct SortedCell {
    std::array<Vertex, D + 1> vertex;
    std::array<int, D + 1> place;  // of each in the triangulation's cell
    bool odd = false;
};

template <int D>
SortedCell<D> sort_by_code(const DelaunayCell<D>& cell, const std::vector<ImageCode>& codes) {
    SortedCell<D> s{cell.vertex, {}, false};
    for (int i = 0; i <= D; ++i) s.place[i] = i;
    const auto order = [&](int i, int j) {
        if (codes[s.vertex[i]] < codes[s.vertex[j]]) return;
        std::swap(s.vertex[i], s.vertex[j]);
        std::swap(s.place[i], s.place[j]);
        s.odd = !s.odd;
    };
    if constexpr (D == 2) {
        order(0, 1), order(1, 2), order(0, 1);
    } else {
        order(0, 1), order(2, 3), order(0, 2), order(1, 3), order(1, 2);
    }
    return s;
}

// The key that all translates of a simplex share. Vertices are sorted by code.
template <std::size_t N>
std::array<std::uint64_t, N> orbit_key(const std::array<Vertex, N>& vertex,
                                       const std::vector<ImageCode>& codes) {
    std::array<std::uint64_t, N> key;
    const ImageCode origin = codes[vertex[0]];
    for (std::size_t i = 0; i < N; ++i) key[i] = relative_code(codes[vertex[i]], origin);
    return key;
}

struct Placed {
    Point centre;                 // relative to the first corner
    std::array<double, 3> f{};    // fractional coordinates of the centre
};

// The circumcentre of a cell, and where in the lattice it lies.
template <int D>
Placed place_centre(const Lattice& lattice, const Corners<D>& q) {
    const Point &a = *q[0], b = *q[1] - a, c = *q[2] - a;
    Placed placed;
    const auto place = [&](bool ill, const auto& rounded, const auto& exactly) {
        if (ill) {
            // Under the surface of a slab or wire, where atoms of one layer differ in height by
            // rounding alone, the centre can lie 1e17 Angstrom away: only exact arithmetic tells
            // above which cell.
            const ExactCentre exact = exactly();
            placed.centre = exact.rounded();
            for (int k = 0; k < lattice.n_periodic(); ++k)
                placed.f[k] = lattice.fractional(k, a) + lattice.fractional(k, exact);
        } else {
            placed.centre = rounded();
            for (int k = 0; k < lattice.n_periodic(); ++k)
                placed.f[k] = lattice.fractional(k, a + placed.centre);
        }
    };
    if constexpr (D == 2) {
        place(ill_conditioned(b, c), [&] { return circumcentre(b, c); },
              [&] { return exact_circumcentre_in_plane(b, c); });
    } else {
        const Point d = *q[3] - a;
        place(ill_conditioned(b, c, d), [&] { return circumcentre(b, c, d); },
              [&] { return exact_circumcentre(b, c, d); });
    }
    return placed;
}

struct Selected {
    CellIndex cell;
    double value;  // squared radius
};

// Cells that may represent their orbits; doubtful ones, whose circumcentres lie on the boundary of
// the home cell, possibly more than once.
template <int D>
struct Candidates {
    struct Doubtful {
        std::array<std::uint64_t, D + 1> key;
        Selected selected;
    };
    std::vector<Selected> certain;
    std::vector<Doubtful> doubtful;
};

template <int D>
Candidates<D> find_candidates(const Lattice& lattice, const PaddedPoints& padded,
                              const Delaunay<D>& delaunay, std::size_t begin, std::size_t end) {
    Candidates<D> found;
    const auto& cells = delaunay.cells();
    for (std::size_t i = begin; i < end; ++i) {
        const DelaunayCell<D>& cell = cells[i];
        if (!cell.alive() || cell.ghost()) continue;
        const Corners<D> corners = delaunay.corners(cell);
        const Placed placed = place_centre<D>(lattice, corners);
        bool candidate = true, certain = true;
        for (int k = 0; k < lattice.n_periodic(); ++k) {
            const double f = placed.f[k];
            candidate = candidate && f >= -face_tolerance && f <= 1 + face_tolerance;
            certain = certain && f > 2 * face_tolerance && f < 1 - 2 * face_tolerance;
        }
        if (!candidate) continue;
        const Selected s{static_cast<CellIndex>(i), squared_norm(placed.centre) - corners[0]->w};
        if (certain) {
            found.certain.push_back(s);
        } else {
            found.doubtful.push_back(
                {orbit_key(sort_by_code<D>(cell, padded.codes).vertex, padded.codes), s});
        }
    }
    return found;
}

// One finite cell of every orbit: the copy whose circumcentre lies in the home cell.
template <int D>
std::vector<Selected> select_representatives(const Lattice& lattice, const PaddedPoints& padded,
                                             const Delaunay<D>& delaunay, int n_threads) {
    Candidates<D> first, second;
    const std::size_t n = delaunay.cells().size(), half = n_threads > 1 ? n / 2 : n;
    run_tasks(
        n_threads, [&] { first = find_candidates<D>(lattice, padded, delaunay, 0, half); },
        [&] { second = find_candidates<D>(lattice, padded, delaunay, half, n); });
    std::vector<Selected> selected = std::move(first.certain);
    selected.insert(selected.end(), second.certain.begin(), second.certain.end());
    auto& doubtful = first.doubtful;
    doubtful.insert(doubtful.end(), second.doubtful.begin(), second.doubtful.end());
    std::sort(doubtful.begin(), doubtful.end(), [](const auto& a, const auto& b) {
        return a.key != b.key ? a.key < b.key : a.selected.cell < b.selected.cell;
    });
    for (std::size_t i = 0; i < doubtful.size(); ++i)
        if (i == 0 || doubtful[i].key != doubtful[i - 1].key) selected.push_back(doubtful[i].selected);
    return selected;
}

template <int D>
class QuotientBuilder {
public:
    QuotientBuilder(const Lattice& lattice, const PaddedPoints& padded,
                    const Delaunay<D>& delaunay, std::size_t n_selected)
        : periodic_(lattice.n_periodic() > 0),
          padded_(padded),
          points_(padded.points),
          codes_(padded.codes),
          cells_(delaunay.cells()),
          kept_(cells_.size(), 0),
          known_facets_(cells_.size(), unknown_facets()),
          facet_map_(periodic_ ? n_selected / 2 : 0, lattice.atoms().size()),
          edge_map_(D == 3 ? n_selected + n_selected / 4 : 0, lattice.atoms().size()) {
        Complex& c = quotient_.complex;
        for (const Vertex v : padded.one_image_each(lattice.atoms().size()))
            c.atoms.push_back({{v}, 0.0});
        top().reserve(n_selected);
        facets().reserve(n_selected * (D + 1) / 2 + n_selected / 8);
        spheres_.reserve(facets().capacity());
        if (D == 3) c.edges.reserve(n_selected + n_selected / 4);
        quotient_.seams.source.reserve(n_selected);
        quotient_.seams.odd.reserve(n_selected);
    }

    Quotient build(const std::vector<Selected>& selected) {
        double largest = 0;
        for (const Selected& s : selected) {
            kept_[s.cell] = 1;
            largest = std::max(largest, s.value);
        }
        quotient_.largest_radius = std::sqrt(largest);
        for (const Selected& s : selected) add_cell(s);
        for (std::size_t i = 0; i < spheres_.size(); ++i) {
            if (spheres_[i].n_sides == 1) quotient_.seams.open.push_back(spheres_[i].first);
            if (spheres_[i].n_sides > 2) quotient_.consistent = false;
            if (!spheres_[i].attached)
                facets()[i].value = std::min(facets()[i].value, spheres_[i].value);
        }
        if constexpr (D == 3) value_edges();
        value_atoms(quotient_.complex, padded_);
        return std::move(quotient_);
    }

private:
    // What is known of a facet besides its simplex while its sides are collected. A simplex enters
    // the filtration with its smallest sphere, unless that holds another vertex ("attached"): then
    // it enters with its first coface. Taking the minimum also where it is not attached keeps the
    // values monotone in spite of rounding.
    struct FacetSphere {
        Point centre;  // relative to the facet's first vertex
        double value;
        Side first;
        int n_sides;
        bool attached;
    };

    static std::array<std::int32_t, D + 1> unknown_facets() {
        std::array<std::int32_t, D + 1> none;
        none.fill(-1);
        return none;
    }

    auto& top() { return quotient_.complex.simplices<D>(); }
    auto& facets() { return quotient_.complex.simplices<D - 1>(); }

    void add_cell(const Selected& s) {
        const DelaunayCell<D>& cell = cells_[s.cell];
        const SortedCell<D> sorted = sort_by_code<D>(cell, codes_);
        const std::int32_t index = static_cast<std::int32_t>(top().size());
        top().push_back({sorted.vertex, {}, s.value});
        quotient_.seams.source.push_back(s.cell);
        quotient_.seams.odd.push_back(sorted.odd);
        std::array<bool, D + 1> fresh{};
        for (int corner = 0; corner <= D; ++corner) {
            const std::int32_t facet = find_facet(index, corner, cell, sorted, fresh[corner]);
            top()[index].face[corner] = facet;
            add_side(facet, index, corner);
        }
        if constexpr (D == 3) connect_edges(index, fresh);
    }

    // Places of the facet opposite to `corner`, ascending.
    static std::array<int, D> facet_of(int corner) {
        std::array<int, D> places;
        for (int i = 0; i < D; ++i) places[i] = i < corner ? i : i + 1;
        return places;
    }

    std::array<Vertex, D> facet_vertices(const std::array<Vertex, D + 1>& vertex, int corner) {
        std::array<Vertex, D> facet;
        const std::array<int, D> places = facet_of(corner);
        for (int i = 0; i < D; ++i) facet[i] = vertex[places[i]];
        return facet;
    }

    // The facet opposite to `corner` of the sorted cell. A kept neighbour shares it; where the
    // neighbour was not kept, some translate of it was, and the orbit key finds the facet.
    std::int32_t find_facet(std::int32_t index, int corner, const DelaunayCell<D>& cell,
                            const SortedCell<D>& sorted, bool& fresh) {
        const int place = sorted.place[corner];
        const CellIndex self = quotient_.seams.source[index];
        std::int32_t& known = known_facets_[self][place];
        fresh = known < 0;
        if (!fresh) return known;
        const CellIndex neighbour = cell.neighbour[place];
        const bool shared = kept_[neighbour];
        const std::array<Vertex, D> vertex = facet_vertices(sorted.vertex, corner);
        const std::int32_t next = static_cast<std::int32_t>(facets().size());
        std::int32_t facet = next;
        if (!shared && periodic_)
            facet = facet_map_.find_or_insert(orbit_key(vertex, codes_), next);
        fresh = facet == next;
        known = facet;
        if (shared) known_facets_[neighbour][cells_[neighbour].facet_towards(self)] = facet;
        if (fresh) {
            facets().push_back({vertex, {}, inf});
            if constexpr (D == 2) facets().back().face = end_atoms(padded_, vertex);
            const Point centre = facet_centre(vertex);
            spheres_.push_back(
                {centre, squared_norm(centre) - points_[vertex[0]].w, {index, corner}, 0, false});
        } else {
            quotient_.seams.glued.push_back({spheres_[facet].first, {index, corner}});
        }
        return facet;
    }

    Point facet_centre(const std::array<Vertex, D>& vertex) const {
        const Point& a = points_[vertex[0]];
        if constexpr (D == 2) {
            return circumcentre(points_[vertex[1]] - a);
        } else {
            return circumcentre(points_[vertex[1]] - a, points_[vertex[2]] - a);
        }
    }

    void add_side(std::int32_t facet, std::int32_t index, int corner) {
        const Simplex<D>& cell = top()[index];
        FacetSphere& sphere = spheres_[facet];
        Simplex<D - 1>& simplex = facets()[facet];
        ++sphere.n_sides;
        simplex.value = std::min(simplex.value, cell.value);
        if (sphere.attached) return;
        // Relative to the facet's first vertex, whichever translate of it this cell sees.
        const Point apex =
            points_[cell.vertex[corner]] - points_[cell.vertex[corner == 0 ? 1 : 0]];
        const Point& a = points_[simplex.vertex[0]];
        if constexpr (D == 2) {
            sphere.attached = inside_smallest_sphere(points_[simplex.vertex[1]] - a, apex);
        } else {
            sphere.attached = inside_smallest_sphere(points_[simplex.vertex[1]] - a,
                                                     points_[simplex.vertex[2]] - a, apex,
                                                     sphere.centre);
        }
    }

    // Edges of a tetrahedron: inherited from triangles that were there, else looked up.
    void connect_edges(std::int32_t index, const std::array<bool, 4>& fresh) {
        Complex& c = quotient_.complex;
        const Simplex<3>& tet = c.tets[index];
        std::array<std::array<std::int32_t, 4>, 4> edge;  // [i][j], i < j
        for (auto& row : edge) row.fill(-1);
        for (int corner = 0; corner < 4; ++corner) {
            if (fresh[corner]) continue;
            const std::array<int, D> p = facet_of(corner);
            const auto& known = c.triangles[tet.face[corner]].face;
            edge[p[1]][p[2]] = known[0];
            edge[p[0]][p[2]] = known[1];
            edge[p[0]][p[1]] = known[2];
        }
        for (int i = 0; i < 3; ++i)
            for (int j = i + 1; j < 4; ++j)
                if (edge[i][j] < 0) edge[i][j] = find_edge({tet.vertex[i], tet.vertex[j]});
        for (int corner = 0; corner < 4; ++corner) {
            if (!fresh[corner]) continue;
            const std::array<int, D> p = facet_of(corner);
            c.triangles[tet.face[corner]].face = {edge[p[1]][p[2]], edge[p[0]][p[2]],
                                                  edge[p[0]][p[1]]};
        }
    }

    std::int32_t find_edge(const std::array<Vertex, 2>& vertex) {
        auto& edges = quotient_.complex.edges;
        const std::int32_t next = static_cast<std::int32_t>(edges.size());
        const std::int32_t edge = edge_map_.find_or_insert(orbit_key(vertex, codes_), next);
        if (edge == next) edges.push_back({vertex, end_atoms(padded_, vertex), inf});
        return edge;
    }

    void value_edges() {
        Complex& c = quotient_.complex;
        std::vector<std::uint8_t> attached(c.edges.size(), 0);
        for (const Simplex<2>& t : c.triangles) {
            for (int k = 0; k < 3; ++k) {
                Simplex<1>& e = c.edges[t.face[k]];
                e.value = std::min(e.value, t.value);
                const Point& a = points_[t.vertex[(k + 1) % 3]];
                attached[t.face[k]] |= inside_smallest_sphere(
                    points_[t.vertex[(k + 2) % 3]] - a, points_[t.vertex[k]] - a);
            }
        }
        for (std::size_t i = 0; i < c.edges.size(); ++i) {
            if (attached[i]) continue;
            Simplex<1>& e = c.edges[i];
            const Point& a = points_[e.vertex[0]];
            e.value = std::min(e.value, squared_norm(circumcentre(points_[e.vertex[1]] - a)) - a.w);
        }
    }

    bool periodic_;
    const PaddedPoints& padded_;
    const std::vector<Point>& points_;
    const std::vector<ImageCode>& codes_;
    const std::vector<DelaunayCell<D>>& cells_;
    std::vector<std::uint8_t> kept_;  // by cell of the triangulation
    std::vector<std::array<std::int32_t, D + 1>> known_facets_;  // likewise, by corner; -1 if not
    FlatMap<D> facet_map_;
    FlatMap<2> edge_map_;
    std::vector<FacetSphere> spheres_;
    Quotient quotient_;
};

}  // namespace

template <int D>
Quotient build_quotient(const Lattice& lattice, const PaddedPoints& padded,
                        const Delaunay<D>& delaunay, int n_threads) {
    const std::vector<Selected> selected =
        select_representatives<D>(lattice, padded, delaunay, n_threads);
    return QuotientBuilder<D>(lattice, padded, delaunay, selected.size()).build(selected);
}

template Quotient build_quotient<2>(const Lattice&, const PaddedPoints&, const Delaunay<2>&, int);
template Quotient build_quotient<3>(const Lattice&, const PaddedPoints&, const Delaunay<3>&, int);

}  // namespace amorph
