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

// Tetrahedron 0, b, c, d. Below a solid angle sine of 1e-2 the doubles have lost too many digits.
inline Circumsphere circumsphere(const Point& b, const Point& c, const Point& d) {
    const Point cd = cross(c, d);
    const double det = dot(b, cd);
    const double lb = squared_norm(b), lc = squared_norm(c), ld = squared_norm(d);
    Point centre;
    if (det * det < 1e-4 * lb * lc * ld) {
        centre = exact_circumcentre(b, c, d);
    } else {
        centre = (0.5 / det) * (lb * cd + lc * cross(d, b) + ld * cross(b, c));
    }
    return {centre, squared_norm(centre)};
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
