// Why these checks suffice. Every side of a representative cell has exactly
// one partner of opposite orientation, or is open on the hull, so the
// representatives form an oriented manifold that maps to the torus (or to the
// periodic hull) with one and the same number of sheets everywhere. One point
// covered once shows that this number is one: they tile it, face to face.
// A tiling that is locally Delaunay across every facet, ties perturbed, and
// has no hidden point below it is the Delaunay (regular) triangulation, by
// Delaunay's lemma on the universal cover. Facets inside the padded
// triangulation are locally Delaunay by its construction.
#include <algorithm>
#include <cmath>

#include "complex.hpp"

namespace amorph {
namespace {

template <int D>
class Certificate {
public:
    Certificate(const Lattice& lattice, const PaddedPoints& padded, const Delaunay<D>& delaunay,
                const Quotient& quotient)
        : lattice_(lattice),
          padded_(padded),
          delaunay_(delaunay),
          complex_(quotient.complex),
          seams_(quotient.seams) {}

    bool holds() const {
        return !top().empty() && euler_characteristic() == 0 && open_sides_on_hull() &&
               glued_sides_match() && one_sheet() && hidden_points_above();
    }

private:
    const auto& top() const { return complex_.simplices<D>(); }
    const Point& point(Vertex v) const { return padded_.points[v]; }
    const DelaunayCell<D>& source(std::int32_t cell) const {
        return delaunay_.cells()[seams_.source[cell]];
    }

    std::int64_t euler_characteristic() const {
        const auto size = [](const auto& simplices) {
            return static_cast<std::int64_t>(simplices.size());
        };
        const auto n_hidden = std::count(complex_.hidden.begin(), complex_.hidden.end(), 1);
        return size(complex_.atoms) - n_hidden - size(complex_.edges) + size(complex_.triangles) -
               size(complex_.tets);
    }

    std::array<Vertex, D> facet(const Side& side) const {
        std::array<Vertex, D> f{};
        for (int i = 0, j = 0; i <= D; ++i)
            if (i != side.corner) f[j++] = top()[side.cell].vertex[i];
        return f;
    }

    Vertex apex(const Side& side) const { return top()[side.cell].vertex[side.corner]; }

    // A facet without partner must bound the padded points and contain every lattice direction:
    // then its plane bounds the infinite structure too.
    bool open_sides_on_hull() const {
        if (lattice_.n_periodic() == D) return seams_.open.empty();
        for (const Side& side : seams_.open) {
            const DelaunayCell<D>& cell = source(side.cell);
            if (!delaunay_.cells()[cell.neighbour[cell.index_of(apex(side))]].ghost()) return false;
            const std::array<Vertex, D> f = facet(side);
            for (int k = 0; k < lattice_.n_periodic(); ++k) {
                const Point shifted = point(f[0]) + lattice_.basis(k);
                Corners<D> corners;
                for (int i = 0; i < D; ++i) corners[i] = &point(f[i]);
                corners[D] = &shifted;
                if (predicates_.orient<D>(corners) != 0) return false;
            }
        }
        return true;
    }

    bool glued_sides_match() const {
        for (const auto& [first, second] : seams_.glued) {
            const int parity = seams_.odd[first.cell] + first.corner + seams_.odd[second.cell] +
                               second.corner;
            if (parity % 2 == 0) return false;
            const Offset a = code_offset(padded_.codes[facet(first)[0]]);
            const Offset b = code_offset(padded_.codes[facet(second)[0]]);
            const Point shift = lattice_.translation({a[0] - b[0], a[1] - b[1], a[2] - b[2]});
            if (predicates_.insphere<D>(delaunay_.corners(source(first.cell)),
                                        point(apex(second)) + shift) > 0)
                return false;
        }
        return true;
    }

    // Whether a cell covers p / scale.
    bool contains(const DelaunayCell<D>& cell, const Point& p, double scale) const {
        Corners<D> corners = delaunay_.corners(cell);
        std::array<Point, D + 1> scaled;
        for (int i = 0; i <= D; ++i) {
            scaled[i] = scale * *corners[i];
            corners[i] = &scaled[i];
        }
        for (int i = 0; i <= D; ++i) {
            Corners<D> replaced = corners;
            replaced[i] = &p;
            if (predicates_.orient<D>(replaced) < 0) return false;
        }
        return true;
    }

    // Calls visit(cell, image) for every representative and every translate of p / scale that it
    // covers; the image is scaled too.
    template <class Visit>
    void for_each_cover(const Point& p, double scale, const Visit& visit) const {
        constexpr double slack = 1e-6;  // only widens the search; containment is exact
        std::array<double, 3> f{};
        for (int k = 0; k < lattice_.n_periodic(); ++k) f[k] = lattice_.fractional(k, p) / scale;
        for (std::size_t i = 0; i < top().size(); ++i) {
            Offset low{}, high{}, n;
            bool possible = true;
            for (int k = 0; k < lattice_.n_periodic() && possible; ++k) {
                double f_min = lattice_.fractional(k, point(top()[i].vertex[0])), f_max = f_min;
                for (int j = 1; j <= D; ++j) {
                    const double g = lattice_.fractional(k, point(top()[i].vertex[j]));
                    f_min = std::min(f_min, g);
                    f_max = std::max(f_max, g);
                }
                low[k] = static_cast<std::int64_t>(std::ceil(f[k] - f_max - slack));
                high[k] = static_cast<std::int64_t>(std::floor(f[k] - f_min + slack));
                possible = low[k] <= high[k];
            }
            if (!possible) continue;
            const DelaunayCell<D>& cell = source(static_cast<std::int32_t>(i));
            for (n[0] = low[0]; n[0] <= high[0]; ++n[0])
                for (n[1] = low[1]; n[1] <= high[1]; ++n[1])
                    for (n[2] = low[2]; n[2] <= high[2]; ++n[2]) {
                        const Point image = p - scale * lattice_.translation(n);
                        if (contains(cell, image, scale)) visit(cell, image);
                    }
        }
    }

    // A point inside a representative must be covered by that alone. However thin the cell is, a
    // quarter of the sum of its corners (of a triangle's, with one taken twice) lies inside it, and
    // four times that is a grid point: scaled by four the test is exact.
    bool one_sheet() const {
        const auto& corners = top().front().vertex;
        Point inside{0, 0, 0};
        for (int i = 0; i < 4; ++i) inside = inside + point(corners[std::min(i, D)]);
        int sheets = 0;
        for_each_cover(inside, 4, [&](const DelaunayCell<D>&, const Point&) { ++sheets; });
        return sheets == 1;
    }

    // An atom that is in no cell must conflict with none that covers it.
    bool hidden_points_above() const {
        bool above = true;
        for (std::size_t atom = 0; atom < complex_.hidden.size(); ++atom) {
            if (!complex_.hidden[atom]) continue;
            for_each_cover(lattice_.atoms()[atom], 1,
                           [&](const DelaunayCell<D>& cell, const Point& image) {
                               above = above && predicates_.insphere<D>(
                                                    delaunay_.corners(cell), image) < 0;
                           });
        }
        return above;
    }

    const Lattice& lattice_;
    const PaddedPoints& padded_;
    const Delaunay<D>& delaunay_;
    const Complex& complex_;
    const Seams& seams_;
    // Without a static filter: translated points may lie outside the padded extent.
    Predicates predicates_;
};

}  // namespace

template <int D>
bool certify(const Lattice& lattice, const PaddedPoints& padded, const Delaunay<D>& delaunay,
             const Quotient& quotient) {
    if (lattice.n_periodic() == 0) return true;
    return quotient.consistent && Certificate<D>(lattice, padded, delaunay, quotient).holds();
}

template bool certify<2>(const Lattice&, const PaddedPoints&, const Delaunay<2>&,
                         const Quotient&);
template bool certify<3>(const Lattice&, const PaddedPoints&, const Delaunay<3>&,
                         const Quotient&);

}  // namespace amorph
