// Persistent homology of a filtered complex over the field of two elements.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "complex.hpp"

namespace amorph {

// A class born with one simplex and killed by another of the next dimension; `death` is -1 for
// an essential class, which nothing kills. Indices into the arrays of Complex (atoms for the
// births in dimension 0).
struct PersistencePair {
    std::int32_t birth, death;
};

// The boundaries of triangles as the reduction leaves them: what bounds at a given time.
struct ReducedBoundaries {
    // An edge in a column: its rank, which sorts, above its index.
    using Entry = std::uint64_t;

    static std::int32_t edge_of(Entry entry) {
        return static_cast<std::int32_t>(entry & 0xffffffff);
    }
    Entry entry(std::int32_t edge) const {
        return static_cast<Entry>(edge_rank[edge]) << 32 | static_cast<Entry>(edge);
    }
    // The cycle with this edge as its last, of the triangle that kills it. Edges that join
    // components are left out: the others of a cycle determine them.
    std::span<const Entry> column(std::int32_t edge) const {
        return {pool.data() + start[edge], static_cast<std::size_t>(length[edge])};
    }

    std::vector<std::int32_t> edge_rank, triangle_rank;  // places in the filtration
    std::vector<std::uint8_t> joins_components;          // by edge
    std::vector<std::int32_t> killer;  // triangle whose column has this edge as pivot, or -1
    std::vector<std::size_t> start;    // of that column in pool
    std::vector<std::int32_t> length;
    std::vector<Entry> pool;
};

// Pairs of the dimensions wanted out of H0, H1 and H2, those of zero length included. H0 alone
// costs little; H1 and H2 need each other. With more than one thread H0 and the voids of H2 are
// paired side by side. The reduced boundaries, where H1 and H2 are wanted, are kept for whom they
// are asked for.
std::array<std::vector<PersistencePair>, 3> persistence_pairs(const Complex& complex,
                                                              const std::array<bool, 3>& wanted,
                                                              int n_threads,
                                                              ReducedBoundaries* kept = nullptr);

}  // namespace amorph
