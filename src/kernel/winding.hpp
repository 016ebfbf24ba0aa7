// Which way around the torus an essential class goes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "complex.hpp"
#include "persistence.hpp"

namespace amorph {

// Atom and offset, in the user's terms, of each padded vertex.
using ImageName = std::array<std::int32_t, 4>;

// Whole lattice vectors travelled along a loop.
using Winding = std::array<std::int32_t, 3>;

// For each essential pair of H1, in their order: the winding of the ring that its edge closes
// together with older edges.
std::vector<Winding> ring_windings(const Complex& complex, const std::vector<ImageName>& names,
                                   const std::vector<PersistencePair>& h0,
                                   const std::vector<PersistencePair>& h1);

// For each essential pair of H2 of a structure that is periodic in space: the winding of the
// channel that its triangle closes, a loop of tetrahedra that leads through this triangle and
// otherwise through younger ones. The membrane born there crosses that loop once.
std::vector<Winding> channel_windings(const Complex& complex, const std::vector<ImageName>& names,
                                      const std::vector<PersistencePair>& h2);

}  // namespace amorph
