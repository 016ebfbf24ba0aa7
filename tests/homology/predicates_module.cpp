// The Python module _predicates, for tests alone: the kernel's predicates and
// fixed-width integers by themselves. Points come as arrays (n, 4) of x, y, z
// and weight, integers as hexadecimal text.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>
#include <vector>

#include "circumsphere.hpp"
#include "predicates.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using amorph::Corners;
using amorph::Int320;
using amorph::Point;
using amorph::Predicates;

using Points = nb::ndarray<const double, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;

Point point(const Points& p, std::size_t i) { return {p(i, 0), p(i, 1), p(i, 2), p(i, 3)}; }

std::vector<Point> points(const Points& p) {
    std::vector<Point> result;
    for (std::size_t i = 0; i < p.shape(0); ++i) result.push_back(point(p, i));
    return result;
}

template <int D>
Corners<D> corners(const std::vector<Point>& p) {
    Corners<D> q;
    for (int i = 0; i <= D; ++i) q[i] = &p.at(i);
    return q;
}

Predicates predicates(double extent, double weight_extent) {
    Predicates result;
    if (extent > 0) result.set_extent(extent, weight_extent);
    return result;
}

template <int D>
int orient(const Points& p, double extent) {
    return predicates(extent, 0).orient<D>(corners<D>(points(p)));
}

template <int D>
int insphere(const Points& p, double extent, double weight_extent) {
    const std::vector<Point> q = points(p);
    return predicates(extent, weight_extent).insphere<D>(corners<D>(q), q.at(D + 1));
}

// The last point against the smallest sphere of the others; the first point is the origin.
bool inside_smallest_sphere(const Points& p) {
    std::vector<Point> q = points(p);
    for (std::size_t i = q.size(); i-- > 0;) q[i] = q[i] - q[0];
    if (q.size() == 3) return amorph::inside_smallest_sphere(q.at(1), q.at(2));
    return amorph::inside_smallest_sphere(q.at(1), q.at(2), q.at(3),
                                          amorph::circumcentre(q.at(1), q.at(2)));
}

// A number of at most 320 bits, two's complement, in hexadecimal digits.
Int320 read(const std::string& digits) {
    Int320 value(0);
    for (const char c : digits)
        value = value * Int320(16) + Int320(c <= '9' ? c - '0' : c - 'a' + 10);
    return value;
}

// Bit by bit from the top: nothing under test is used except sum and sign.
std::string write(Int320 value) {
    std::string digits;
    for (int bit = 319; bit >= 0; --bit) {
        digits.push_back(value.sign() < 0 ? '1' : '0');
        value = value + value;
    }
    return digits;
}

std::string binary(const std::string& operation, const std::string& left,
                   const std::string& right) {
    const Int320 a = read(left), b = read(right);
    return write(operation == "+" ? a + b : operation == "-" ? a - b : a * b);
}

std::pair<int, double> unary(const std::string& digits) {
    const Int320 a = read(digits);
    return {a.sign(), a.to_double()};
}

}  // namespace

NB_MODULE(_predicates, m) {
    m.def("orient2", &orient<2>, "points"_a, "extent"_a);
    m.def("orient3", &orient<3>, "points"_a, "extent"_a);
    m.def("insphere2", &insphere<2>, "points"_a, "extent"_a, "weight_extent"_a);
    m.def("insphere3", &insphere<3>, "points"_a, "extent"_a, "weight_extent"_a);
    m.def("inside_smallest_sphere", &inside_smallest_sphere, "points"_a);
    m.def("binary", &binary, "operation"_a, "left"_a, "right"_a,
          "The result of +, - or * modulo 2^320, in binary digits.");
    m.def("unary", &unary, "value"_a, "Sign, and the nearest double or one close by.");
}
