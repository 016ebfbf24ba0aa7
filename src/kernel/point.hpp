// Weighted points on the integer grid, held as doubles so that differences and
// sums are both fast and exact (every coordinate stays below 2^53).
#pragma once

#include <array>

namespace amorph {

// w is the weight of a power diagram, a squared radius; 0 throughout without weights. All
// weights are multiples of one power of two, so that their differences are exact too.
struct Point {
    double x, y, z, w = 0;

    friend Point operator+(const Point& a, const Point& b) {
        return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
    }
    friend Point operator-(const Point& a, const Point& b) {
        return {a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w};
    }
    // Scales the position; what is scaled (directions, centres) carries no weight.
    friend Point operator*(double s, const Point& a) { return {s * a.x, s * a.y, s * a.z}; }
};

inline bool same_place(const Point& a, const Point& b) {
    return a.x == b.x && a.y == b.y && a.z == b.z;
}

inline double dot(const Point& a, const Point& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

inline double squared_norm(const Point& a) { return dot(a, a); }

// Height of a point, relative to another at the origin, on the paraboloid of the power diagram.
inline double lift(const Point& a) { return squared_norm(a) - a.w; }

inline Point cross(const Point& a, const Point& b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// The corners of a simplex of dimension D. In the plane (D = 2) every z is 0.
template <int D>
using Corners = std::array<const Point*, D + 1>;

}  // namespace amorph
