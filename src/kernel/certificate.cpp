// Why these checks suffice. Every side of a representative tetrahedron has
// exactly one partner of opposite orientation, or is open on the hull, so the
// representatives form an oriented manifold that maps to the torus (or to the
// periodic hull) with one and the same number of sheets everywhere. One point
// covered once shows that this number is one: they tile it, face to face.
// A tiling that is locally Delaunay across every facet, ties perturbed, is the
// Delaunay triangulation (Delaunay's lemma on the universal cover). Facets
// inside the padded triangulation are locally Delaunay by its construction.
#include <algorithm>
#include <cmath>

#include "complex.hpp"

namespace amorph {
namespace {

class Certificate {
public:
    Certificate(const Lattice& lattice, const PaddedPoints& padded, const Delaunay& delaunay,
                const Quotient& quotient)
        : lattice_(lattice),
          padded_(padded),
          tetrahedra_(delaunay.tetrahedra()),
          predicates_(delaunay.predicates()),
          complex_(quotient.complex),
          seams_(quotient.seams) {}

    bool holds() const {
        return !complex_.tets.empty() && euler_characteristic() == 0 && open_sides_on_hull() &&
               glued_sides_match() && one_sheet();
    }

private:
    const Point& point(Vertex v) const { return padded_.points[v]; }

    std::int64_t euler_characteristic() const {
        return complex_.n_atoms - static_cast<std::int64_t>(complex_.edges.size()) +
               static_cast<std::int64_t>(complex_.triangles.size()) -
               static_cast<std::int64_t>(complex_.tets.size());
    }

    std::array<Vertex, 3> face(const Side& side) const {
        std::array<Vertex, 3> f{};
        for (int i = 0, j = 0; i < 4; ++i)
            if (i != side.corner) f[j++] = complex_.tets[side.tet].vertex[i];
        return f;
    }

    Vertex apex(const Side& side) const { return complex_.tets[side.tet].vertex[side.corner]; }

    // A facet without partner must bound the padded points and contain every lattice direction:
    // then its plane bounds the infinite structure too.
    bool open_sides_on_hull() const {
        if (lattice_.n_periodic() == 3) return seams_.open.empty();
        for (const Side& side : seams_.open) {
            const Tetrahedron& tet = tetrahedra_[seams_.source[side.tet]];
            if (!tetrahedra_[tet.neighbour[tet.index_of(apex(side))]].ghost()) return false;
            const std::array<Vertex, 3> f = face(side);
            for (int k = 0; k < lattice_.n_periodic(); ++k)
                if (predicates_.orient(point(f[0]), point(f[1]), point(f[2]),
                                       point(f[0]) + lattice_.basis(k)) != 0)
                    return false;
        }
        return true;
    }

    bool glued_sides_match() const {
        for (const auto& [first, second] : seams_.glued) {
            const int parity = seams_.odd[first.tet] + first.corner + seams_.odd[second.tet] +
                               second.corner;
            if (parity % 2 == 0) return false;
            const Offset a = code_offset(padded_.codes[face(first)[0]]);
            const Offset b = code_offset(padded_.codes[face(second)[0]]);
            const Point shift = lattice_.translation({a[0] - b[0], a[1] - b[1], a[2] - b[2]});
            const Tetrahedron& tet = tetrahedra_[seams_.source[first.tet]];
            if (predicates_.insphere(point(tet.vertex[0]), point(tet.vertex[1]),
                                     point(tet.vertex[2]), point(tet.vertex[3]),
                                     point(apex(second)) + shift) > 0)
                return false;
        }
        return true;
    }

    bool contains(const Tetrahedron& tet, const Point& p) const {
        for (int i = 0; i < 4; ++i) {
            std::array<const Point*, 4> q;
            for (int j = 0; j < 4; ++j) q[j] = &point(tet.vertex[j]);
            q[i] = &p;
            if (predicates_.orient(*q[0], *q[1], *q[2], *q[3]) < 0) return false;
        }
        return true;
    }

    // Counts the translates of representatives that cover a point well inside the most
    // voluminous one.
    bool one_sheet() const {
        const auto volume = [&](const Complex::Tet& t) {
            const Point& a = point(t.vertex[0]);
            return std::abs(dot(point(t.vertex[1]) - a,
                                cross(point(t.vertex[2]) - a, point(t.vertex[3]) - a)));
        };
        double largest = -1;
        Point inside{};
        for (const Complex::Tet& t : complex_.tets) {
            if (const double v = volume(t); v > largest) {
                largest = v;
                const Point sum = (point(t.vertex[0]) + point(t.vertex[1])) +
                                  (point(t.vertex[2]) + point(t.vertex[3]));
                inside = {std::nearbyint(sum.x / 4), std::nearbyint(sum.y / 4),
                          std::nearbyint(sum.z / 4)};
            }
        }
        constexpr double slack = 1e-6;  // only widens the search; containment is exact
        int sheets = 0;
        for (std::size_t i = 0; i < complex_.tets.size(); ++i) {
            Offset low{}, high{}, n;
            bool possible = true;
            for (int k = 0; k < lattice_.n_periodic() && possible; ++k) {
                double f_min = lattice_.fractional(k, point(complex_.tets[i].vertex[0]));
                double f_max = f_min;
                for (int j = 1; j < 4; ++j) {
                    const double f = lattice_.fractional(k, point(complex_.tets[i].vertex[j]));
                    f_min = std::min(f_min, f);
                    f_max = std::max(f_max, f);
                }
                const double f = lattice_.fractional(k, inside);
                low[k] = static_cast<std::int64_t>(std::ceil(f - f_max - slack));
                high[k] = static_cast<std::int64_t>(std::floor(f - f_min + slack));
                possible = low[k] <= high[k];
            }
            if (!possible) continue;
            const Tetrahedron& tet = tetrahedra_[seams_.source[i]];
            for (n[0] = low[0]; n[0] <= high[0]; ++n[0])
                for (n[1] = low[1]; n[1] <= high[1]; ++n[1])
                    for (n[2] = low[2]; n[2] <= high[2]; ++n[2])
                        sheets += contains(tet, inside - lattice_.translation(n));
        }
        return sheets == 1;
    }

    const Lattice& lattice_;
    const PaddedPoints& padded_;
    const std::vector<Tetrahedron>& tetrahedra_;
    const Predicates& predicates_;
    const Complex& complex_;
    const Seams& seams_;
};

}  // namespace

bool certify(const Lattice& lattice, const PaddedPoints& padded, const Delaunay& delaunay,
             const Quotient& quotient) {
    if (lattice.n_periodic() == 0) return true;
    return quotient.consistent && Certificate(lattice, padded, delaunay, quotient).holds();
}

}  // namespace amorph
