// The order in which simplices enter a filtration.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace amorph {

// Indices of the simplices in the order of their values (not negative), ties by index.
//
// A radix sort on the leading 33 of the bits in which the values differ at all, then a comparison
// sort inside the few runs that agree in those: three times faster than comparing throughout.
template <class Simplex>
std::vector<std::int32_t> filtration_order(const std::vector<Simplex>& simplices) {
    struct Entry {
        std::uint64_t bits;  // of the value: doubles that are not negative compare like integers
        std::int32_t index;
    };
    constexpr int digit_bits = 11, n_digits = 3, n_buckets = 1 << digit_bits;
    const std::size_t n = simplices.size();
    std::vector<Entry> entries(n), sorted(n);
    std::uint64_t low = ~std::uint64_t{0}, high = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto bits = std::bit_cast<std::uint64_t>(simplices[i].value + 0.0);  // -0 is 0
        entries[i] = {bits, static_cast<std::int32_t>(i)};
        low = std::min(low, bits);
        high = std::max(high, bits);
    }
    const int shift = std::max(0, static_cast<int>(std::bit_width(high - std::min(low, high))) -
                                      digit_bits * n_digits);
    const auto digit = [&](const Entry& e, int d) {
        return ((e.bits - low) >> (shift + d * digit_bits)) & (n_buckets - 1);
    };
    std::array<std::array<std::uint32_t, n_buckets>, n_digits> start{};
    for (const Entry& e : entries)
        for (int d = 0; d < n_digits; ++d) ++start[d][digit(e, d)];
    for (int d = 0; d < n_digits; ++d) {
        std::uint32_t sum = 0;
        for (std::uint32_t& count : start[d]) sum += std::exchange(count, sum);
        for (const Entry& e : entries) sorted[start[d][digit(e, d)]++] = e;
        entries.swap(sorted);
    }
    for (std::size_t begin = 0, end; begin < n; begin = end) {
        const std::uint64_t prefix = (entries[begin].bits - low) >> shift;
        for (end = begin + 1; end < n && (entries[end].bits - low) >> shift == prefix;) ++end;
        if (end - begin == 1) continue;
        // The radix passes have kept equal values in the order of their indices, so that often
        // (a sliver and the triangles that enter with it) nothing is left to do.
        const auto before = [](const Entry& a, const Entry& b) { return a.bits < b.bits; };
        const auto first = entries.begin() + begin, last = entries.begin() + end;
        if (!std::is_sorted(first, last, before)) std::stable_sort(first, last, before);
    }
    std::vector<std::int32_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = entries[i].index;
    return order;
}

}  // namespace amorph
