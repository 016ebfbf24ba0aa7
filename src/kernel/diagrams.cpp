#include "diagrams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "complex.hpp"
#include "persistence.hpp"
#include "tasks.hpp"
#include "winding.hpp"

namespace amorph {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Atoms closer than this (Angstrom) are one atom written twice.
constexpr double coincidence_distance = 1e-8;

// Snapping moves each atom by less than a grid step, a squared radius r^2 therefore by a few
// times r steps: shorter pairs are rounding (perfect crystals make hundreds).
constexpr double rounding_steps = 16;
constexpr double relative_rounding = 1e-12;

// The coordinates of points within the plane or line that they span.
Point project(const AffineSpan& span, const Point& p) {
    return {dot(p, span.axes[0]), span.dimension == 2 ? dot(p, span.axes[1]) : 0.0, 0.0, p.w};
}

// The complex together with what its vertices mean.
class AlphaComplex {
public:
    static AlphaComplex of(std::span<const Point> positions, const Cell& cell,
                           int n_threads = 1) {
        const AffineSpan span = affine_span(positions, cell);
        if (span.dimension == 3) return AlphaComplex(positions, cell, 3, n_threads);
        std::vector<Point> projected;
        projected.reserve(positions.size());
        for (const Point& p : positions) {
            Point relative = p - span.origin;
            relative.w = p.w;
            projected.push_back(project(span, relative));
        }
        Cell projected_cell = cell;
        for (Point& vector : projected_cell.vectors) vector = project(span, vector);
        return AlphaComplex(projected, projected_cell, span.dimension, n_threads);
    }

    const Complex& complex() const { return complex_; }
    const PaddedPoints& padded() const { return padded_; }
    const std::vector<ImageName>& names() const { return names_; }
    int n_periodic() const { return lattice_.n_periodic(); }
    double grid_step() const { return lattice_.grid_step(); }

    // Values count weights from the largest one; this adds that again.
    double to_squared_angstrom(double value) const {
        return value * grid_step() * grid_step() - lattice_.largest_weight();
    }

    // What rounding may have done to a value, squared Angstrom.
    double rounding(double value) const {
        const double squared_radius = value * grid_step() * grid_step();
        return std::max(rounding_steps * grid_step() * std::sqrt(squared_radius),
                        relative_rounding * squared_radius);
    }

    // Writes a simplex as number `row` of a list, corners by atom and then by offset, the first at
    // offset 0.
    template <std::size_t N>
    void write(SimplexList& list, std::size_t row, const std::array<Vertex, N>& vertex) const {
        std::array<ImageName, N> corners;
        for (std::size_t i = 0; i < N; ++i) {
            const ImageName& name = names_[vertex[i]];
            std::size_t place = i;
            for (; place > 0 && name < corners[place - 1]; --place)
                corners[place] = corners[place - 1];
            corners[place] = name;
        }
        for (std::size_t i = 0; i < N; ++i) {
            list.atoms[row * N + i] = corners[i][0];
            for (int k = 0; k < 3; ++k)
                list.offsets[(row * N + i) * 3 + k] = corners[i][k + 1] - corners[0][k + 1];
        }
    }

    std::int32_t user_index(std::int64_t atom) const { return lattice_.user_index(atom); }

private:
    void name_images() {
        names_.reserve(padded_.codes.size());
        for (const ImageCode code : padded_.codes) {
            const std::int64_t atom = code_atom(code);
            const Offset n = lattice_.user_offset(atom, code_offset(code));
            names_.push_back({lattice_.user_index(atom), static_cast<std::int32_t>(n[0]),
                              static_cast<std::int32_t>(n[1]), static_cast<std::int32_t>(n[2])});
        }
    }

    AlphaComplex(std::span<const Point> positions, const Cell& cell, int dimension, int n_threads)
        : lattice_(positions, cell) {
        try {
            if (dimension == 3) {
                triangulate<3>(n_threads);
            } else if (dimension == 2) {
                triangulate<2>(n_threads);
            } else {
                complex_ = line_complex(lattice_, padded_);
            }
        } catch (const Coincidence& c) {
            throw_duplicate(padded_.codes[c.first], padded_.codes[c.second]);
        }
        reject_near_duplicates();
        name_images();
    }

    // Pads the home cell with images until the triangulation is certainly the periodic one.
    template <int D>
    void triangulate(int n_threads) {
        Delaunay<D> delaunay(padded_.points);
        // A wider margin costs points, a narrower one second attempts; the widest gap between
        // atoms grows with their number.
        const double margin = lattice_.atoms().size() < 1000 ? 1.0 : 1.15;
        double radius = margin * lattice_.spacing(), sufficient = 0;
        for (int k = 0; k < lattice_.n_periodic(); ++k)
            sufficient = std::max(sufficient, lattice_.margin(k) * lattice_.height(k));
        double previous_radius = -1;
        std::vector<Vertex> pending;
        for (;;) {
            const std::vector<Vertex> fresh = padded_.grow(lattice_, radius, previous_radius);
            pending.insert(pending.end(), fresh.begin(), fresh.end());
            double largest_radius = 0;
            if (delaunay.insert(pending, padded_.predicates())) {
                pending.clear();
                Quotient quotient = build_quotient<D>(lattice_, padded_, delaunay, n_threads);
                if (certify<D>(lattice_, padded_, delaunay, quotient)) {
                    complex_ = std::move(quotient.complex);
                    return;
                }
                largest_radius = quotient.largest_radius;
            }
            if (radius >= sufficient)
                throw std::logic_error("the periodic triangulation could not be certified");
            previous_radius = radius;
            radius = std::max(1.3 * radius, std::min(largest_radius, 2 * radius));
        }
    }

    // The two closest atoms always span an edge, unless one of them is hidden.
    void reject_near_duplicates() const {
        const double limit = coincidence_distance / grid_step();
        for (const Simplex<1>& e : complex_.edges) {
            const Point d = padded_.points[e.vertex[1]] - padded_.points[e.vertex[0]];
            if (squared_norm(d) < limit * limit)
                throw_duplicate(padded_.codes[e.vertex[0]], padded_.codes[e.vertex[1]]);
        }
    }

    [[noreturn]] void throw_duplicate(ImageCode a, ImageCode b) const {
        const auto index = [&](ImageCode code) { return lattice_.user_index(code_atom(code)); };
        if (index(b) < index(a)) std::swap(a, b);
        const Offset from = lattice_.user_offset(code_atom(a), code_offset(a));
        const Offset to = lattice_.user_offset(code_atom(b), code_offset(b));
        std::string text = "atoms " + std::to_string(index(a)) + " and " +
                           std::to_string(index(b)) + " lie on one place";
        if (from != to) {
            text += ", lattice offset (";
            for (int k = 0; k < 3; ++k)
                text += std::to_string(to[k] - from[k]) + (k < 2 ? ", " : ")");
        }
        throw InputError(text + ": remove one of them");
    }

    Lattice lattice_;
    PaddedPoints padded_;
    Complex complex_;
    std::vector<ImageName> names_;  // of the padded vertices; one place to look them up
};

SimplexList empty_list(int corners, std::size_t size) {
    return {corners, std::vector<std::int32_t>(size * corners, -1),
            std::vector<std::int32_t>(size * corners * 3, 0)};
}

struct Row {
    double birth, death;
    PersistencePair pair;
    std::size_t essential;  // number among the essential pairs
};

// The pairs of a diagram: those that are longer than `min_persistence` and than rounding.
template <class Birth, class Death>
std::vector<Row> lasting(const AlphaComplex& alpha, const std::vector<PersistencePair>& pairs,
                         const std::vector<Birth>& births, const std::vector<Death>& deaths,
                         double min_persistence) {
    std::vector<Row> rows;
    std::size_t n_essential = 0;
    for (const PersistencePair& p : pairs) {
        const double birth = alpha.to_squared_angstrom(births[p.birth].value);
        if (p.death < 0) {
            rows.push_back({birth, inf, p, n_essential++});
            continue;
        }
        const double death = alpha.to_squared_angstrom(deaths[p.death].value);
        const double rounding = alpha.rounding(deaths[p.death].value);
        if (death - birth > std::max(min_persistence, rounding)) rows.push_back({birth, death, p, 0});
    }
    return rows;
}

// Their order in a diagram.
std::vector<std::uint32_t> diagram_order(const std::vector<Row>& rows) {
    std::vector<std::uint32_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::uint32_t i, std::uint32_t j) {
        const Row &a = rows[i], &b = rows[j];
        if (a.birth != b.birth) return a.birth < b.birth;
        if (a.death != b.death) return a.death < b.death;
        return a.pair.birth < b.pair.birth;
    });
    return order;
}

template <class Birth, class Death>
Diagram make_diagram(const AlphaComplex& alpha, const std::vector<PersistencePair>& pairs,
                     const std::vector<Winding>& windings, const std::vector<Birth>& births,
                     const std::vector<Death>& deaths, double min_persistence) {
    constexpr int birth_corners = std::tuple_size_v<decltype(Birth::vertex)>;
    const std::vector<Row> rows = lasting(alpha, pairs, births, deaths, min_persistence);
    const std::vector<std::uint32_t> order = diagram_order(rows);
    std::vector<std::uint32_t> place(rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<std::uint32_t>(i);

    Diagram diagram{std::vector<double>(rows.size()), std::vector<double>(rows.size()),
                    empty_list(birth_corners, rows.size()),
                    empty_list(birth_corners + 1, rows.size()),
                    std::vector<std::int32_t>(3 * rows.size(), 0)};
    // Rows are read as they lie in space and written where they belong.
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        diagram.birth[place[i]] = row.birth;
        diagram.death[place[i]] = row.death;
        alpha.write(diagram.birth_simplex, place[i], births[row.pair.birth].vertex);
        if (row.pair.death >= 0) {
            alpha.write(diagram.death_simplex, place[i], deaths[row.pair.death].vertex);
        } else if (!windings.empty()) {
            std::copy_n(windings[row.essential].begin(), 3, diagram.winding.begin() + 3 * place[i]);
        }
    }
    return diagram;
}

// H3: where space is periodic in all directions, it is filled with the last tetrahedron.
std::vector<PersistencePair> space_filled(const AlphaComplex& alpha) {
    const auto& tets = alpha.complex().tets;
    if (alpha.n_periodic() < 3) return {};
    const auto last = std::max_element(tets.begin(), tets.end(), [](const auto& a, const auto& b) {
        return a.value < b.value;
    });
    return {{static_cast<std::int32_t>(last - tets.begin()), -1}};
}

// What could kill a class of H3.
const std::vector<Simplex<4>> no_simplices;

// The rows of a diagram that are asked for.
template <class Birth, class Death>
std::vector<Row> chosen_rows(const AlphaComplex& alpha, const std::vector<PersistencePair>& pairs,
                             const std::vector<Birth>& births, const std::vector<Death>& deaths,
                             const Choice& chosen) {
    const std::vector<Row> rows = lasting(alpha, pairs, births, deaths, 0);
    const std::vector<std::uint32_t> order = diagram_order(rows);
    std::vector<Row> result;
    if (!chosen) {
        for (const std::uint32_t i : order)
            if (rows[i].pair.death >= 0) result.push_back(rows[i]);
        return result;
    }
    for (const std::int64_t number : *chosen) {
        if (number < 0 || number >= static_cast<std::int64_t>(order.size()))
            throw std::out_of_range("there is no pair " + std::to_string(number) + ": the diagram has " +
                             std::to_string(order.size()));
        result.push_back(rows[order[static_cast<std::size_t>(number)]]);
    }
    return result;
}

template <class Result>
void write_values(const std::vector<Row>& rows, Result& result) {
    for (const Row& row : rows) {
        result.birth.push_back(row.birth);
        result.death.push_back(row.death);
    }
}

template <class Simplices>
FilteredSimplices filtered(const AlphaComplex& alpha, const Simplices& simplices) {
    constexpr int corners = std::tuple_size_v<decltype(Simplices::value_type::vertex)>;
    FilteredSimplices result{empty_list(corners, simplices.size()), {}};
    for (std::size_t i = 0; i < simplices.size(); ++i) {
        alpha.write(result.simplices, i, simplices[i].vertex);
        result.value.push_back(alpha.to_squared_angstrom(simplices[i].value));
    }
    return result;
}

}  // namespace

Diagrams alpha_diagrams(std::span<const Point> positions, const Cell& cell,
                        const Options& options) {
    const AlphaComplex alpha = AlphaComplex::of(positions, cell, options.n_threads);
    const Complex& c = alpha.complex();
    const auto& [want_h0, want_h1, want_h2, want_h3] = options.wanted;
    const auto pairs = persistence_pairs(c, {want_h0, want_h1, want_h2}, options.n_threads);
    std::vector<Winding> rings, channels;
    if (options.windings && want_h1) rings = ring_windings(c, alpha.names(), pairs[0], pairs[1]);
    if (options.windings && want_h2 && alpha.n_periodic() == 3)
        channels = channel_windings(c, alpha.names(), pairs[2]);
    Diagrams result;
    auto& [h0, h1, h2, h3] = result.by_dimension;
    const double shortest = options.min_persistence;
    run_tasks(
        options.n_threads,
        [&] { if (want_h0) h0 = make_diagram(alpha, pairs[0], {}, c.atoms, c.edges, shortest); },
        [&] { if (want_h1) h1 = make_diagram(alpha, pairs[1], rings, c.edges, c.triangles, shortest); },
        [&] { if (want_h2) h2 = make_diagram(alpha, pairs[2], channels, c.triangles, c.tets, shortest); });
    if (want_h3) h3 = make_diagram(alpha, space_filled(alpha), {}, c.tets, no_simplices, 0);
    for (std::size_t atom = 0; atom < c.hidden.size(); ++atom)
        if (c.hidden[atom]) result.hidden.push_back(alpha.user_index(static_cast<std::int64_t>(atom)));
    std::sort(result.hidden.begin(), result.hidden.end());
    return result;
}

DiagramRings alpha_rings(std::span<const Point> positions, const Cell& cell, const Choice& chosen,
                         double tolerance) {
    const AlphaComplex alpha = AlphaComplex::of(positions, cell);
    const Complex& c = alpha.complex();
    ReducedBoundaries boundaries;
    const auto pairs = persistence_pairs(c, {false, true, false}, 1, &boundaries);
    const std::vector<Row> rows = chosen_rows(alpha, pairs[1], c.edges, c.triangles, chosen);
    const double area = alpha.grid_step() * alpha.grid_step();
    std::vector<RingRequest> requests;
    for (const Row& row : rows) {
        const double birth = c.edges[row.pair.birth].value;
        requests.push_back(
            {row.pair, birth + std::max(tolerance, alpha.rounding(birth)) / area});
    }
    std::vector<double> lengths;
    lengths.reserve(c.edges.size());
    const std::vector<Point>& points = alpha.padded().points;
    for (const Simplex<1>& e : c.edges)
        lengths.push_back(std::sqrt(squared_norm(points[e.vertex[1]] - points[e.vertex[0]])));
    DiagramRings result;
    write_values(rows, result);
    result.rings = tight_rings(c, alpha.names(), boundaries, lengths, requests);
    return result;
}

DiagramCavities alpha_cavities(std::span<const Point> positions, const Cell& cell,
                               const Choice& chosen) {
    const AlphaComplex alpha = AlphaComplex::of(positions, cell);
    const Complex& c = alpha.complex();
    const auto pairs = persistence_pairs(c, {false, false, true}, 1);
    const std::vector<Row> rows = chosen_rows(alpha, pairs[2], c.triangles, c.tets, chosen);
    for (const Row& row : rows)
        if (row.pair.death < 0) throw std::out_of_range("an essential pair of H2 encloses no cavity");
    DiagramCavities result;
    write_values(rows, result);
    std::vector<PersistencePair> chosen_pairs;
    for (const Row& row : rows) chosen_pairs.push_back(row.pair);
    result.cavities = cavities(c, alpha.names(), alpha.padded(), chosen_pairs);
    return result;
}

std::array<FilteredSimplices, 4> alpha_complex(std::span<const Point> positions,
                                               const Cell& cell) {
    const AlphaComplex alpha = AlphaComplex::of(positions, cell);
    const Complex& c = alpha.complex();
    std::vector<Simplex<0>> visible;
    for (std::size_t atom = 0; atom < c.atoms.size(); ++atom)
        if (!c.hidden[atom]) visible.push_back(c.atoms[atom]);
    return {filtered(alpha, visible), filtered(alpha, c.edges), filtered(alpha, c.triangles),
            filtered(alpha, c.tets)};
}

}  // namespace amorph
