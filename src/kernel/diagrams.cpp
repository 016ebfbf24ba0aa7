#include "diagrams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "complex.hpp"
#include "persistence.hpp"

namespace amorph {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Atoms closer than this (Angstrom) are one atom written twice.
constexpr double coincidence_distance = 1e-8;

// Snapping moves each atom by less than a grid step, a squared radius r^2 therefore by a few
// times r steps: shorter pairs are rounding (perfect crystals make hundreds).
constexpr double rounding_steps = 16;

// The coordinates of points within the plane or line that they span.
Point project(const AffineSpan& span, const Point& p) {
    return {dot(p, span.axes[0]), span.dimension == 2 ? dot(p, span.axes[1]) : 0.0, 0.0, p.w};
}

// The complex together with what its vertices mean.
class AlphaComplex {
public:
    static AlphaComplex of(std::span<const Point> positions, const Cell& cell) {
        const AffineSpan span = affine_span(positions, cell);
        if (span.dimension == 3) return AlphaComplex(positions, cell, 3);
        std::vector<Point> projected;
        projected.reserve(positions.size());
        for (const Point& p : positions) {
            Point relative = p - span.origin;
            relative.w = p.w;
            projected.push_back(project(span, relative));
        }
        Cell projected_cell = cell;
        for (Point& vector : projected_cell.vectors) vector = project(span, vector);
        return AlphaComplex(projected, projected_cell, span.dimension);
    }

    const Complex& complex() const { return complex_; }
    double grid_step() const { return lattice_.grid_step(); }

    // Values count weights from the largest one; this adds that again.
    double to_squared_angstrom(double value) const {
        return value * grid_step() * grid_step() - lattice_.largest_weight();
    }

    // Appends a simplex, corners by atom and then by offset, the first at offset 0.
    template <std::size_t N>
    void append(SimplexList& list, const std::array<Vertex, N>& vertex) const {
        struct Corner {
            std::int64_t atom;
            Offset offset;
        };
        std::array<Corner, N> corners;
        for (std::size_t i = 0; i < N; ++i) {
            const ImageCode code = padded_.codes[vertex[i]];
            corners[i].atom = code_atom(code);
            corners[i].offset = lattice_.user_offset(corners[i].atom, code_offset(code));
        }
        std::sort(corners.begin(), corners.end(), [](const Corner& a, const Corner& b) {
            return a.atom != b.atom ? a.atom < b.atom : a.offset < b.offset;
        });
        for (const Corner& c : corners) {
            list.atoms.push_back(static_cast<std::int32_t>(c.atom));
            for (int k = 0; k < 3; ++k)
                list.offsets.push_back(
                    static_cast<std::int32_t>(c.offset[k] - corners[0].offset[k]));
        }
    }

private:
    AlphaComplex(std::span<const Point> positions, const Cell& cell, int dimension)
        : lattice_(positions, cell) {
        try {
            if (dimension == 3) {
                triangulate<3>();
            } else if (dimension == 2) {
                triangulate<2>();
            } else {
                complex_ = line_complex(lattice_, padded_);
            }
        } catch (const Coincidence& c) {
            throw_duplicate(padded_.codes[c.first], padded_.codes[c.second]);
        }
        reject_near_duplicates();
    }

    // Pads the home cell with images until the triangulation is certainly the periodic one.
    template <int D>
    void triangulate() {
        Delaunay<D> delaunay(padded_.points);
        // A wider margin costs points, a narrower one second attempts; the widest gap between
        // atoms grows with their number.
        const double margin = lattice_.atoms().size() < 1000 ? 1.0 : 1.15;
        double radius = std::min(margin * lattice_.spacing(), lattice_.covering_radius());
        double previous_radius = -1;
        std::vector<Vertex> pending;
        for (;;) {
            const std::vector<Vertex> fresh = padded_.grow(lattice_, radius, previous_radius);
            pending.insert(pending.end(), fresh.begin(), fresh.end());
            double largest_radius = 0;
            if (delaunay.insert(pending, padded_.predicates())) {
                pending.clear();
                Quotient quotient = build_quotient<D>(lattice_, padded_, delaunay);
                if (certify<D>(lattice_, padded_, delaunay, quotient)) {
                    complex_ = std::move(quotient.complex);
                    return;
                }
                largest_radius = quotient.largest_radius;
            }
            if (radius >= lattice_.covering_radius())
                throw std::logic_error("the periodic triangulation could not be certified");
            previous_radius = radius;
            radius = std::max(1.3 * radius, std::min(largest_radius, 2 * radius));
            radius = std::min(radius, lattice_.covering_radius());
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
        if (code_atom(b) < code_atom(a)) std::swap(a, b);
        const Offset from = lattice_.user_offset(code_atom(a), code_offset(a));
        const Offset to = lattice_.user_offset(code_atom(b), code_offset(b));
        std::string text = "atoms " + std::to_string(code_atom(a)) + " and " +
                           std::to_string(code_atom(b)) + " lie on one place";
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
};

template <class Birth, class Death>
Diagram make_diagram(const AlphaComplex& alpha, const std::vector<PersistencePair>& pairs,
                     const std::vector<Birth>& births, const std::vector<Death>& deaths,
                     double min_persistence) {
    constexpr int birth_corners = std::tuple_size_v<decltype(Birth::vertex)>;
    Diagram diagram;
    diagram.birth_simplex.corners = birth_corners;
    diagram.death_simplex.corners = birth_corners + 1;
    struct Entry {
        double birth, death;
        PersistencePair pair;
    };
    std::vector<Entry> entries;
    for (const PersistencePair& p : pairs) {
        const double birth = alpha.to_squared_angstrom(births[p.birth].value);
        if (p.death < 0) {
            entries.push_back({birth, inf, p});
            continue;
        }
        const double death = alpha.to_squared_angstrom(deaths[p.death].value);
        const double radius = std::sqrt(deaths[p.death].value) * alpha.grid_step();
        const double rounding = rounding_steps * alpha.grid_step() * radius;
        if (death - birth > std::max(min_persistence, rounding)) entries.push_back({birth, death, p});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        if (a.birth != b.birth) return a.birth < b.birth;
        if (a.death != b.death) return a.death < b.death;
        return a.pair.birth < b.pair.birth;
    });
    for (const Entry& e : entries) {
        diagram.birth.push_back(e.birth);
        diagram.death.push_back(e.death);
        alpha.append(diagram.birth_simplex, births[e.pair.birth].vertex);
        if (e.pair.death >= 0) {
            alpha.append(diagram.death_simplex, deaths[e.pair.death].vertex);
        } else {
            auto& list = diagram.death_simplex;
            list.atoms.insert(list.atoms.end(), birth_corners + 1, -1);
            list.offsets.insert(list.offsets.end(), 3 * (birth_corners + 1), 0);
        }
    }
    return diagram;
}

template <class Simplices>
FilteredSimplices filtered(const AlphaComplex& alpha, const Simplices& simplices) {
    FilteredSimplices result;
    result.simplices.corners = std::tuple_size_v<decltype(Simplices::value_type::vertex)>;
    for (const auto& s : simplices) {
        alpha.append(result.simplices, s.vertex);
        result.value.push_back(alpha.to_squared_angstrom(s.value));
    }
    return result;
}

}  // namespace

Diagrams alpha_diagrams(std::span<const Point> positions, const Cell& cell,
                        double min_persistence) {
    const AlphaComplex alpha = AlphaComplex::of(positions, cell);
    const Complex& c = alpha.complex();
    const auto pairs = persistence_pairs(c);
    Diagrams result;
    result.by_dimension = {make_diagram(alpha, pairs[0], c.atoms, c.edges, min_persistence),
                           make_diagram(alpha, pairs[1], c.edges, c.triangles, min_persistence),
                           make_diagram(alpha, pairs[2], c.triangles, c.tets, min_persistence)};
    for (std::size_t atom = 0; atom < c.hidden.size(); ++atom)
        if (c.hidden[atom]) result.hidden.push_back(static_cast<std::int32_t>(atom));
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
