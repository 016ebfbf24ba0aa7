#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "circumsphere.hpp"
#include "complex.hpp"
#include "flat_map.hpp"

namespace amorph {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Circumcentres this close to a face of the home cell (in fractional coordinates) may be counted
// on both sides; rounding moves them by far less.
constexpr double face_tolerance = 1e-6;

struct SortedTet {
    std::array<Vertex, 4> vertex;
    std::array<int, 4> place;  // of each in the triangulation's tetrahedron
    bool odd = false;
};

SortedTet sort_by_code(const Tetrahedron& t, const std::vector<ImageCode>& codes) {
    SortedTet s{t.vertex, {0, 1, 2, 3}, false};
    const auto order = [&](int i, int j) {
        if (codes[s.vertex[i]] < codes[s.vertex[j]]) return;
        std::swap(s.vertex[i], s.vertex[j]);
        std::swap(s.place[i], s.place[j]);
        s.odd = !s.odd;
    };
    order(0, 1), order(2, 3), order(0, 2), order(1, 3), order(1, 2);
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

struct Selected {
    TetIndex tet;
    double squared_radius;
};

// One finite tetrahedron of every orbit: the copy whose circumcentre lies in the home cell.
std::vector<Selected> select_representatives(const Lattice& lattice, const PaddedPoints& padded,
                                             const std::vector<Tetrahedron>& tets) {
    struct Doubtful {
        std::array<std::uint64_t, 4> key;
        Selected selected;
    };
    std::vector<Selected> selected;
    std::vector<Doubtful> doubtful;
    for (std::size_t t = 0; t < tets.size(); ++t) {
        const Tetrahedron& tet = tets[t];
        if (!tet.alive() || tet.ghost()) continue;
        const Point& a = padded.points[tet.vertex[0]];
        const Point ab = padded.points[tet.vertex[1]] - a, ac = padded.points[tet.vertex[2]] - a,
                    ad = padded.points[tet.vertex[3]] - a;
        Point centre;  // relative to a
        std::array<double, 3> f{};
        if (ill_conditioned(ab, ac, ad)) {
            // Under the surface of a slab or wire, where atoms of one layer differ in height by
            // rounding alone, the centre can lie 1e17 Angstrom away: only exact arithmetic tells
            // above which cell.
            const ExactCentre exact = exact_circumcentre(ab, ac, ad);
            centre = exact.rounded();
            for (int k = 0; k < lattice.n_periodic(); ++k)
                f[k] = lattice.fractional(k, a) + lattice.fractional(k, exact);
        } else {
            centre = circumcentre(ab, ac, ad);
            for (int k = 0; k < lattice.n_periodic(); ++k) f[k] = lattice.fractional(k, a + centre);
        }
        bool candidate = true, certain = true;
        for (int k = 0; k < lattice.n_periodic(); ++k) {
            candidate = candidate && f[k] >= -face_tolerance && f[k] <= 1 + face_tolerance;
            certain = certain && f[k] > 2 * face_tolerance && f[k] < 1 - 2 * face_tolerance;
        }
        if (!candidate) continue;
        const Selected s{static_cast<TetIndex>(t), squared_norm(centre)};
        if (certain) {
            selected.push_back(s);
        } else {
            doubtful.push_back({orbit_key(sort_by_code(tet, padded.codes).vertex, padded.codes), s});
        }
    }
    std::sort(doubtful.begin(), doubtful.end(), [](const Doubtful& a, const Doubtful& b) {
        return a.key != b.key ? a.key < b.key : a.selected.tet < b.selected.tet;
    });
    for (std::size_t i = 0; i < doubtful.size(); ++i)
        if (i == 0 || doubtful[i].key != doubtful[i - 1].key) selected.push_back(doubtful[i].selected);
    return selected;
}

class QuotientBuilder {
public:
    QuotientBuilder(const Lattice& lattice, const PaddedPoints& padded, const Delaunay& delaunay,
                    std::size_t n_selected)
        : lattice_(lattice),
          points_(padded.points),
          codes_(padded.codes),
          tetrahedra_(delaunay.tetrahedra()),
          kept_(tetrahedra_.size(), -1),
          edge_map_(n_selected + n_selected / 4),
          triangle_map_(lattice.n_periodic() > 0 ? n_selected / 2 : 0) {
        quotient_.complex.n_atoms = static_cast<std::int64_t>(lattice.atoms().size());
        quotient_.complex.tets.reserve(n_selected);
        quotient_.complex.triangles.reserve(2 * n_selected + n_selected / 8);
        quotient_.complex.edges.reserve(n_selected + n_selected / 4);
        quotient_.seams.source.reserve(n_selected);
        quotient_.seams.odd.reserve(n_selected);
        spheres_.reserve(2 * n_selected + n_selected / 8);
    }

    Quotient build(const std::vector<Selected>& selected) {
        quotient_.consistent = true;
        double largest = 0;
        for (std::size_t i = 0; i < selected.size(); ++i) {
            kept_[selected[i].tet] = static_cast<std::int32_t>(i);
            largest = std::max(largest, selected[i].squared_radius);
        }
        quotient_.largest_radius = std::sqrt(largest);
        for (const Selected& s : selected) add_tet(s);
        for (std::size_t i = 0; i < spheres_.size(); ++i)
            if (spheres_[i].n_sides == 1) quotient_.seams.open.push_back(spheres_[i].first);
        propagate_values();
        return std::move(quotient_);
    }

private:
    // What is known of a triangle besides Complex::Triangle while its sides are collected.
    struct TriangleSphere {
        Point centre;  // relative to the triangle's first vertex
        double squared_radius;
        Side first;
        int n_sides;
        bool attached;  // an apex lies inside the smallest sphere
    };

    void add_tet(const Selected& s) {
        Complex& c = quotient_.complex;
        const Tetrahedron& tet = tetrahedra_[s.tet];
        const SortedTet sorted = sort_by_code(tet, codes_);
        const std::int32_t index = static_cast<std::int32_t>(c.tets.size());
        c.tets.push_back({sorted.vertex, {-1, -1, -1, -1}, s.squared_radius});
        quotient_.seams.source.push_back(s.tet);
        quotient_.seams.odd.push_back(sorted.odd);

        std::array<std::array<std::int32_t, 4>, 4> edge;  // [i][j], i < j, of the sorted tet
        for (auto& row : edge) row.fill(-1);
        std::array<bool, 4> fresh{};
        for (int corner = 0; corner < 4; ++corner) {
            const std::array<int, 3> face = face_of(corner);
            const std::int32_t triangle = find_triangle(index, corner, tet, sorted, fresh[corner]);
            c.tets[index].triangle[corner] = triangle;
            add_side(triangle, index, corner);
            if (fresh[corner]) continue;
            const auto& known = c.triangles[triangle].edge;
            edge[face[1]][face[2]] = known[0];
            edge[face[0]][face[2]] = known[1];
            edge[face[0]][face[1]] = known[2];
        }
        for (int i = 0; i < 3; ++i)
            for (int j = i + 1; j < 4; ++j)
                if (edge[i][j] < 0) edge[i][j] = find_edge({sorted.vertex[i], sorted.vertex[j]});
        for (int corner = 0; corner < 4; ++corner) {
            if (!fresh[corner]) continue;
            const std::array<int, 3> face = face_of(corner);
            c.triangles[c.tets[index].triangle[corner]].edge = {
                edge[face[1]][face[2]], edge[face[0]][face[2]], edge[face[0]][face[1]]};
        }
    }

    // Places of the face opposite to `corner`, ascending.
    static std::array<int, 3> face_of(int corner) {
        return {corner == 0 ? 1 : 0, corner <= 1 ? 2 : 1, corner <= 2 ? 3 : 2};
    }

    // The triangle opposite to `corner` of the sorted tet. A kept neighbour already holds it;
    // where the neighbour was not kept, some translate of it was, and the orbit key finds it.
    std::int32_t find_triangle(std::int32_t index, int corner, const Tetrahedron& tet,
                               const SortedTet& sorted, bool& fresh) {
        Complex& c = quotient_.complex;
        const TetIndex neighbour = tet.neighbour[sorted.place[corner]];
        const std::int32_t kept = kept_[neighbour];
        const std::int32_t next = static_cast<std::int32_t>(c.triangles.size());
        if (kept >= 0 && kept < index) {
            const Vertex apex = tetrahedra_[neighbour].vertex[
                tetrahedra_[neighbour].facet_towards(quotient_.seams.source[index])];
            const auto& theirs = c.tets[kept];
            const int their_corner = theirs.vertex[0] == apex   ? 0
                                     : theirs.vertex[1] == apex ? 1
                                     : theirs.vertex[2] == apex ? 2
                                                                : 3;
            fresh = false;
            return theirs.triangle[their_corner];
        }
        const std::array<int, 3> face = face_of(corner);
        const std::array<Vertex, 3> vertex = {sorted.vertex[face[0]], sorted.vertex[face[1]],
                                              sorted.vertex[face[2]]};
        std::int32_t triangle = next;
        if (kept < 0 && lattice_.n_periodic() > 0)
            triangle = triangle_map_.find_or_insert(orbit_key(vertex, codes_), next);
        fresh = triangle == next;
        if (fresh) {
            c.triangles.push_back({vertex, {-1, -1, -1}, inf});
            const Point& a = points_[vertex[0]];
            const Circumsphere sphere =
                circumsphere(points_[vertex[1]] - a, points_[vertex[2]] - a);
            spheres_.push_back({sphere.centre, sphere.squared_radius, {index, corner}, 0, false});
        } else {
            quotient_.seams.glued.push_back({spheres_[triangle].first, {index, corner}});
        }
        return triangle;
    }

    void add_side(std::int32_t triangle, std::int32_t index, int corner) {
        const Complex::Tet& tet = quotient_.complex.tets[index];
        TriangleSphere& sphere = spheres_[triangle];
        if (++sphere.n_sides > 2) quotient_.consistent = false;
        const Vertex first = tet.vertex[corner == 0 ? 1 : 0];
        const Point apex = points_[tet.vertex[corner]] - points_[first];
        Complex::Triangle& t = quotient_.complex.triangles[triangle];
        const Point& origin = points_[t.vertex[0]];
        if (!sphere.attached &&
            inside_smallest_sphere(points_[t.vertex[1]] - origin, points_[t.vertex[2]] - origin,
                                   apex, sphere.centre, sphere.squared_radius))
            sphere.attached = true;
        t.value = std::min(t.value, tet.value);
    }

    std::int32_t find_edge(const std::array<Vertex, 2>& vertex) {
        auto& edges = quotient_.complex.edges;
        const std::int32_t next = static_cast<std::int32_t>(edges.size());
        const std::int32_t edge = edge_map_.find_or_insert(orbit_key(vertex, codes_), next);
        if (edge == next) edges.push_back({vertex, inf});
        return edge;
    }

    // A simplex enters with its smallest sphere, unless that holds another vertex ("attached"):
    // then it enters with its first coface. Taking the minimum also where a simplex is not
    // attached keeps the values monotone in spite of rounding.
    void propagate_values() {
        Complex& c = quotient_.complex;
        std::vector<std::uint8_t> attached(c.edges.size(), 0);
        for (std::size_t i = 0; i < c.triangles.size(); ++i) {
            Complex::Triangle& t = c.triangles[i];
            if (!spheres_[i].attached) t.value = std::min(t.value, spheres_[i].squared_radius);
            const Point &p = points_[t.vertex[0]], &q = points_[t.vertex[1]],
                        &r = points_[t.vertex[2]];
            const Point qr = r - q, rp = p - r, pq = q - p;
            // The corner opposite to an edge lies in its smallest sphere where it is obtuse.
            const std::array<double, 3> cosine = {-dot(pq, rp), -dot(qr, pq), -dot(rp, qr)};
            for (int k = 0; k < 3; ++k) {
                Complex::Edge& e = c.edges[t.edge[k]];
                e.value = std::min(e.value, t.value);
                attached[t.edge[k]] |= cosine[k] < 0;
            }
        }
        for (std::size_t i = 0; i < c.edges.size(); ++i) {
            Complex::Edge& e = c.edges[i];
            if (attached[i]) continue;
            const double own = squared_norm(points_[e.vertex[1]] - points_[e.vertex[0]]) / 4;
            e.value = std::min(e.value, own);
        }
    }

    const Lattice& lattice_;
    const std::vector<Point>& points_;
    const std::vector<ImageCode>& codes_;
    const std::vector<Tetrahedron>& tetrahedra_;
    std::vector<std::int32_t> kept_;  // Complex index of each tetrahedron, -1 if not kept
    FlatMap<2> edge_map_;
    FlatMap<3> triangle_map_;
    std::vector<TriangleSphere> spheres_;
    Quotient quotient_;
};

}  // namespace

Quotient build_quotient(const Lattice& lattice, const PaddedPoints& padded,
                        const Delaunay& delaunay) {
    const std::vector<Selected> selected =
        select_representatives(lattice, padded, delaunay.tetrahedra());
    return QuotientBuilder(lattice, padded, delaunay, selected.size()).build(selected);
}

}  // namespace amorph
