#include "persistence.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>

#include "filtration_order.hpp"
#include "tasks.hpp"

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
    Reduction(const Complex& complex, ReducedBoundaries* kept)
        : complex_(complex),
          kept_(kept),
          joins_components_(complex.edges.size(), 0),
          makes_void_(complex.triangles.size(), 0) {}

    std::array<std::vector<PersistencePair>, 3> run(bool above_components, int n_threads) {
        if (above_components) {
            run_tasks(n_threads, [&] { pair_voids(); }, [&] { pair_vertices(); });
            pair_cycles();
        } else {
            pair_vertices();
        }
        return std::move(pairs_);
    }

private:
    // H0: an edge that joins two components kills the younger.
    void pair_vertices() {
        const std::vector<Index> atom_order = filtration_order(complex_.atoms);
        const std::vector<Index> edge_order = filtration_order(complex_.edges);
        edge_rank_ = ranks_of(edge_order);
        const std::vector<Index> seniority = ranks_of(atom_order);
        UnionFind components(complex_.atoms.size());
        for (const Index e : edge_order) {
            const Index a = components.root(seniority[complex_.edges[e].face[0]]);
            const Index b = components.root(seniority[complex_.edges[e].face[1]]);
            if (a == b) continue;
            pairs_[0].push_back({atom_order[components.merge(a, b)], e});
            joins_components_[e] = 1;
        }
        for (const Index atom : atom_order)
            if (!complex_.hidden[atom] && components.root(seniority[atom]) == seniority[atom])
                pairs_[0].push_back({atom, -1});
    }

    // H2 by duality: growing the complement from the largest tetrahedra downwards, a triangle
    // that joins two of its components is born with the void that the younger one fills. The
    // outside of a free, slab or wire complex is the eldest component.
    void pair_voids() {
        const std::vector<Index> triangle_order = filtration_order(complex_.triangles);
        triangle_rank_ = ranks_of(triangle_order);
        const std::vector<Index> tet_order = filtration_order(complex_.tets);
        const Index n_tets = static_cast<Index>(tet_order.size());
        if (n_tets == 0) return;
        // Component numbers are seniorities: 0 is the outside, then the tets, last born first.
        std::vector<Index> seniority(complex_.tets.size());
        for (Index i = 0; i < n_tets; ++i) seniority[tet_order[i]] = n_tets - i;
        std::vector<std::array<Index, 2>> sides(complex_.triangles.size(), {0, 0});
        for (Index t = 0; t < n_tets; ++t)
            for (const Index triangle : complex_.tets[t].face)
                sides[triangle][sides[triangle][0] == 0 ? 0 : 1] = seniority[t];

        UnionFind components(complex_.tets.size() + 1);
        for (std::size_t i = triangle_order.size(); i-- > 0;) {
            const Index triangle = triangle_order[i];
            const Index a = components.root(sides[triangle][0]);
            const Index b = components.root(sides[triangle][1]);
            if (a == b) continue;
            const Index younger = components.merge(a, b);
            pairs_[2].push_back({triangle, tet_order[n_tets - younger]});
            makes_void_[triangle] = 1;
        }
    }

    // H1: reduction of the triangles' boundaries. Triangles that make voids reduce to zero
    // (clearing), edges that join components never become pivots (compression). A column that
    // reduces to zero all the same is an essential class of H2.
    //
    // Columns are taken as they lie in space, not in the order of the filtration: what is needed
    // is then near in memory. The pairs are the same as long as a column is only ever added to
    // younger ones: where an older column meets the pivot of a younger one it takes the pivot
    // over, and the younger goes on (Morozov and Nigmetov, "Towards lockfree persistent
    // homology", SPAA 2020).
    void pair_cycles() {
        const std::size_t n_edges = complex_.edges.size();
        std::vector<Index> killer(n_edges, -1);     // triangle whose column has this edge as pivot
        std::vector<std::size_t> start(n_edges);    // of that column in pool
        std::vector<std::int32_t> length(n_edges);
        std::vector<Entry> pool, column, sum;
        pool.reserve(2 * n_edges);
        const auto store = [&](Index edge, Index triangle) {
            killer[edge] = triangle;
            start[edge] = pool.size();
            length[edge] = static_cast<std::int32_t>(column.size());
            pool.insert(pool.end(), column.begin(), column.end());
        };
        const auto add_stored = [&](Index edge) {
            const std::span<const Entry> other(pool.data() + start[edge],
                                               static_cast<std::size_t>(length[edge]));
            sum.clear();
            std::set_symmetric_difference(column.begin(), column.end(), other.begin(),
                                          other.end(), std::back_inserter(sum));
            column.swap(sum);
        };
        for (Index triangle = 0; triangle < static_cast<Index>(complex_.triangles.size());
             ++triangle) {
            if (makes_void_[triangle]) continue;
            boundary(triangle, column);
            for (Index current = triangle;;) {
                if (column.empty()) {
                    pairs_[2].push_back({current, -1});
                    break;
                }
                const Index pivot = edge_of(column.back()), owner = killer[pivot];
                if (owner < 0) {
                    store(pivot, current);
                    break;
                }
                if (triangle_rank_[owner] > triangle_rank_[current]) {
                    const std::vector<Entry> younger(
                        pool.begin() + start[pivot], pool.begin() + start[pivot] + length[pivot]);
                    store(pivot, current);
                    column = younger;
                    current = owner;
                }
                add_stored(pivot);
            }
        }
        for (Index e = 0; e < static_cast<Index>(n_edges); ++e)
            if (!joins_components_[e]) pairs_[1].push_back({e, killer[e]});
        if (kept_ != nullptr)
            *kept_ = {std::move(edge_rank_), std::move(triangle_rank_),
                      std::move(joins_components_), std::move(killer),
                      std::move(start), std::move(length), std::move(pool)};
    }

    using Entry = ReducedBoundaries::Entry;

    static Index edge_of(Entry entry) { return ReducedBoundaries::edge_of(entry); }

    // Sorted; an edge that the triangle has twice cancels over the field of two elements.
    void boundary(Index triangle, std::vector<Entry>& column) const {
        column.clear();
        for (const Index e : complex_.triangles[triangle].face) {
            if (joins_components_[e]) continue;
            const Entry entry = static_cast<Entry>(edge_rank_[e]) << 32 | static_cast<Entry>(e);
            const auto place = std::lower_bound(column.begin(), column.end(), entry);
            if (place != column.end() && *place == entry) {
                column.erase(place);
            } else {
                column.insert(place, entry);
            }
        }
    }

    const Complex& complex_;
    ReducedBoundaries* kept_;
    std::vector<Index> edge_rank_, triangle_rank_;
    std::vector<std::uint8_t> joins_components_, makes_void_;
    std::array<std::vector<PersistencePair>, 3> pairs_;
};

}  // namespace

std::array<std::vector<PersistencePair>, 3> persistence_pairs(const Complex& complex,
                                                              const std::array<bool, 3>& wanted,
                                                              int n_threads,
                                                              ReducedBoundaries* kept) {
    return Reduction(complex, kept).run(wanted[1] || wanted[2], n_threads);
}

}  // namespace amorph
