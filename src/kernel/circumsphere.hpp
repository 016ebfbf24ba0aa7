// Circumcentres and squared circumradii in double precision, with an exact
// integer fallback where cancellation would spoil them.
#pragma once

#include "point.hpp"
#include "predicates.hpp"

namespace amorph {

struct Circumsphere {
    Point centre;  // relative to the first corner
    double squared_radius;
};

// Whether doubles lose too many digits of the tetrahedron 0, b, c, d: where the sine of its solid
// angle at 0 is below 1e-2.
inline bool ill_conditioned(const Point& b, const Point& c, const Point& d) {
    const double det = dot(b, cross(c, d));
    return det * det < 1e-4 * squared_norm(b) * squared_norm(c) * squared_norm(d);
}

// Centre of the sphere through 0, b, c, d, which must not be ill-conditioned.
inline Point circumcentre(const Point& b, const Point& c, const Point& d) {
    const Point cd = cross(c, d);
    return (0.5 / dot(b, cd)) * (squared_norm(b) * cd + squared_norm(c) * cross(d, b) +
                                 squared_norm(d) * cross(b, c));
}

// Triangle 0, b, c: its smallest circumscribed sphere.
inline Circumsphere circumsphere(const Point& b, const Point& c) {
    const double lb = squared_norm(b), lc = squared_norm(c);
    Point normal = cross(b, c);
    double area = squared_norm(normal);
    if (area < 1e-4 * lb * lc) {
        normal = exact_cross(b, c);
        area = squared_norm(normal);
    }
    const Point centre = (0.5 / area) * cross(lb * c - lc * b, normal);
    return {centre, lb * lc * squared_norm(b - c) / (4 * area)};
}

}  // namespace amorph
