// Homology classes of cycles of edges, as they are just before a triangle enters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "complex.hpp"
#include "persistence.hpp"

namespace amorph {

class CycleClasses {
public:
    // A number for each homology class such that the number of a sum is the exclusive or of the
    // numbers: 64 random functionals, which tell two classes apart but once in 2^64.
    using Signature = std::uint64_t;

    CycleClasses(const Complex& complex, const ReducedBoundaries& boundaries);

    // Everything that follows is about the moment before this pair's death.
    void look_at(const PersistencePair& pair);

    // The class of the cycle that an edge closes with those that join components.
    Signature signature(std::int32_t edge);

    // The class that the death triangle fills.
    Signature filled_signature();

    // Whether the edge is the last of a cycle that bounds by now.
    bool bounds(std::int32_t edge) const {
        const std::int32_t killer = boundaries_.killer[edge];
        return killer >= 0 && boundaries_.triangle_rank[killer] < death_rank_;
    }

    // Whether a cycle, the sum of these edges modulo 2, is of that class. Exact.
    bool is_filled(std::span<const std::int32_t> edges);

    // The edges, sorted, of the death triangle's reduced boundary, those that join components
    // included.
    std::vector<std::int32_t> reduced_boundary();

private:
    struct Parent {
        std::int32_t edge = -1, atom = -1;
    };

    void root_trees();

    const Complex& complex_;
    const ReducedBoundaries& boundaries_;
    std::int32_t birth_ = 0, death_rank_ = 0;
    std::vector<Signature> signature_;
    std::vector<std::uint32_t> signature_round_;  // in which its signature was found
    std::uint32_t round_ = 0;
    std::vector<std::int32_t> unknown_;
    std::vector<ReducedBoundaries::Entry> column_, sum_;
    std::vector<std::int32_t> tree_order_;  // see root_trees
    std::vector<Parent> parent_;
};

}  // namespace amorph
