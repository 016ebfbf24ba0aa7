// From pairs of H2 to the cavities that they enclose.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "complex.hpp"
#include "persistence.hpp"
#include "winding.hpp"

namespace amorph {

// Closed surfaces, unrolled.
struct CavityList {
    std::vector<std::int32_t> atom_start{0};  // (n + 1): where each cavity's atoms begin
    std::vector<std::int32_t> atoms;          // images, sorted; in the user's numbers
    std::vector<std::int32_t> offsets;        // (atoms, 3), the first of a cavity 0
    std::vector<std::int32_t> triangle_start{0};  // (n + 1)
    std::vector<std::int32_t> triangles;  // (triangles, 3): numbers among the cavity's atoms,
                                          // anticlockwise as seen from outside
    std::vector<std::uint8_t> winding;    // (n): the void goes around the periodic cell
};

// For each finite pair (b, d) of H2 the surface of its void: of the tetrahedra that can be reached
// from d through triangles younger than b. Modulo 2 it is their boundary; b is on it and d the last
// of them to be filled, so that it is born with b and bounds from d on. Where the void touches its
// own periodic copy the surface has the same triangle twice, at two places.
CavityList cavities(const Complex& complex, const std::vector<ImageName>& names,
                    const PaddedPoints& padded, std::span<const PersistencePair> pairs);

}  // namespace amorph
