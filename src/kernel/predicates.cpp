#include "predicates.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "circumsphere.hpp"

namespace amorph {
namespace {


constexpr double unit_roundoff = 0x1p-53;

// Error constants in units of the roundoff, by dimension; derived in predicates.hpp.
constexpr double orient_error[4] = {0, 0, 8 * unit_roundoff, 32 * unit_roundoff};
constexpr double insphere_error[4] = {0, 0, 32 * unit_roundoff, 96 * unit_roundoff};

constexpr double smallest_sphere_error = 1e-9;
constexpr double smallest_sphere_error_of_edge = 16 * unit_roundoff;

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

Int128 exact_lift(const Point& p) {
    const IntPoint a(p);
    return static_cast<Int128>(a.x) * a.x + static_cast<Int128>(a.y) * a.y +
           static_cast<Int128>(a.z) * a.z - static_cast<Int128>(p.w);
}

double largest_component(const Point& p) {
    return std::max({std::abs(p.x), std::abs(p.y), std::abs(p.z)});
}

// m^2 of the error analysis.
double reach(const Point& p) { return squared_norm(p) + std::abs(p.w); }

int sign_of(Int128 value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

// The determinants come as: value in doubles, bound m of the analysis, exact sign.

double orient_value(const Point& u, const Point& v) { return u.x * v.y - u.y * v.x; }

int exact_orient(const Point& u, const Point& v) {
    return sign_of(cross(IntPoint(u), IntPoint(v)).z);
}

double orient_value(const Point& u, const Point& v, const Point& w) {
    return u.x * (v.y * w.z - v.z * w.y) + u.y * (v.z * w.x - v.x * w.z) +
           u.z * (v.x * w.y - v.y * w.x);
}

int exact_orient(const Point& u, const Point& v, const Point& w) {
    return dot(IntPoint(u), cross(IntPoint(v), IntPoint(w))).sign();
}

double insphere_value(const Point& a, const Point& b, const Point& c) {
    return lift(a) * orient_value(b, c) + lift(b) * orient_value(c, a) +
           lift(c) * orient_value(a, b);
}

int exact_insphere(const Point& pa, const Point& pb, const Point& pc) {
    const IntPoint a(pa), b(pb), c(pc);
    const Int256 determinant = Int256(exact_lift(pa)) * Int256(cross(b, c).z) +
                               Int256(exact_lift(pb)) * Int256(cross(c, a).z) +
                               Int256(exact_lift(pc)) * Int256(cross(a, b).z);
    return determinant.sign();
}

double insphere_value(const Point& a, const Point& b, const Point& c, const Point& d) {
    const Point ab = cross(a, b), cd = cross(c, d);
    const double abc = dot(c, ab), abd = dot(d, ab), cda = dot(a, cd), cdb = dot(b, cd);
    return (lift(c) * abd - lift(d) * abc) + (lift(a) * cdb - lift(b) * cda);
}

int exact_insphere(const Point& pa, const Point& pb, const Point& pc, const Point& pd) {
    const IntPoint a(pa), b(pb), c(pc), d(pd);
    const IntCross ab = cross(a, b), cd = cross(c, d);
    const Int256 determinant =
        Int256(exact_lift(pc)) * dot(d, ab) - Int256(exact_lift(pd)) * dot(c, ab) +
        Int256(exact_lift(pa)) * dot(b, cd) - Int256(exact_lift(pb)) * dot(a, cd);
    return determinant.sign();
}

// Twice the centre of the smallest sphere (with weights: orthosphere) of the triangle 0, b, c as a
// fraction of integers: with n = b x c it is (lift(b) c - lift(c) b) x n / |n|^2.
template <class Int>
struct TwiceCentre {
    std::array<Int, 3> numerator;
    Int denominator;

    TwiceCentre(const Point& pb, const Point& pc) {
        const IntPoint b(pb), c(pc);
        const IntCross n = cross(b, c);
        const Int nx = n.x, ny = n.y, nz = n.z, lb = exact_lift(pb), lc = exact_lift(pc);
        const Int ex = lb * Int(c.x) - lc * Int(b.x), ey = lb * Int(c.y) - lc * Int(b.y),
                  ez = lb * Int(c.z) - lc * Int(b.z);
        numerator = {ey * nz - ez * ny, ez * nx - ex * nz, ex * ny - ey * nx};
        denominator = nx * nx + ny * ny + nz * nz;
    }
};

bool lexicographically_less(const Point* a, const Point* b) {
    if (a->x != b->x) return a->x < b->x;
    if (a->y != b->y) return a->y < b->y;
    return a->z < b->z;
}

template <int D>
int perturbed_insphere(const Predicates& predicates, const Corners<D>& corners, const Point& e) {
    std::array<const Point*, D + 2> order;
    std::copy(corners.begin(), corners.end(), order.begin());
    order[D + 1] = &e;
    std::sort(order.begin(), order.end(), lexicographically_less);
    for (std::size_t i = D + 2; i-- > 0;) {
        if (order[i] == &e) return -1;
        Corners<D> replaced = corners;
        *std::find(replaced.begin(), replaced.end(), order[i]) = &e;
        if (const int sign = predicates.orient<D>(replaced)) return sign;
    }
    return -1;
}

}  // namespace

void Predicates::set_extent(double extent, double weight_extent) {
    for (int dimension : {2, 3}) {
        const double m = std::sqrt(dimension * extent * extent + weight_extent);
        orient_bound_[dimension] = orient_error[dimension] * std::pow(extent, dimension);
        insphere_bound_[dimension] = insphere_error[dimension] * std::pow(m, dimension + 2);
    }
}

template <>
int Predicates::orient<2>(const Corners<2>& p) const {
    const Point u = *p[1] - *p[0], v = *p[2] - *p[0];
    const double det = orient_value(u, v);
    if (const int sign = sign_beyond(det, orient_bound_[2])) return sign;
    const double m = std::max(largest_component(u), largest_component(v));
    if (const int sign = sign_beyond(det, orient_error[2] * m * m)) return sign;
    return exact_orient(u, v);
}

template <>
int Predicates::orient<3>(const Corners<3>& p) const {
    const Point u = *p[1] - *p[0], v = *p[2] - *p[0], w = *p[3] - *p[0];
    const double det = orient_value(u, v, w);
    if (const int sign = sign_beyond(det, orient_bound_[3])) return sign;
    const double m = std::max({largest_component(u), largest_component(v), largest_component(w)});
    if (const int sign = sign_beyond(det, orient_error[3] * m * m * m)) return sign;
    return exact_orient(u, v, w);
}

template <>
int Predicates::insphere<2>(const Corners<2>& p, const Point& e) const {
    const Point a = *p[0] - e, b = *p[1] - e, c = *p[2] - e;
    const double det = insphere_value(a, b, c);
    if (const int sign = sign_beyond(det, insphere_bound_[2])) return sign;
    const double m2 = std::max({reach(a), reach(b), reach(c)});
    if (const int sign = sign_beyond(det, insphere_error[2] * m2 * m2)) return sign;
    if (const int sign = exact_insphere(a, b, c)) return sign;
    return perturbed_insphere<2>(*this, p, e);
}

template <>
int Predicates::insphere<3>(const Corners<3>& p, const Point& e) const {
    const Point a = *p[0] - e, b = *p[1] - e, c = *p[2] - e, d = *p[3] - e;
    const double det = insphere_value(a, b, c, d);
    if (const int sign = sign_beyond(det, insphere_bound_[3])) return sign;
    const double m2 = std::max({reach(a), reach(b), reach(c), reach(d)});
    if (const int sign = sign_beyond(det, insphere_error[3] * m2 * m2 * std::sqrt(m2))) return sign;
    if (const int sign = exact_insphere(a, b, c, d)) return sign;
    return perturbed_insphere<3>(*this, p, e);
}

// d conflicts where lift(d) < 2 d . centre; multiplied by the centre's denominator all is integer.
bool inside_smallest_sphere(const Point& pb, const Point& pc, const Point& pd,
                            const Point& centre) {
    const double excess = lift(pd) - 2 * dot(pd, centre);
    const double scale = reach(pd) + squared_norm(centre) + squared_norm(pb) + squared_norm(pc);
    if (const int sign = sign_beyond(excess, smallest_sphere_error * scale))
        if (!ill_conditioned(pb, pc)) return sign < 0;

    const IntPoint d(pd);
    const TwiceCentre<Int320> twice(pb, pc);
    const Int320 difference =
        Int320(exact_lift(pd)) * twice.denominator - Int320(d.x) * twice.numerator[0] -
        Int320(d.y) * twice.numerator[1] - Int320(d.z) * twice.numerator[2];
    return difference.sign() < 0;
}

// The centre is lift(b) b / (2 |b|^2).
bool inside_smallest_sphere_of_edge(const Point& b, const Point& d) {
    const double length = squared_norm(b), projection = dot(b, d);
    const double excess = lift(d) * length - projection * lift(b);
    const double terms = std::abs(b.x * d.x) + std::abs(b.y * d.y) + std::abs(b.z * d.z);
    const double scale = reach(d) * length + terms * reach(b);
    if (const int sign = sign_beyond(excess, smallest_sphere_error_of_edge * scale))
        return sign < 0;

    const IntPoint bi(b), di(d);
    const Int128 exact_length = exact_lift({b.x, b.y, b.z});
    const Int128 exact_projection = static_cast<Int128>(bi.x) * di.x +
                                    static_cast<Int128>(bi.y) * di.y +
                                    static_cast<Int128>(bi.z) * di.z;
    const Int256 difference = Int256(exact_lift(d)) * Int256(exact_length) -
                              Int256(exact_projection) * Int256(exact_lift(b));
    return difference.sign() < 0;
}

int below_segment(const Point& b, const Point& c) {
    const Int256 turn = Int256(static_cast<Int128>(b.x)) * Int256(exact_lift(c)) -
                        Int256(static_cast<Int128>(c.x)) * Int256(exact_lift(b));
    return turn.sign();
}

bool collinear(const Point& a, const Point& b, const Point& c) {
    const IntCross n = cross(IntPoint(b - a), IntPoint(c - a));
    return n.x == 0 && n.y == 0 && n.z == 0;
}

ExactCentre exact_circumcentre(const Point& pb, const Point& pc, const Point& pd) {
    const IntPoint b(pb), c(pc), d(pd);
    const IntCross cd = cross(c, d), db = cross(d, b), bc = cross(b, c);
    const Int256 lb = exact_lift(pb), lc = exact_lift(pc), ld = exact_lift(pd);
    const auto combine = [&](Int128 x, Int128 y, Int128 z) {
        return lb * Int256(x) + lc * Int256(y) + ld * Int256(z);
    };
    const Int256 determinant = dot(b, cd);
    return {{combine(cd.x, db.x, bc.x), combine(cd.y, db.y, bc.y), combine(cd.z, db.z, bc.z)},
            determinant + determinant};
}

ExactCentre exact_circumcentre_in_plane(const Point& pb, const Point& pc) {
    const IntPoint b(pb), c(pc);
    const Int256 lb = exact_lift(pb), lc = exact_lift(pc), determinant = cross(b, c).z;
    return {{lb * Int256(c.y) - lc * Int256(b.y), lc * Int256(b.x) - lb * Int256(c.x), Int256(0)},
            determinant + determinant};
}

ExactCentre exact_circumcentre(const Point& b, const Point& c) {
    const TwiceCentre<Int256> twice(b, c);
    return {twice.numerator, twice.denominator + twice.denominator};
}

Point ExactCentre::rounded() const {
    const double scale = 1 / denominator.to_double();
    return {scale * numerator[0].to_double(), scale * numerator[1].to_double(),
            scale * numerator[2].to_double()};
}

}  // namespace amorph
