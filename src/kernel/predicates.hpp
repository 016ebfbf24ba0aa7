// Exact geometric predicates on grid points.
//
// Input: coordinates are integers whose differences stay below 2^48 in
// magnitude, held as doubles. Each predicate first evaluates its determinant
// in double arithmetic and trusts the sign when the value exceeds a bound on
// its rounding error; otherwise it is evaluated in integers.
//
// Error bounds. u = 2^-53 is the unit roundoff; differences of points are
// exact, so errors come from products and sums alone. Terms in u^2 are covered
// by rounding each constant up.
//
// orient: det = sum of three terms a_i * (b_j c_k - b_k c_j). Let M bound the
//   coordinates' magnitudes. A minor has two products (error u M^2 each) and
//   one subtraction (u 2M^2): error 4u M^2, magnitude 2M^2. A term:
//   4u M^3 inherited + 2u M^3 rounded = 6u M^3; three terms: 18u M^3; the two
//   additions: 4u M^3 + 6u M^3. Total 28u M^3; we use 32u.
//
// insphere, static bound: det = sum of four terms lift_i * minor_i, where
//   lift = x^2 + y^2 + z^2 (magnitude 3M^2, error 3u + 2u + 3u = 8u M^2) and
//   minor is an orient determinant (magnitude 6M^3, error 28u M^3). A term:
//   3 * 28u + 6 * 8u + 18u (product) = 150u M^5; four: 600u; the additions
//   (t0 + t1) + (t2 + t3): 36u + 36u + 72u = 144u. Total 744u M^5; we use 768u.
//
// insphere, local bound: let m^2 be the largest lift. Then |lift| <= m^2 with
//   error 3u m^2 (sums of squares), and by Cauchy-Schwarz the two products of
//   a 2x2 minor have magnitudes that sum to at most m^2: error 2u m^2. A term
//   of the 3x3 minor: 2u m^3 + u m^3; three terms 9u m^3; additions 2u + 3u:
//   minor error 14u m^3, magnitude m^3 (Hadamard). A term of det:
//   14u + 3u + u = 18u m^5; four 72u; additions 2u + 2u + 4u. Total 80u m^5;
//   we use 96u, which also covers the rounding of m^5 itself.
//
// Integer widths: with differences below 2^48, 2x2 minors stay below 2^97 and
// lifts below 2^98 (128-bit), 3x3 minors below 2^147 and the insphere
// determinant below 4 * 3 * 2^96 * 6 * 2^144 < 2^247 (256-bit). The smallest-sphere test is of
// degree six: below 3 * 2^96 * 3 * 2^194 plus 3 * 2^48 * 2 * 2^147 * 2^97, under 2^298 (320-bit).
#pragma once

#include <array>

#include "fixed_int.hpp"
#include "point.hpp"

namespace amorph {

class Predicates {
public:
    // `extent` bounds the difference of any two coordinates of all points used.
    void set_extent(double extent);

    // Sign of det(b - a, c - a, d - a): +1 when a, b, c, d is positively oriented.
    int orient(const Point& a, const Point& b, const Point& c, const Point& d) const;

    // +1 when e lies inside the sphere through the positively oriented a, b, c, d, -1 when
    // outside. Never 0: ties are broken by the symbolic perturbation of Devillers and Teillaud
    // ("Perturbations and vertex removal in a 3D Delaunay triangulation", SODA 2003), which
    // lifts points in their lexicographic order. That order is translation invariant, so
    // periodic copies of a degenerate configuration are all triangulated alike.
    int insphere(const Point& a, const Point& b, const Point& c, const Point& d,
                 const Point& e) const;

private:
    double orient_bound_ = 0;    // static filters, from set_extent
    double insphere_bound_ = 0;
};

// Whether d lies strictly inside the smallest sphere through the corners of the triangle 0, b, c,
// whose centre and squared radius are given as well as doubles hold them. Decided exactly where
// those leave a doubt: under a sliver on the hull of a crystal, whose own sphere may be enormous,
// a wrong answer would leave a void open that is not there.
bool inside_smallest_sphere(const Point& b, const Point& c, const Point& d, const Point& centre,
                            double squared_radius);

bool collinear(const Point& a, const Point& b, const Point& c);

// b x c as exact integers rounded once to doubles, for ill-conditioned triangles.
Point exact_cross(const Point& b, const Point& c);

// Circumcentre of a tetrahedron 0, b, c, d as a fraction of integers, without rounding.
struct ExactCentre {
    std::array<Int256, 3> numerator;
    Int256 denominator;

    Point rounded() const;
};

ExactCentre exact_circumcentre(const Point& b, const Point& c, const Point& d);

}  // namespace amorph
