#include "cycle_classes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace amorph {
namespace {

using Index = std::int32_t;
using Entry = ReducedBoundaries::Entry;

// The generator splitmix64 of Steele, Lea and Flood (OOPSLA 2014): one number for each edge.
CycleClasses::Signature random_signature(Index edge) {
    std::uint64_t z = (static_cast<std::uint64_t>(edge) + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

}  // namespace

CycleClasses::CycleClasses(const Complex& complex, const ReducedBoundaries& boundaries)
    : complex_(complex),
      boundaries_(boundaries),
      signature_(complex.edges.size()),
      signature_round_(complex.edges.size(), 0) {}

void CycleClasses::look_at(const PersistencePair& pair) {
    birth_ = pair.birth;
    death_rank_ = boundaries_.triangle_rank[pair.death];
    ++round_;
}

CycleClasses::Signature CycleClasses::signature(Index edge) {
    if (signature_round_[edge] == round_) return signature_[edge];
    std::vector<Index>& waiting = unknown_;
    waiting.assign(1, edge);
    while (!waiting.empty()) {
        const Index e = waiting.back();
        if (signature_round_[e] == round_) {
            waiting.pop_back();
            continue;
        }
        Signature sum = 0;
        if (!boundaries_.joins_components[e] && !bounds(e)) {
            sum = random_signature(e);
        } else if (bounds(e)) {
            const std::size_t before = waiting.size();
            for (const Entry entry : boundaries_.column(e)) {
                const Index other = ReducedBoundaries::edge_of(entry);
                if (other == e) continue;
                if (signature_round_[other] == round_) {
                    sum ^= signature_[other];
                } else {
                    waiting.push_back(other);
                }
            }
            if (waiting.size() > before) continue;
        }
        signature_[e] = sum;
        signature_round_[e] = round_;
        waiting.pop_back();
    }
    return signature_[edge];
}

bool CycleClasses::is_filled(std::span<const Index> edges) {
    // Together with the reduced boundary it is a sum of older triangles.
    const auto boundary = boundaries_.column(birth_);
    column_.assign(boundary.begin(), boundary.end());
    for (const Index e : edges)
        if (!boundaries_.joins_components[e]) column_.push_back(boundaries_.entry(e));
    std::sort(column_.begin(), column_.end());
    // What is there twice cancels.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < column_.size(); ++i) {
        if (kept > 0 && column_[kept - 1] == column_[i]) {
            --kept;
        } else {
            column_[kept++] = column_[i];
        }
    }
    column_.resize(kept);
    while (!column_.empty()) {
        const Index pivot = ReducedBoundaries::edge_of(column_.back());
        if (!bounds(pivot)) return false;
        const auto other = boundaries_.column(pivot);
        sum_.clear();
        std::set_symmetric_difference(column_.begin(), column_.end(), other.begin(),
                                      other.end(), std::back_inserter(sum_));
        column_.swap(sum_);
    }
    return true;
}

CycleClasses::Signature CycleClasses::filled_signature() {
    Signature sum = 0;
    for (const Entry entry : boundaries_.column(birth_))
        sum ^= signature(ReducedBoundaries::edge_of(entry));
    return sum;
}

std::vector<Index> CycleClasses::reduced_boundary() {
    if (tree_order_.empty()) root_trees();
    std::vector<Index> cycle;
    std::vector<std::uint8_t> odd(complex_.atoms.size(), 0);
    for (const Entry entry : boundaries_.column(birth_)) {
        cycle.push_back(ReducedBoundaries::edge_of(entry));
        for (const Index atom : complex_.edges[cycle.back()].face) odd[atom] ^= 1;
    }
    // An atom that an odd number of these edges meet needs the edge to its parent, too.
    for (std::size_t i = tree_order_.size(); i-- > 0;) {
        const Index atom = tree_order_[i];
        if (!odd[atom] || parent_[atom].edge < 0) continue;
        cycle.push_back(parent_[atom].edge);
        odd[parent_[atom].atom] ^= 1;
    }
    std::sort(cycle.begin(), cycle.end());
    return cycle;
}

// The trees of the edges that join components: atoms, parents before children, and how each is
// joined to its parent.
void CycleClasses::root_trees() {
    std::vector<std::vector<Parent>> neighbours(complex_.atoms.size());
    for (std::size_t e = 0; e < complex_.edges.size(); ++e) {
        if (!boundaries_.joins_components[e]) continue;
        const auto& [a, b] = complex_.edges[e].face;
        neighbours[a].push_back({static_cast<Index>(e), b});
        neighbours[b].push_back({static_cast<Index>(e), a});
    }
    parent_.assign(complex_.atoms.size(), {});
    std::vector<std::uint8_t> seen(complex_.atoms.size(), 0);
    for (std::size_t root = 0; root < seen.size(); ++root) {
        if (std::exchange(seen[root], 1)) continue;
        tree_order_.push_back(static_cast<Index>(root));
        for (std::size_t k = tree_order_.size() - 1; k < tree_order_.size(); ++k) {
            const Index atom = tree_order_[k];
            for (const Parent& next : neighbours[atom]) {
                if (std::exchange(seen[next.atom], 1)) continue;
                parent_[next.atom] = {next.edge, atom};
                tree_order_.push_back(next.atom);
            }
        }
    }
}

}  // namespace amorph
