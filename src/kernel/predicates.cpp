#include "predicates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace amorph {
namespace {

constexpr double unit_roundoff = 0x1p-53;

struct IntPoint {
    std::int64_t x, y, z;
    explicit IntPoint(const Point& p)
        : x(static_cast<std::int64_t>(p.x)),
          y(static_cast<std::int64_t>(p.y)),
          z(static_cast<std::int64_t>(p.z)) {}
};

struct IntCross {
    Int128 x, y, z;
};

IntCross cross(const IntPoint& a, const IntPoint& b) {
    return {static_cast<Int128>(a.y) * b.z - static_cast<Int128>(a.z) * b.y,
            static_cast<Int128>(a.z) * b.x - static_cast<Int128>(a.x) * b.z,
            static_cast<Int128>(a.x) * b.y - static_cast<Int128>(a.y) * b.x};
}

Int256 dot(const IntPoint& a, const IntCross& b) {
    return Int256(a.x) * Int256(b.x) + Int256(a.y) * Int256(b.y) + Int256(a.z) * Int256(b.z);
}

Int128 lift(const IntPoint& a) {
    return static_cast<Int128>(a.x) * a.x + static_cast<Int128>(a.y) * a.y +
           static_cast<Int128>(a.z) * a.z;
}

int exact_orient(const Point& u, const Point& v, const Point& w) {
    return dot(IntPoint(u), cross(IntPoint(v), IntPoint(w))).sign();
}

int exact_insphere(const Point& pa, const Point& pb, const Point& pc, const Point& pd) {
    const IntPoint a(pa), b(pb), c(pc), d(pd);
    const IntCross ab = cross(a, b), cd = cross(c, d);
    const Int256 abc = dot(c, ab), abd = dot(d, ab), cda = dot(a, cd), cdb = dot(b, cd);
    const Int256 determinant = Int256(lift(c)) * abd - Int256(lift(d)) * abc +
                               Int256(lift(a)) * cdb - Int256(lift(b)) * cda;
    return determinant.sign();
}

bool lexicographically_less(const Point* a, const Point* b) {
    if (a->x != b->x) return a->x < b->x;
    if (a->y != b->y) return a->y < b->y;
    return a->z < b->z;
}

}  // namespace

void Predicates::set_extent(double extent) {
    const double cube = extent * extent * extent;
    orient_bound_ = 32 * unit_roundoff * cube;
    insphere_bound_ = 768 * unit_roundoff * cube * extent * extent;
}

int Predicates::orient(const Point& a, const Point& b, const Point& c, const Point& d) const {
    const Point u = b - a, v = c - a, w = d - a;
    const double det = u.x * (v.y * w.z - v.z * w.y) + u.y * (v.z * w.x - v.x * w.z) +
                       u.z * (v.x * w.y - v.y * w.x);
    if (det > orient_bound_) return 1;
    if (det < -orient_bound_) return -1;
    const double m = std::max({std::abs(u.x), std::abs(u.y), std::abs(u.z), std::abs(v.x),
                               std::abs(v.y), std::abs(v.z), std::abs(w.x), std::abs(w.y),
                               std::abs(w.z)});
    if (std::abs(det) > 32 * unit_roundoff * m * m * m) return det > 0 ? 1 : -1;
    return exact_orient(u, v, w);
}

int Predicates::insphere(const Point& pa, const Point& pb, const Point& pc, const Point& pd,
                         const Point& pe) const {
    const Point a = pa - pe, b = pb - pe, c = pc - pe, d = pd - pe;
    const Point ab = cross(a, b), cd = cross(c, d);
    const double abc = dot(c, ab), abd = dot(d, ab), cda = dot(a, cd), cdb = dot(b, cd);
    const double la = squared_norm(a), lb = squared_norm(b), lc = squared_norm(c),
                 ld = squared_norm(d);
    const double det = (lc * abd - ld * abc) + (la * cdb - lb * cda);
    if (det > insphere_bound_) return 1;
    if (det < -insphere_bound_) return -1;

    const double m2 = std::max(std::max(la, lb), std::max(lc, ld));
    if (std::abs(det) > 96 * unit_roundoff * m2 * m2 * std::sqrt(m2)) return det > 0 ? 1 : -1;
    if (const int sign = exact_insphere(a, b, c, d)) return sign;

    std::array<const Point*, 5> order = {&pa, &pb, &pc, &pd, &pe};
    std::sort(order.begin(), order.end(), lexicographically_less);
    for (std::size_t i = 5; i-- > 0;) {
        const Point* highest = order[i];
        if (highest == &pe) return -1;
        const int sign = highest == &pa   ? orient(pe, pb, pc, pd)
                         : highest == &pb ? orient(pa, pe, pc, pd)
                         : highest == &pc ? orient(pa, pb, pe, pd)
                                          : orient(pa, pb, pc, pe);
        if (sign != 0) return sign;
    }
    return -1;
}

// Clear of the square roots: with n = b x c the centre of 0, b, c is
// (|b|^2 c - |c|^2 b) x n / (2 |n|^2), and d lies inside where d . d < 2 d . centre.
bool inside_smallest_sphere(const Point& pb, const Point& pc, const Point& pd,
                            const Point& centre, double squared_radius) {
    const double excess = squared_norm(pd - centre) - squared_radius;
    const double scale = squared_norm(pd) + squared_radius;
    if (std::abs(excess) > 1e-9 * scale) return excess < 0;

    const IntPoint b(pb), c(pc), d(pd);
    const IntCross n = cross(b, c);
    const Int320 nx = n.x, ny = n.y, nz = n.z, lb = lift(b), lc = lift(c);
    const Int320 ex = lb * Int320(c.x) - lc * Int320(b.x), ey = lb * Int320(c.y) - lc * Int320(b.y),
                 ez = lb * Int320(c.z) - lc * Int320(b.z);
    const Int320 twice_centre = Int320(d.x) * (ey * nz - ez * ny) +
                                Int320(d.y) * (ez * nx - ex * nz) +
                                Int320(d.z) * (ex * ny - ey * nx);
    return (Int320(lift(d)) * (nx * nx + ny * ny + nz * nz) - twice_centre).sign() < 0;
}

bool collinear(const Point& a, const Point& b, const Point& c) {
    const IntCross n = cross(IntPoint(b - a), IntPoint(c - a));
    return n.x == 0 && n.y == 0 && n.z == 0;
}

Point exact_cross(const Point& b, const Point& c) {
    const IntCross n = cross(IntPoint(b), IntPoint(c));
    return {static_cast<double>(n.x), static_cast<double>(n.y), static_cast<double>(n.z)};
}

ExactCentre exact_circumcentre(const Point& pb, const Point& pc, const Point& pd) {
    const IntPoint b(pb), c(pc), d(pd);
    const IntCross cd = cross(c, d), db = cross(d, b), bc = cross(b, c);
    const Int256 lb = lift(b), lc = lift(c), ld = lift(d);
    const auto combine = [&](Int128 x, Int128 y, Int128 z) {
        return lb * Int256(x) + lc * Int256(y) + ld * Int256(z);
    };
    const Int256 determinant = dot(b, cd);
    return {{combine(cd.x, db.x, bc.x), combine(cd.y, db.y, bc.y), combine(cd.z, db.z, bc.z)},
            determinant + determinant};
}

Point ExactCentre::rounded() const {
    const double scale = 1 / denominator.to_double();
    return {scale * numerator[0].to_double(), scale * numerator[1].to_double(),
            scale * numerator[2].to_double()};
}

}  // namespace amorph
