// From pairs of H1 to rings of atoms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "complex.hpp"
#include "persistence.hpp"
#include "winding.hpp"

namespace amorph {

// Closed paths of edges. A ring's atoms are in the order along it, in the user's numbers; the first
// is at offset 0, the ring's last edge to enter leads from it to the second.
struct RingList {
    std::vector<std::int32_t> start{0};  // (n + 1): where each ring's atoms begin
    std::vector<std::int32_t> atoms;
    std::vector<std::int32_t> offsets;  // (atoms, 3), the path unrolled
    std::vector<std::int32_t> closing;  // (n, 3): lattice vectors travelled in one turn
    std::vector<std::uint8_t> filled;   // (n): bounds at death
};

// A pair of H1 and the value up to which edges of its ring may enter, not before the birth.
struct RingRequest {
    PersistencePair pair;
    double latest;
};

// For each pair (e, t) the shortest ring that t fills: homologous, just before t, to t's reduced
// boundary, so that it bounds from t on and not before. See docs/rings.md for what that proves.
//
// Shortest is the one of fewest edges, of as many that of the least sum of `lengths`: of those
// through e with edges up to e, and, if they have fewer edges, those that pass an atom of t with
// edges up to `latest`. There may be none: t may close the tube between a ring through e and an older one elsewhere. Then, and for
// essential pairs, it is the shortest of all rings through e, not filled. A ring may pass an atom
// several times, but no image of it. Where the search meets a great many paths it is given up: then
// the ring is one within t's reduced boundary, filled though not the shortest.
RingList tight_rings(const Complex& complex, const std::vector<ImageName>& names,
                     const ReducedBoundaries& boundaries, const std::vector<double>& lengths,
                     std::span<const RingRequest> requests);

}  // namespace amorph
