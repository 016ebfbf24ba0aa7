// Centres of circumscribed spheres (with weights: orthospheres) in double
// precision, relative to the simplex's first corner at 0. The squared radius
// is |centre|^2 minus the weight of the first corner.
#pragma once

#include <cmath>

#include "point.hpp"
#include "predicates.hpp"

namespace amorph {

// Below this squared sine of an angle doubles lose too many digits to cancellation.
inline constexpr double small_sine_squared = 1e-4;

// Likewise where a weight exceeds the squared length of an edge this many times.
inline constexpr double large_weight = 100;

inline bool outweighed(const Point& b) { return std::abs(b.w) > large_weight * squared_norm(b); }

inline bool ill_conditioned(const Point& b, const Point& c) {
    return squared_norm(cross(b, c)) < small_sine_squared * squared_norm(b) * squared_norm(c) ||
           outweighed(b) || outweighed(c);
}

inline bool ill_conditioned(const Point& b, const Point& c, const Point& d) {
    const double det = dot(b, cross(c, d));
    return det * det < small_sine_squared * squared_norm(b) * squared_norm(c) * squared_norm(d) ||
           outweighed(b) || outweighed(c) || outweighed(d);
}

// Tetrahedron 0, b, c, d; not ill-conditioned.
inline Point circumcentre(const Point& b, const Point& c, const Point& d) {
    const Point cd = cross(c, d);
    return (0.5 / dot(b, cd)) * (lift(b) * cd + lift(c) * cross(d, b) + lift(d) * cross(b, c));
}

// Triangle 0, b, c: centre of its smallest sphere.
inline Point circumcentre(const Point& b, const Point& c) {
    if (ill_conditioned(b, c)) return exact_circumcentre(b, c).rounded();
    const Point normal = cross(b, c);
    return (0.5 / squared_norm(normal)) * cross(lift(b) * c - lift(c) * b, normal);
}

// Edge 0, b.
inline Point circumcentre(const Point& b) { return (0.5 * lift(b) / squared_norm(b)) * b; }

}  // namespace amorph
