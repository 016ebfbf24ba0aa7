// Persistent homology of a filtered complex over the field of two elements.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "complex.hpp"

namespace amorph {

// A class born with one simplex and killed by another of the next dimension; `death` is -1 for
// an essential class, which nothing kills. Indices into the arrays of Complex (atoms for the
// births in dimension 0).
struct PersistencePair {
    std::int32_t birth, death;
};

// Pairs of the dimensions wanted out of H0, H1 and H2, those of zero length included. H0 alone
// costs little; H1 and H2 need each other. With more than one thread H0 and the voids of H2 are
// paired side by side.
std::array<std::vector<PersistencePair>, 3> persistence_pairs(const Complex& complex,
                                                              const std::array<bool, 3>& wanted,
                                                              int n_threads);

}  // namespace amorph
