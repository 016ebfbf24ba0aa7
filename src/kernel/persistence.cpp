#include "persistence.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>

#include "filtration_order.hpp"

namespace amorph {
namespace {

using Index = std::int32_t;

std::vector<Index> ranks_of(const std::vector<Index>& order) {
    std::vector<Index> rank(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<Index>(i);
    return rank;
}

// Disjoint sets whose root is the member of least seniority number.
class UnionFind {
public:
    explicit UnionFind(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }

    Index root(Index i) {
        while (parent_[i] != i) {
            parent_[i] = parent_[parent_[i]];
            i = parent_[i];
        }
        return i;
    }

    // Merges two different sets and returns the root that is no longer one, the younger.
    Index merge(Index root_a, Index root_b) {
        const auto [elder, younger] = std::minmax(root_a, root_b);
        parent_[younger] = elder;
        return younger;
    }

private:
    std::vector<Index> parent_;
};

class Reduction {
public:
    explicit Reduction(const Complex& complex)
        : complex_(complex),
          atom_order_(filtration_order(complex.atoms)),
          edge_order_(filtration_order(complex.edges)),
          triangle_order_(filtration_order(complex.triangles)),
          tet_order_(filtration_order(complex.tets)),
          joins_components_(complex.edges.size(), 0),
          makes_void_(complex.triangles.size(), 0) {}

    std::array<std::vector<PersistencePair>, 3> run() {
        pair_vertices();
        pair_voids();
        pair_cycles();
        return std::move(pairs_);
    }

private:
    // H0: an edge that joins two components kills the younger.
    void pair_vertices() {
        const std::vector<Index> seniority = ranks_of(atom_order_);
        UnionFind components(complex_.atoms.size());
        for (const Index e : edge_order_) {
            const Index a = components.root(seniority[complex_.edges[e].face[0]]);
            const Index b = components.root(seniority[complex_.edges[e].face[1]]);
            if (a == b) continue;
            pairs_[0].push_back({atom_order_[components.merge(a, b)], e});
            joins_components_[e] = 1;
        }
        for (const Index atom : atom_order_)
            if (!complex_.hidden[atom] && components.root(seniority[atom]) == seniority[atom])
                pairs_[0].push_back({atom, -1});
    }

    // H2 by duality: growing the complement from the largest tetrahedra downwards, a triangle
    // that joins two of its components is born with the void that the younger one fills. The
    // outside of a free, slab or wire complex is the eldest component.
    void pair_voids() {
        const Index n_tets = static_cast<Index>(complex_.tets.size());
        std::vector<std::array<Index, 2>> sides(complex_.triangles.size(), {-1, -1});
        for (Index t = 0; t < n_tets; ++t)
            for (const Index triangle : complex_.tets[t].face)
                sides[triangle][sides[triangle][0] < 0 ? 0 : 1] = t;

        // Component numbers are seniorities: 0 is the outside, then the tets, last born first.
        std::vector<Index> seniority(complex_.tets.size());
        for (Index i = 0; i < n_tets; ++i) seniority[tet_order_[i]] = n_tets - i;
        const auto component = [&](Index tet) { return tet < 0 ? 0 : seniority[tet]; };
        UnionFind components(complex_.tets.size() + 1);
        for (std::size_t i = triangle_order_.size(); i-- > 0;) {
            const Index triangle = triangle_order_[i];
            const Index a = components.root(component(sides[triangle][0]));
            const Index b = components.root(component(sides[triangle][1]));
            if (a == b) continue;
            const Index younger = components.merge(a, b);
            pairs_[2].push_back({triangle, tet_order_[n_tets - younger]});
            makes_void_[triangle] = 1;
        }
    }

    // H1: reduction of the triangles' boundaries. Triangles that make voids reduce to zero
    // (clearing), edges that join components never become pivots (compression). A column that
    // reduces to zero all the same is an essential class of H2.
    void pair_cycles() {
        const std::vector<Index> edge_rank = ranks_of(edge_order_);
        std::vector<Index> killer(complex_.edges.size(), -1);  // triangle, by rank of its pivot
        std::vector<std::size_t> start(complex_.edges.size());  // of the pivot's column in pool
        std::vector<std::int32_t> length(complex_.edges.size());
        std::vector<Index> pool, column, sum;
        pool.reserve(4 * complex_.edges.size());
        for (const Index triangle : triangle_order_) {
            if (makes_void_[triangle]) continue;
            column.clear();
            for (const Index e : complex_.triangles[triangle].face)
                if (!joins_components_[e]) toggle(column, edge_rank[e]);
            while (!column.empty() && killer[column.back()] >= 0) {
                const Index pivot = column.back();
                const std::span<const Index> other(pool.data() + start[pivot],
                                                   static_cast<std::size_t>(length[pivot]));
                sum.clear();
                std::set_symmetric_difference(column.begin(), column.end(), other.begin(),
                                              other.end(), std::back_inserter(sum));
                column.swap(sum);
            }
            if (column.empty()) {
                pairs_[2].push_back({triangle, -1});
                continue;
            }
            const Index pivot = column.back();
            killer[pivot] = triangle;
            start[pivot] = pool.size();
            length[pivot] = static_cast<std::int32_t>(column.size());
            pool.insert(pool.end(), column.begin(), column.end());
        }
        for (std::size_t rank = 0; rank < edge_order_.size(); ++rank)
            if (!joins_components_[edge_order_[rank]])
                pairs_[1].push_back({edge_order_[rank], killer[rank]});
    }

    // Adds a rank to a sorted column over the field of two elements: a repeated edge cancels.
    static void toggle(std::vector<Index>& column, Index rank) {
        const auto place = std::lower_bound(column.begin(), column.end(), rank);
        if (place != column.end() && *place == rank) {
            column.erase(place);
        } else {
            column.insert(place, rank);
        }
    }

    const Complex& complex_;
    std::vector<Index> atom_order_, edge_order_, triangle_order_, tet_order_;
    std::vector<std::uint8_t> joins_components_, makes_void_;
    std::array<std::vector<PersistencePair>, 3> pairs_;
};

}  // namespace

std::array<std::vector<PersistencePair>, 3> persistence_pairs(const Complex& complex) {
    return Reduction(complex).run();
}

}  // namespace amorph
