// Fixed-width two's-complement integers: just enough arithmetic for the exact
// branch of the predicates. Every operation is modulo 2^(64 * Limbs); the
// callers show that their true results fit (see predicates.hpp).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace amorph {

using Int128 = __int128;
using UInt128 = unsigned __int128;

template <std::size_t Limbs>
class FixedInt {
public:
    FixedInt() = default;

    FixedInt(Int128 value) {
        const std::uint64_t extension = value < 0 ? ~std::uint64_t{0} : 0;
        limbs_.fill(extension);
        limbs_[0] = static_cast<std::uint64_t>(value);
        limbs_[1] = static_cast<std::uint64_t>(value >> 64);
    }

    // Sign extension of a narrower integer.
    template <std::size_t Fewer>
        requires(Fewer < Limbs)
    FixedInt(const FixedInt<Fewer>& narrow) {
        limbs_.fill(narrow.sign() < 0 ? ~std::uint64_t{0} : 0);
        for (std::size_t i = 0; i < Fewer; ++i) limbs_[i] = narrow.limbs_[i];
    }

    friend FixedInt operator+(const FixedInt& a, const FixedInt& b) {
        FixedInt sum;
        UInt128 carry = 0;
        for (std::size_t i = 0; i < Limbs; ++i) {
            carry += static_cast<UInt128>(a.limbs_[i]) + b.limbs_[i];
            sum.limbs_[i] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
        return sum;
    }

    friend FixedInt operator-(const FixedInt& a) {
        FixedInt flipped;
        for (std::size_t i = 0; i < Limbs; ++i) flipped.limbs_[i] = ~a.limbs_[i];
        return flipped + FixedInt(1);
    }

    friend FixedInt operator-(const FixedInt& a, const FixedInt& b) { return a + (-b); }

    friend FixedInt operator*(const FixedInt& a, const FixedInt& b) {
        FixedInt product;
        for (std::size_t i = 0; i < Limbs; ++i) {
            UInt128 carry = 0;
            for (std::size_t j = 0; i + j < Limbs; ++j) {
                carry += static_cast<UInt128>(a.limbs_[i]) * b.limbs_[j] + product.limbs_[i + j];
                product.limbs_[i + j] = static_cast<std::uint64_t>(carry);
                carry >>= 64;
            }
        }
        return product;
    }

    int sign() const {
        if (static_cast<std::int64_t>(limbs_[Limbs - 1]) < 0) return -1;
        return limbs_ != std::array<std::uint64_t, Limbs>{};
    }

    // Relative error at most a few units in the last place.
    double to_double() const {
        const bool negative = sign() < 0;
        // Read as unsigned it is right even for the most negative number.
        const FixedInt magnitude = negative ? -*this : *this;
        double value = 0;
        for (std::size_t i = Limbs; i-- > 0;)
            value = value * 0x1p64 + static_cast<double>(magnitude.limbs_[i]);
        return negative ? -value : value;
    }

private:
    template <std::size_t>
    friend class FixedInt;

    std::array<std::uint64_t, Limbs> limbs_{};  // least significant first
};

using Int256 = FixedInt<4>;
using Int320 = FixedInt<5>;
using Int384 = FixedInt<6>;

}  // namespace amorph
