// Points on the integer grid, held as doubles so that differences and sums
// are both fast and exact (every coordinate stays below 2^53).
#pragma once

namespace amorph {

struct Point {
    double x, y, z;

    friend Point operator+(const Point& a, const Point& b) {
        return {a.x + b.x, a.y + b.y, a.z + b.z};
    }
    friend Point operator-(const Point& a, const Point& b) {
        return {a.x - b.x, a.y - b.y, a.z - b.z};
    }
    friend Point operator*(double s, const Point& a) { return {s * a.x, s * a.y, s * a.z}; }
    friend bool operator==(const Point& a, const Point& b) {
        return a.x == b.x && a.y == b.y && a.z == b.z;
    }
};

inline double dot(const Point& a, const Point& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

inline double squared_norm(const Point& a) { return dot(a, a); }

inline Point cross(const Point& a, const Point& b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

}  // namespace amorph
