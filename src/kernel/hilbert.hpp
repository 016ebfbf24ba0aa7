// Orders points in space so that neighbours in the order are neighbours in space.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "point.hpp"

namespace amorph {

// The Hilbert curve through the bounding box of some points (Skilling, "Programming the Hilbert
// curve", AIP Conf. Proc. 707, 381, 2004).
class HilbertCurve {
public:
    static constexpr int bits = 10;  // levels; keys have three times as many bits

    explicit HilbertCurve(std::span<const Point> points) {
        constexpr double inf = std::numeric_limits<double>::infinity();
        std::array<double, 3> high = {-inf, -inf, -inf};
        low_ = {inf, inf, inf};
        for (const Point& p : points) {
            const std::array<double, 3> x = {p.x, p.y, p.z};
            for (int c = 0; c < 3; ++c) {
                low_[c] = std::min(low_[c], x[c]);
                high[c] = std::max(high[c], x[c]);
            }
        }
        for (int c = 0; c < 3; ++c)
            scale_[c] = high[c] > low_[c] ? ((1 << bits) - 0.5) / (high[c] - low_[c]) : 0;
    }

    std::uint32_t key(const Point& p) const {
        std::array<std::uint32_t, 3> x = {static_cast<std::uint32_t>((p.x - low_[0]) * scale_[0]),
                                          static_cast<std::uint32_t>((p.y - low_[1]) * scale_[1]),
                                          static_cast<std::uint32_t>((p.z - low_[2]) * scale_[2])};
        constexpr std::uint32_t top = 1u << (bits - 1);
        for (std::uint32_t q = top; q > 1; q >>= 1)
            for (std::uint32_t& xi : x) {
                if (xi & q) {
                    x[0] ^= q - 1;
                } else {
                    const std::uint32_t t = (x[0] ^ xi) & (q - 1);
                    x[0] ^= t;
                    xi ^= t;
                }
            }
        x[1] ^= x[0];
        x[2] ^= x[1];
        std::uint32_t flip = 0;
        for (std::uint32_t q = top; q > 1; q >>= 1)
            if (x[2] & q) flip ^= q - 1;
        std::uint32_t key = 0;
        for (int bit = bits - 1; bit >= 0; --bit)
            for (const std::uint32_t xi : x) key = key << 1 | (((xi ^ flip) >> bit) & 1);
        return key;
    }

private:
    std::array<double, 3> low_{}, scale_{};
};

}  // namespace amorph
