#include "lattice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hilbert.hpp"

namespace amorph {
namespace {

// A basis vector is replaced only by one that is shorter by more than rounding, so that
// equally short choices cannot alternate for ever.
constexpr double shrink = 1 - 1e-9;

// Below this sine-like ratio of volume to the product of lengths a cell counts as flat.
constexpr double min_relative_volume = 1e-10;

// Grid coordinates of the padded point set span at most 2^span_bits; the predicates allow 2^48.
constexpr int span_bits = 47;

// Atoms this close to a plane or line, relative to the extent of the system and of its balls, lie in
// it: the distance is a matter of how their coordinates are rounded, by the user or to the grid.
constexpr double flat_tolerance = 0x1p-42;

// Coordinates far from the origin, or many periods from each other, leave a distance to a plane or
// line with this error, relative to the largest of them.
constexpr double coordinate_rounding = 0x1p-49;

// Balls may exceed the system this many times; the grid coarsens in proportion.
constexpr double max_weight_span = 0x1p20;

// Systems that fit into the cache gain nothing from sorting.
constexpr std::size_t sort_from = 2048;

// Largest snapped coordinate before wrapping: leaves room for exact int64 arithmetic.
constexpr double max_snapped = 0x1p61;

void add_multiple(Offset& target, const Offset& source, std::int64_t factor) {
    for (int k = 0; k < 3; ++k) target[k] += factor * source[k];
}

double largest_component(const Point& p) {
    return std::max({std::abs(p.x), std::abs(p.y), std::abs(p.z)});
}

std::array<std::int64_t, 3> to_grid(const Point& p, double scale) {
    if (largest_component(p) * scale > max_snapped)
        throw InputError("an atom or cell vector is too far from the origin for the size of the "
                         "system: wrap the atoms into the cell");
    return {static_cast<std::int64_t>(std::nearbyint(p.x * scale)),
            static_cast<std::int64_t>(std::nearbyint(p.y * scale)),
            static_cast<std::int64_t>(std::nearbyint(p.z * scale))};
}

double weight_range(std::span<const Point> positions) {
    const auto [low, high] = std::minmax_element(
        positions.begin(), positions.end(), [](const Point& a, const Point& b) { return a.w < b.w; });
    return high->w - low->w;
}

}  // namespace

// Takes as the next axis what lies farthest from the span so far, periodic vectors before atoms:
// if any plane fits all atoms, this one fits nearly as well.
AffineSpan affine_span(std::span<const Point> positions, const Cell& cell) {
    AffineSpan span{0, {}, positions.front()};
    std::vector<Point> periodic;
    for (int k = 0; k < 3; ++k)
        if (cell.periodic[k]) periodic.push_back(cell.vectors[k]);
    double size = 0, largest_coordinate = 0;
    for (const Point& v : periodic) size = std::max(size, squared_norm(v));
    for (const Point& p : positions) {
        size = std::max(size, squared_norm(p - span.origin));
        largest_coordinate = std::max(largest_coordinate, largest_component(p));
    }
    const double rounding = coordinate_rounding * largest_coordinate;
    double extent = std::sqrt(weight_range(positions));
    if (size > 0 && !(extent <= max_weight_span * std::sqrt(size)))
        throw InputError("the weights differ too much for the size of the system: their balls are "
                         "millions of times larger");
    const auto farthest = [&](const auto& vectors, const Point& origin) {
        Point best{0, 0, 0};
        for (const Point& v : vectors) {
            Point d = v - origin;
            for (int i = 0; i < span.dimension; ++i) d = d - dot(d, span.axes[i]) * span.axes[i];
            if (squared_norm(d) > squared_norm(best)) best = d;
        }
        return best;
    };
    for (;;) {
        Point next = farthest(periodic, {0, 0, 0});
        const double from_periods = std::sqrt(squared_norm(next));
        extent = std::max(extent, from_periods);
        if (!(from_periods > flat_tolerance * extent)) next = farthest(positions, span.origin);
        const double length = std::sqrt(squared_norm(next));
        extent = std::max(extent, length);
        if (!(length > std::max(flat_tolerance * extent, rounding))) return span;
        if (span.dimension == 2) {
            span.dimension = 3;
            return span;
        }
        Point axis = (1 / length) * next;
        // Once more, against the rounding of nearly parallel vectors.
        for (int i = 0; i < span.dimension; ++i)
            axis = axis - dot(axis, span.axes[i]) * span.axes[i];
        span.axes[span.dimension++] = (1 / std::sqrt(squared_norm(axis))) * axis;
    }
}

Lattice::Lattice(std::span<const Point> positions, const Cell& cell) {
    reduce_basis(cell);
    complete_frame();
    choose_scale(positions);
    snap_and_wrap(positions, cell);
}

// Pairwise (Lagrange) reduction, then the sums and differences of three vectors.
void Lattice::reduce_basis(const Cell& cell) {
    double product_of_lengths = 1;
    for (int axis = 0; axis < 3; ++axis) {
        if (!cell.periodic[axis]) continue;
        const int k = n_periodic_++;
        axes_[k] = axis;
        basis_[k] = cell.vectors[axis];
        transform_[k] = {0, 0, 0};
        transform_[k][axis] = 1;
        product_of_lengths *= std::sqrt(squared_norm(basis_[k]));
    }
    const double volume = n_periodic_ == 3 ? std::abs(dot(basis_[0], cross(basis_[1], basis_[2])))
                          : n_periodic_ == 2 ? std::sqrt(squared_norm(cross(basis_[0], basis_[1])))
                                             : product_of_lengths;
    if (!(volume > min_relative_volume * product_of_lengths))
        throw InputError("the periodic cell vectors are zero or linearly dependent");

    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < n_periodic_; ++i)
            for (int j = 0; j < n_periodic_; ++j) {
                if (i == j) continue;
                const double factor =
                    -std::nearbyint(dot(basis_[i], basis_[j]) / squared_norm(basis_[j]));
                const Point shorter = basis_[i] + factor * basis_[j];
                if (squared_norm(shorter) >= shrink * squared_norm(basis_[i])) continue;
                basis_[i] = shorter;
                add_multiple(transform_[i], transform_[j], static_cast<std::int64_t>(factor));
                changed = true;
            }
        if (n_periodic_ < 3 || changed) continue;
        for (int i = 0; i < 3 && !changed; ++i)
            for (int signs = 0; signs < 4 && !changed; ++signs) {
                const int j = (i + 1) % 3, k = (i + 2) % 3;
                const int sj = signs & 1 ? -1 : 1, sk = signs & 2 ? -1 : 1;
                const Point shorter = basis_[i] + double(sj) * basis_[j] + double(sk) * basis_[k];
                if (squared_norm(shorter) >= shrink * squared_norm(basis_[i])) continue;
                basis_[i] = shorter;
                add_multiple(transform_[i], transform_[j], sj);
                add_multiple(transform_[i], transform_[k], sk);
                changed = true;
            }
    }
}

// Fills the non-periodic directions with unit normals and inverts the frame.
void Lattice::complete_frame() {
    const auto unit = [](const Point& p) { return (1 / std::sqrt(squared_norm(p))) * p; };
    if (n_periodic_ == 0) basis_[0] = {1, 0, 0};
    if (n_periodic_ <= 1) {
        const Point& a = basis_[0];
        const double ax = std::abs(a.x), ay = std::abs(a.y), az = std::abs(a.z);
        // z where possible: the frame of a planar system then lies in the plane.
        const Point least = az <= ax && az <= ay ? Point{0, 0, 1}
                            : ax <= ay           ? Point{1, 0, 0}
                                                 : Point{0, 1, 0};
        basis_[1] = unit(cross(a, least));
    }
    if (n_periodic_ <= 2) basis_[2] = unit(cross(basis_[0], basis_[1]));

    const double inverse_volume = 1 / dot(basis_[0], cross(basis_[1], basis_[2]));
    for (int k = 0; k < 3; ++k) {
        reciprocal_[k] = inverse_volume * cross(basis_[(k + 1) % 3], basis_[(k + 2) % 3]);
        height_[k] = 1 / std::sqrt(squared_norm(reciprocal_[k]));
    }
    // For a vertex v of an empty sphere around c neither v + b nor v - b lies in it, so that
    // |(v - c) . b| <= |b|^2 / 2 for every lattice vector b; in fractional coordinates, with the
    // reciprocal vectors g, |g_k . (v - c)| <= sum_j |g_k . g_j| |b_j|^2 / 2. The excess absorbs the
    // tolerance in placing circumcentres.
    for (int k = 0; k < n_periodic_; ++k) {
        margin_[k] = 1e-4;
        for (int j = 0; j < n_periodic_; ++j)
            margin_[k] += std::abs(dot(reciprocal_[k], reciprocal_[j])) * squared_norm(basis_[j]) / 2;
    }
}

// The finest power of two at which the padded point set spans at most 2^span_bits units.
void Lattice::choose_scale(std::span<const Point> positions) {
    std::array<double, 3> low, high;
    low.fill(std::numeric_limits<double>::infinity());
    high.fill(-std::numeric_limits<double>::infinity());
    for (const Point& p : positions)
        for (int k = n_periodic_; k < 3; ++k) {
            low[k] = std::min(low[k], fractional(k, p));
            high[k] = std::max(high[k], fractional(k, p));
        }
    double span = 0;
    for (int k = 0; k < 3; ++k)
        span += k < n_periodic_
                    ? (1 + 2 * margin_[k]) * largest_component(basis_[k])
                    : high[k] - low[k];
    largest_weight_ = positions.front().w;
    for (const Point& p : positions) largest_weight_ = std::max(largest_weight_, p.w);
    weight_range_ = weight_range(positions);
    span = std::max(span, std::sqrt(weight_range_));
    if (!(span > 0)) span = 1;
    scale_ = std::ldexp(1.0, span_bits - std::ilogb(span) - 1);

    if (n_periodic_ == 0) return;
    // The normals are unit vectors: the frame's volume is that of the periodic vectors alone.
    double volume = std::abs(dot(basis_[0], cross(basis_[1], basis_[2])));
    const double n = static_cast<double>(positions.size());
    // A slab or wire one atom thick still has neighbours along its lattice vectors.
    const double thinnest = std::pow(volume / n, 1.0 / n_periodic_);
    for (int k = n_periodic_; k < 3; ++k) volume *= std::max(high[k] - low[k], thinnest);
    spacing_ = std::cbrt(volume / n);
}

void Lattice::snap_and_wrap(std::span<const Point> positions, const Cell& cell) {
    // From here on everything is in grid units.
    std::array<std::array<std::int64_t, 3>, 3> vectors{}, reduced{};
    for (int k = 0; k < n_periodic_; ++k) vectors[axes_[k]] = to_grid(cell.vectors[axes_[k]], scale_);
    for (int k = 0; k < n_periodic_; ++k) {
        for (int j = 0; j < 3; ++j)
            for (int c = 0; c < 3; ++c) reduced[k][c] += transform_[k][j] * vectors[j][c];
        basis_[k] = {double(reduced[k][0]), double(reduced[k][1]), double(reduced[k][2])};
    }
    complete_frame();
    invert_exactly();
    spacing_ *= scale_;

    // The first atom becomes the origin, so that a far-away system keeps the full resolution.
    const Point origin = positions[0];
    // Weights become multiples of a step that leaves them 52 bits, and whole squared grid steps.
    const int finest = -2 * std::ilogb(scale_);
    const int weight_exponent =
        weight_range_ > 0 ? std::max(std::ilogb(weight_range_) - 51, finest) : finest;
    atoms_.reserve(positions.size());
    home_offset_.reserve(positions.size());
    for (const Point& p : positions) {
        auto snapped = to_grid(p - origin, scale_);
        Offset home{};
        const Point approximate{double(snapped[0]), double(snapped[1]), double(snapped[2])};
        for (int k = 0; k < n_periodic_; ++k) {
            const auto wraps = static_cast<std::int64_t>(std::floor(fractional(k, approximate)));
            for (int c = 0; c < 3; ++c) snapped[c] -= wraps * reduced[k][c];
            add_multiple(home, transform_[k], -wraps);
        }
        const double weight = std::ldexp(
            std::nearbyint(std::ldexp(p.w - largest_weight_, -weight_exponent)), weight_exponent);
        atoms_.push_back({double(snapped[0]), double(snapped[1]), double(snapped[2]),
                          weight * scale_ * scale_});
        home_offset_.push_back({static_cast<std::int32_t>(home[0]),
                                static_cast<std::int32_t>(home[1]),
                                static_cast<std::int32_t>(home[2])});
    }
    sort_in_space();
}

void Lattice::sort_in_space() {
    user_index_.resize(atoms_.size());
    std::iota(user_index_.begin(), user_index_.end(), 0);
    if (atoms_.size() < sort_from) return;
    const HilbertCurve curve(atoms_);
    std::vector<std::uint64_t> keys;
    keys.reserve(atoms_.size());
    for (std::size_t i = 0; i < atoms_.size(); ++i)
        keys.push_back(static_cast<std::uint64_t>(curve.key(atoms_[i])) << 32 | i);
    std::sort(keys.begin(), keys.end());
    std::vector<Point> atoms;
    std::vector<std::array<std::int32_t, 3>> home_offset;
    atoms.reserve(keys.size());
    home_offset.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto user = static_cast<std::int32_t>(keys[i] & 0xffffffff);
        user_index_[i] = user;
        atoms.push_back(atoms_[user]);
        home_offset.push_back(home_offset_[user]);
    }
    atoms_.swap(atoms);
    home_offset_.swap(home_offset);
}

// The rows of the inverse that belong to periodic vectors. With basis components below 2^47 the
// denominator of a slab, |b0 x b1|^2, stays below 2^192 and a product with a circumcentre's
// numerator (below 2^196) below 2^342.
void Lattice::invert_exactly() {
    using Vector = std::array<Int384, 3>;
    const auto integer = [](const Point& p) {
        return Vector{Int128(p.x), Int128(p.y), Int128(p.z)};
    };
    const auto cross = [](const Vector& a, const Vector& b) {
        return Vector{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                      a[0] * b[1] - a[1] * b[0]};
    };
    const auto dot = [](const Vector& a, const Vector& b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    };
    if (n_periodic_ == 0) return;
    const Vector b0 = integer(basis_[0]);
    if (n_periodic_ == 1) {
        exact_reciprocal_[0] = b0;
    } else {
        const Vector b1 = integer(basis_[1]), normal = cross(b0, b1);
        const Vector b2 = n_periodic_ == 3 ? integer(basis_[2]) : normal;
        exact_reciprocal_ = {cross(b1, b2), cross(b2, b0), normal};
    }
    exact_denominator_ = dot(exact_reciprocal_[0], b0);
}

double Lattice::fractional(int k, const ExactCentre& p) const {
    const auto& row = exact_reciprocal_[k];
    const Int384 numerator = row[0] * Int384(p.numerator[0]) + row[1] * Int384(p.numerator[1]) +
                             row[2] * Int384(p.numerator[2]);
    return numerator.to_double() / p.denominator.to_double() / exact_denominator_.to_double();
}

Point Lattice::translation(const Offset& reduced) const {
    Point t{0, 0, 0};
    for (int k = 0; k < n_periodic_; ++k) t = t + static_cast<double>(reduced[k]) * basis_[k];
    return t;
}

Offset Lattice::user_offset(std::int64_t atom, const Offset& reduced) const {
    Offset user = {home_offset_[atom][0], home_offset_[atom][1], home_offset_[atom][2]};
    for (int k = 0; k < n_periodic_; ++k)
        if (reduced[k] != 0) add_multiple(user, transform_[k], reduced[k]);
    return user;
}

}  // namespace amorph
