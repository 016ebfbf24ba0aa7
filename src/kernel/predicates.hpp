// Exact geometric predicates on grid points, in the plane (D = 2) and in space
// (D = 3).
//
// Input: coordinates are integers whose differences stay below 2^48 in
// magnitude, held as doubles, and weights whose differences stay below 2^96.
// Each predicate first evaluates its determinant in double arithmetic and
// trusts the sign when the value exceeds a bound on its rounding error;
// otherwise it is evaluated in integers.
//
// Error bounds. u = 2^-53 is the unit roundoff; differences of points are
// exact, so errors come from products and sums alone. Terms in u^2 are covered
// by rounding each constant up. M bounds the coordinates' magnitudes.
//
// orient, plane: two products of magnitude M^2 and their difference:
//   u M^2 + u M^2 + 2u M^2 = 4u M^2; we use 8u.
//
// orient, space: three terms a_i * (b_j c_k - b_k c_j). A minor: 4u M^2 as
//   above, magnitude 2M^2. A term: 4u M^3 inherited + 2u M^3 rounded; three
//   terms 18u M^3; the two additions 4u M^3 + 6u M^3. Total 28u M^3; we use 32u.
//
// insphere: let m^2 bound x^2 + y^2 + z^2 + |w| over the differences to the
//   query. A lift x^2 + y^2 + z^2 - w has magnitude m^2 and error 4u m^2. By
//   Cauchy-Schwarz the two products of a 2x2 minor have magnitudes that sum to
//   at most m^2: error 2u m^2, magnitude m^2 (Hadamard).
//   Plane: three terms lift * minor: 4u + 2u + u = 7u m^4 each, 21u together;
//   two additions 2u + 3u. Total 26u m^4; we use 32u.
//   Space: a term of a 3x3 minor 2u m^3 + u m^3, three of them 9u, additions
//   2u + 3u: error 14u m^3, magnitude m^3. A term lift * minor:
//   14u + 4u + u = 19u m^5; four 76u; additions 2u + 2u + 4u. Total 84u m^5; we
//   use 96u. The slack covers the rounding of m^4 and m^5 themselves.
//   The static bounds are the same with m^2 = D M^2 + |w|.
//
// inside the smallest sphere of an edge: two products lift(d) |b|^2 and
//   (b . d) lift(b). The first has error (4u + 3u + u) reach(d) |b|^2, where
//   reach is m^2 as above. Of b . d only the error relative to
//   t = sum |b_i d_i| is bounded, 3u t: the second has error 8u t reach(b). With
//   the subtraction 9u (reach(d) |b|^2 + t reach(b)); we use 16u.
// of a triangle: the error of its centre counts. It is used where
//   |b x c| >= |b| |c| / 100 and reach(x) <= 101 |x|^2 for x = b, c
//   (circumsphere.hpp). lift(b) c - lift(c) b then has error below
//   6u * 101 |b| |c| (|b| + |c|) in each component, which moves the centre by
//   less than 5.3e4 u (|b| + |c|) = 6e-12 (|b| + |c|); the errors of b x c and
//   of the last product are smaller still, below 2e3 u |centre| = 3e-13 |centre|.
//   lift(d) - 2 d . centre is off by less than 2e-11 times the sum of reach(d),
//   |centre|^2, |b|^2 and |c|^2; we use 1e-9. Other triangles are decided in
//   integers.
//
// Integer widths, space: 2x2 minors stay below 2^97 and lifts below 2^99
// (128-bit; room enough for `orient` to be asked about coordinates scaled by
// four), 3x3 minors below 2^147 and the insphere determinant below
// 4 * 2^99 * 2^147 = 2^248 (256-bit). The test of the smallest sphere is of
// degree six: below 2^99 * 3 * 2^194 + 3 * 2^48 * 2^149 * 2^97, under 2^298
// (320-bit). Centres: of a tetrahedron below 2^197 over 2^148, of a triangle
// 2^246 over 2^197 (256-bit).
#pragma once

#include <array>
#include <limits>

#include "fixed_int.hpp"
#include "point.hpp"

namespace amorph {

class Predicates {
public:
    // Bounds on the differences of any two coordinates, and any two weights, of all points used.
    // Without it every determinant is compared with a bound of its own: slower, and always right.
    void set_extent(double extent, double weight_extent);

    // +1 when the corners are positively oriented: det(b - a, c - a[, d - a]) > 0.
    template <int D>
    int orient(const Corners<D>& corners) const;

    // +1 when e lies inside the sphere (with weights: conflicts with the orthosphere) of the
    // positively oriented corners, -1 when outside. Never 0: ties are broken by the symbolic
    // perturbation of Devillers and Teillaud ("Perturbations and vertex removal in a 3D Delaunay
    // triangulation", SODA 2003), which lifts points in their lexicographic order. That order is
    // translation invariant, so periodic copies of a degenerate configuration are all
    // triangulated alike.
    template <int D>
    int insphere(const Corners<D>& corners, const Point& e) const;

private:
    // Static filters by dimension, from set_extent.
    static constexpr double none = std::numeric_limits<double>::infinity();
    double orient_bound_[4] = {none, none, none, none};
    double insphere_bound_[4] = {none, none, none, none};
};

// A build for tests decides everything in integers, to show that the filters change nothing.
#ifdef AMORPHOLOGY_FORCE_EXACT
inline constexpr bool use_filters = false;
#else
inline constexpr bool use_filters = true;
#endif

// +1 or -1 where a determinant's value is larger than its error, else 0: not known.
inline int sign_beyond(double value, double bound) {
    return !use_filters ? 0 : value > bound ? 1 : value < -bound ? -1 : 0;
}

bool collinear(const Point& a, const Point& b, const Point& c);

// Whether d lies strictly inside the smallest sphere through the corners of the triangle 0, b, c
// (with weights: conflicts with its smallest orthosphere), whose centre is given as well as
// doubles hold it. Decided exactly where that leaves a doubt: under a sliver on the hull of a
// crystal, whose own sphere may be enormous, a wrong answer would leave a void open that is not
// there.
bool inside_smallest_sphere(const Point& b, const Point& c, const Point& d, const Point& centre);

// The same for the edge 0, b.
bool inside_smallest_sphere_of_edge(const Point& b, const Point& d);

inline bool inside_smallest_sphere(const Point& b, const Point& d) {
    // Nearly always there are no weights, and d sees the edge under an angle that is clearly acute
    // or obtuse. Three products and two sums: error below 4u |d| |d - b|.
    if (b.w == 0 && d.w == 0) {
        const double reach = squared_norm(d) + squared_norm(b);
        if (const int sign = sign_beyond(dot(d, d - b), 0x1p-49 * reach)) return sign < 0;
    }
    return inside_smallest_sphere_of_edge(b, d);
}

// Sign of the turn from a over b to c, lifted points of a line (by x) with a leftmost at 0: +1
// where b lies below the segment a, c and belongs to the lower hull.
int below_segment(const Point& b, const Point& c);

// Circumcentre (with weights: orthocentre) of a simplex with one corner at 0, as a fraction of
// integers, without rounding.
struct ExactCentre {
    std::array<Int256, 3> numerator;
    Int256 denominator;

    Point rounded() const;
};

ExactCentre exact_circumcentre(const Point& b, const Point& c, const Point& d);
ExactCentre exact_circumcentre(const Point& b, const Point& c);  // of a triangle in space
ExactCentre exact_circumcentre_in_plane(const Point& b, const Point& c);

}  // namespace amorph
