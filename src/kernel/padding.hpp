// The atoms of the home cell and the periodic images around them, the points
// that stand in for the infinite structure.
#pragma once

#include <cstdint>
#include <vector>

#include "lattice.hpp"
#include "predicates.hpp"

namespace amorph {

// Index into PaddedPoints; 0 is the point at infinity of the triangulation.
using Vertex = std::int32_t;
inline constexpr Vertex infinite_vertex = 0;

// An atom and the image it is taken at, in one integer: 34 bits of atom index, then three
// offsets of 10 bits each (biased by 512). Comparing codes compares (atom, offset)
// lexicographically, an order that no translation changes.
using ImageCode = std::uint64_t;

inline constexpr ImageCode image_bias = (512ull << 20) | (512ull << 10) | 512ull;
inline constexpr ImageCode offset_mask = (1ull << 30) - 1;

inline std::int64_t code_atom(ImageCode code) { return static_cast<std::int64_t>(code >> 30); }

inline Offset code_offset(ImageCode code) {
    return {static_cast<std::int64_t>((code >> 20) & 1023) - 512,
            static_cast<std::int64_t>((code >> 10) & 1023) - 512,
            static_cast<std::int64_t>(code & 1023) - 512};
}

// The code of `code`'s atom after the translation that takes `origin` to offset 0. Lattice::margin
// keeps offsets to a few, so no field overflows into the next.
inline ImageCode relative_code(ImageCode code, ImageCode origin) {
    return code - (origin & offset_mask) + image_bias;
}

struct PaddedPoints {
    std::vector<Point> points{Point{0, 0, 0}};  // points[infinite_vertex] is a placeholder
    std::vector<ImageCode> codes{0};

    void add(std::size_t atom, const Point& point, const Offset& offset);

    // Adds every image within `radius` (grid units) of the home cell, but no farther than
    // Lattice::margin, that was not within `previous_radius`; with a negative previous radius also
    // the atoms themselves. Returns the new vertices in the order in which to insert them (see insertion_order).
    std::vector<Vertex> grow(const Lattice& lattice, double radius, double previous_radius);

    // Predicates that know the extent of the points as they are now.
    Predicates predicates() const;

    bool weighted() const;  // whether any two weights differ

    // An image of each of n_atoms atoms.
    std::vector<Vertex> one_image_each(std::size_t n_atoms) const;
};

}  // namespace amorph
