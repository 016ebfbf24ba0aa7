#include "padding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

#include "hilbert.hpp"

namespace amorph {
namespace {

struct Bounds {
    std::array<double, 4> low, high;  // x, y, z, w
};

Bounds bounds_of(const std::vector<Point>& points, std::size_t first) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    Bounds b{{inf, inf, inf, inf}, {-inf, -inf, -inf, -inf}};
    for (std::size_t i = first; i < points.size(); ++i) {
        const std::array<double, 4> p = {points[i].x, points[i].y, points[i].z, points[i].w};
        for (int c = 0; c < 4; ++c) {
            b.low[c] = std::min(b.low[c], p[c]);
            b.high[c] = std::max(b.high[c], p[c]);
        }
    }
    return b;
}

// Biased randomised insertion order: each point falls into ever earlier, eight times smaller
// rounds with probability 1/8 (by a hash of its index, so that runs repeat), and each round
// follows a Hilbert curve. Neighbours in time are then neighbours in space, yet no
// arrangement of the input makes the triangulation slow.
std::vector<Vertex> insertion_order(const std::vector<Point>& points, std::size_t first) {
    const HilbertCurve curve(std::span<const Point>(points).subspan(first));
    int n_rounds = 0;
    for (std::size_t n = points.size() - first; n > 64; n /= 8) ++n_rounds;

    struct Entry {
        std::uint64_t key;
        Vertex vertex;
    };
    std::vector<Entry> entries;
    entries.reserve(points.size() - first);
    for (std::size_t i = first; i < points.size(); ++i) {
        std::uint64_t hash = (i + 1) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 32;
        int promotions = 0;
        while (promotions < n_rounds && (hash & 7) == 0) {
            hash >>= 3;
            ++promotions;
        }
        entries.push_back({static_cast<std::uint64_t>(n_rounds - promotions) << 32 | curve.key(points[i]),
                           static_cast<Vertex>(i)});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& c) {
        return a.key != c.key ? a.key < c.key : a.vertex < c.vertex;
    });
    std::vector<Vertex> order;
    order.reserve(entries.size());
    for (const Entry& entry : entries) order.push_back(entry.vertex);
    return order;
}

// Offsets that move a fractional coordinate to within `margin` of the home cell; at least 0.
std::pair<std::int64_t, std::int64_t> offsets_within(double f, double margin) {
    std::int64_t low = std::llround(std::floor(-margin - f));
    while (low < 0 && f + static_cast<double>(low) < -margin) ++low;
    std::int64_t high = std::llround(std::ceil(1 + margin - f));
    while (high > 0 && f + static_cast<double>(high) > 1 + margin) --high;
    return {std::min<std::int64_t>(low, 0), std::max<std::int64_t>(high, 0)};
}

}  // namespace

std::vector<Vertex> PaddedPoints::grow(const Lattice& lattice, double radius,
                                       double previous_radius) {
    const std::size_t first = points.size();
    const auto& atoms = lattice.atoms();
    std::array<double, 3> margin{}, previous_margin{};
    for (int k = 0; k < lattice.n_periodic(); ++k) {
        margin[k] = std::min(radius / lattice.height(k), lattice.margin(k));
        previous_margin[k] = std::min(previous_radius / lattice.height(k), lattice.margin(k));
    }
    for (std::size_t atom = 0; atom < atoms.size(); ++atom) {
        // The images wanted, and those added before, fill boxes of offsets. One test decides both,
        // so that rounding can neither lose an image nor add it twice.
        Offset low{}, high{}, had_low{}, had_high{};
        for (int k = 0; k < lattice.n_periodic(); ++k) {
            const double f = lattice.fractional(k, atoms[atom]);
            std::tie(low[k], high[k]) = offsets_within(f, margin[k]);
            std::tie(had_low[k], had_high[k]) = offsets_within(f, previous_margin[k]);
        }
        Offset n;
        for (n[0] = low[0]; n[0] <= high[0]; ++n[0])
            for (n[1] = low[1]; n[1] <= high[1]; ++n[1])
                for (n[2] = low[2]; n[2] <= high[2]; ++n[2]) {
                    bool had = previous_radius >= 0;
                    for (int k = 0; k < 3; ++k) had = had && n[k] >= had_low[k] && n[k] <= had_high[k];
                    if (had) continue;
                    add(atom, n == Offset{} ? atoms[atom] : atoms[atom] + lattice.translation(n), n);
                }
    }
    return insertion_order(points, first);
}

void PaddedPoints::add(std::size_t atom, const Point& point, const Offset& offset) {
    points.push_back(point);
    codes.push_back(static_cast<ImageCode>(atom) << 30 |
                    static_cast<ImageCode>(offset[0] + 512) << 20 |
                    static_cast<ImageCode>(offset[1] + 512) << 10 |
                    static_cast<ImageCode>(offset[2] + 512));
}

Predicates PaddedPoints::predicates() const {
    const Bounds b = bounds_of(points, 1);
    Predicates predicates;
    predicates.set_extent(std::max({b.high[0] - b.low[0], b.high[1] - b.low[1],
                                    b.high[2] - b.low[2]}),
                          b.high[3] - b.low[3]);
    return predicates;
}

bool PaddedPoints::weighted() const {
    const Bounds b = bounds_of(points, 1);
    return b.high[3] > b.low[3];
}

std::vector<Vertex> PaddedPoints::one_image_each(std::size_t n_atoms) const {
    std::vector<Vertex> images(n_atoms);
    for (std::size_t v = 1; v < codes.size(); ++v)
        images[static_cast<std::size_t>(code_atom(codes[v]))] = static_cast<Vertex>(v);
    return images;
}

}  // namespace amorph
