#include "rings.hpp"

#include <algorithm>
#include <compare>
#include <functional>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "cycle_classes.hpp"

namespace amorph {
namespace {

using Index = std::int32_t;
using Signature = CycleClasses::Signature;

// Steps that are taken for one pair before the search for the shortest ring is given up, at first
// and then with later edges; atoms of which it is known how far they are from the goal; and
// the longest ring looked for among later edges when none is known without.
constexpr std::size_t most_steps = 30'000, most_later_steps = 60'000;
constexpr std::size_t most_counted = 20'000;
constexpr std::int32_t most_edges = 24;

// An edge as it is walked from one of its atoms.
struct Step {
    Index edge, rank, to;
    Winding shift;  // lattice vectors to the image of `to` that it leads to
};

// A walk's steps: the birth edge, then the way back to where it began.
using Walk = std::vector<Step>;

class RingSearch {
public:
    RingSearch(const Complex& complex, const std::vector<ImageName>& names,
               const ReducedBoundaries& boundaries, const std::vector<double>& lengths)
        : complex_(complex),
          names_(names),
          boundaries_(boundaries),
          lengths_(lengths),
          classes_(complex, boundaries),
          edge_at_(complex.edges.size()),
          label_of_atom_(complex.atoms.size(), -1),
          hops_(complex.atoms.size()),
          hops_turn_(complex.atoms.size(), 0) {
        for (std::size_t e = 0; e < edge_at_.size(); ++e)
            edge_at_[boundaries_.edge_rank[e]] = static_cast<Index>(e);
        link_atoms();
    }

    void append_ring(const RingRequest& request, RingList& rings) {
        const auto& [pair, latest] = request;
        Walk ring = shortest(pair.birth);
        if (pair.death < 0) return write(ring, false, rings);
        classes_.look_at(pair);
        bool filled = true;
        budget_ = most_steps;
        Walk best = is_filled(ring) ? ring : shortest_filled(pair.birth, unlimited);
        if (best.empty()) best = within_reduced_boundary(pair.birth);
        budget_ = most_later_steps;
        if (Walk later = shortest_with_later_edges(request, best); !later.empty())
            best = std::move(later);
        if (best.empty()) {
            best = std::move(ring);
            filled = false;
        }
        write(best, filled, rings);
    }

private:
    struct Cost {
        Index edges;
        double length;
        auto operator<=>(const Cost&) const = default;
    };
    static constexpr Cost unlimited = {std::numeric_limits<Index>::max(), 0.0};

    // A place of a search: an atom, reached with a signature.
    struct Label {
        Index atom;
        Signature signature;
        Cost cost;
        Index parent;
        const Step* step;  // from the parent
        bool settled;
    };

    // Steps of each atom in the order of the filtration, so that those of a subcomplex come first.
    void link_atoms() {
        first_.assign(complex_.atoms.size() + 1, 0);
        for (const Simplex<1>& e : complex_.edges)
            for (const Index atom : e.face) ++first_[atom + 1];
        std::partial_sum(first_.begin(), first_.end(), first_.begin());
        std::vector<Index> next(first_.begin(), first_.end() - 1);
        steps_.resize(2 * edge_at_.size());
        for (const Index e : edge_at_)
            for (const int end : {0, 1}) steps_[next[from(e, end)]++] = step(e, end);
    }

    // The atom at either end of an edge, and the step from there.
    Index from(Index e, int end) const { return complex_.edges[e].face[1 - end]; }

    Step step(Index e, int end) const {
        const auto& vertex = complex_.edges[e].vertex;
        const ImageName &a = names_[vertex[end]], &b = names_[vertex[1 - end]];
        return {e, boundaries_.edge_rank[e], from(e, 1 - end),
                {b[1] - a[1], b[2] - a[2], b[3] - a[3]}};
    }

    // The birth edge as diagrams write it: from the atom of the lower index.
    int first_end(Index e) const {
        const auto& vertex = complex_.edges[e].vertex;
        return names_[vertex[1]] < names_[vertex[0]] ? 1 : 0;
    }

    // The shortest ring with this edge as its last.
    Walk shortest(Index last) {
        const Walk ring = search(
            last, [](Index) { return Signature{0}; },
            [&](Index atom, Signature) -> Index& { return label_of_atom_[atom]; },
            [](Index) { return Index{0}; }, [](Index) { return true; }, 0, unlimited);
        for (const Label& label : labels_) label_of_atom_[label.atom] = -1;
        return ring;
    }

    // The shortest such ring that the pair's death fills, if it costs less than `limit`. Places of
    // the search are atoms together with the class, just before death, of the way to them.
    Walk shortest_filled(Index last, const Cost& limit) {
        count_hops(last, limit.edges / 2 + 1);
        label_of_place_.clear();
        const Signature target = classes_.signature(last) ^ classes_.filled_signature();
        Walk ring = search(
            last, [&](Index edge) { return classes_.signature(edge); },
            [&](Index atom, Signature s) -> Index& {
                return label_of_place_.try_emplace({atom, s}, -1).first->second;
            },
            [&](Index atom) { return hops_turn_[atom] == hops_round_ ? hops_[atom] : most_hops_; },
            [&](Index) { return budget_ > 0 && --budget_ > 0; }, target, limit);
        if (!ring.empty() && !(is_simple(ring) && is_filled(ring))) ring.clear();
        return ring;
    }

    // The ring through the birth edge within the reduced boundary of the death triangle: not the
    // shortest, but filled unless that boundary is several rings.
    Walk within_reduced_boundary(Index birth) {
        const std::vector<Index> cycle = classes_.reduced_boundary();
        Walk ring = search(
            birth, [](Index) { return Signature{0}; },
            [&](Index atom, Signature) -> Index& { return label_of_atom_[atom]; },
            [](Index) { return Index{0}; },
            [&](Index e) { return std::binary_search(cycle.begin(), cycle.end(), e); }, 0,
            unlimited);
        for (const Label& label : labels_) label_of_atom_[label.atom] = -1;
        if (!is_filled(ring)) ring.clear();
        return ring;
    }

    // A shorter ring among edges up to the latest allowed, as most are when many enter at once (the
    // bonds of a crystal). Each has one last edge, and none that passes an atom of the death triangle
    // goes farther from it than half its length.
    Walk shortest_with_later_edges(const RingRequest& request, const Walk& known) {
        std::vector<Index> later;
        for (std::size_t i = boundaries_.edge_rank[request.pair.birth] + 1;
             i < edge_at_.size() && complex_.edges[edge_at_[i]].value <= request.latest; ++i)
            if (classes_.bounds(edge_at_[i])) later.push_back(edge_at_[i]);
        if (later.empty()) return {};
        const Index most = known.empty() ? most_edges : static_cast<Index>(known.size()) - 1;
        const std::vector<Index> near = within_reach(later, request, most / 2);
        for (Index edges = 1; edges <= most; ++edges) {
            Walk best;
            Cost limit = {edges + 1, 0.0};
            for (std::size_t i = 0; i < later.size() && budget_ > 0; ++i) {
                if (near[i] > edges / 2) continue;
                const Walk& least = shortest_of(later[i]);
                if (!(cost_of(least) < limit)) continue;
                Walk ring = is_filled(least) ? least : shortest_filled(later[i], limit);
                if (ring.empty()) continue;
                limit = cost_of(ring);
                best = std::move(ring);
            }
            if (!best.empty()) return best;
        }
        return {};
    }

    // How many edges, up to the latest allowed, lead from the death triangle to the farther end of
    // each of these edges; more than `most` where it is more.
    std::vector<Index> within_reach(const std::vector<Index>& edges, const RingRequest& request,
                                    Index most) {
        ++hops_round_;
        waiting_.clear();
        const auto reach = [&](Index atom, Index hops) {
            if (hops_turn_[atom] == hops_round_) return;
            hops_turn_[atom] = hops_round_;
            hops_[atom] = hops;
            waiting_.push_back(atom);
        };
        for (const Index e : complex_.triangles[request.pair.death].face)
            for (const Index atom : complex_.edges[e].face) reach(atom, 0);
        for (std::size_t k = 0; k < waiting_.size() && hops_[waiting_[k]] < most; ++k) {
            const Index atom = waiting_[k];
            for (Index i = first_[atom]; i < first_[atom + 1]; ++i) {
                if (complex_.edges[steps_[i].edge].value > request.latest) break;
                reach(steps_[i].to, hops_[atom] + 1);
            }
        }
        std::vector<Index> result;
        for (const Index e : edges) {
            Index farther = 0;
            for (const Index atom : complex_.edges[e].face)
                farther = std::max(
                    farther, hops_turn_[atom] == hops_round_ ? hops_[atom] : most + 1);
            result.push_back(farther);
        }
        return result;
    }

    // The shortest ring with this edge as its last, found once.
    const Walk& shortest_of(Index last) {
        if (shortest_of_.empty()) shortest_of_.resize(complex_.edges.size());
        if (shortest_of_[last].empty()) shortest_of_[last] = shortest(last);
        return shortest_of_[last];
    }

    Cost cost_of(const Walk& ring) const {
        Cost cost{};
        for (const Step& s : ring) cost = {cost.edges + 1, cost.length + lengths_[s.edge]};
        return cost;
    }

    // How many edges older than `last` lead from each atom to its near end: what remains of a ring.
    void count_hops(Index last, Index most) {
        ++hops_round_;
        const Index goal = from(last, first_end(last)), rank = boundaries_.edge_rank[last];
        std::vector<Index>& reached = waiting_;
        reached.assign(1, goal);
        hops_[goal] = 0;
        hops_turn_[goal] = hops_round_;
        most_hops_ = std::numeric_limits<Index>::max() / 2;
        for (std::size_t k = 0; k < reached.size(); ++k) {
            const Index atom = reached[k];
            if (hops_[atom] >= most || k >= most_counted) {
                most_hops_ = hops_[atom];
                break;
            }
            for (Index i = first_[atom]; i < first_[atom + 1] && steps_[i].rank < rank; ++i) {
                const Index to = steps_[i].to;
                if (hops_turn_[to] == hops_round_) continue;
                hops_turn_[to] = hops_round_;
                hops_[to] = hops_[atom] + 1;
                reached.push_back(to);
            }
        }
    }

    // From the far end of `last` to its near end, over older edges: the algorithm A* (Hart, Nilsson
    // and Raphael, 1968). Empty when it costs `limit` or no edge that is allowed leads on.
    template <class SignatureOf, class LabelOf, class HopsFrom, class Allowed>
    Walk search(Index last, const SignatureOf& signature_of, const LabelOf& label_of,
                const HopsFrom& hops_from, const Allowed& allowed, Signature target,
                const Cost& limit) {
        const Step start = step(last, first_end(last));
        const Index goal = from(last, first_end(last));
        queue_.clear();
        labels_.clear();
        const auto reach = [&](Index atom, Signature signature, const Cost& cost, Index parent,
                               const Step* from_parent) {
            const Cost expected = {cost.edges + hops_from(atom), cost.length};
            if (!(expected < limit)) return;
            Index& label = label_of(atom, signature);
            if (label < 0) {
                label = static_cast<Index>(labels_.size());
                labels_.push_back({atom, signature, cost, parent, from_parent, false});
            } else if (cost < labels_[label].cost) {
                Label& known = labels_[label];
                known.cost = cost;
                known.parent = parent;
                known.step = from_parent;
            } else {
                return;
            }
            queue_.push_back({expected, label});
            std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
        };
        reach(start.to, 0, {1, lengths_[last]}, -1, nullptr);
        while (!queue_.empty()) {
            const Index current = queue_.front().second;
            std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
            queue_.pop_back();
            if (std::exchange(labels_[current].settled, true)) continue;
            const Label here = labels_[current];
            if (here.atom == goal && here.signature == target) return walk(start, current);
            for (Index i = first_[here.atom]; i < first_[here.atom + 1]; ++i) {
                const Step& next = steps_[i];
                if (next.rank >= start.rank) break;
                if (!allowed(next.edge)) continue;
                reach(next.to, here.signature ^ signature_of(next.edge),
                      {here.cost.edges + 1, here.cost.length + lengths_[next.edge]}, current,
                      &next);
            }
        }
        return {};
    }

    Walk walk(const Step& start, Index last) const {
        Walk ring;
        for (Index i = last; labels_[i].parent >= 0; i = labels_[i].parent)
            ring.push_back(*labels_[i].step);
        ring.push_back(start);
        std::reverse(ring.begin(), ring.end());
        return ring;
    }

    bool is_filled(const Walk& ring) {
        edges_.clear();
        for (const Step& s : ring) edges_.push_back(s.edge);
        return !ring.empty() && classes_.is_filled(edges_);
    }

    // The images that a walk passes, and where it would go on.
    std::vector<ImageName> images(const Walk& ring) const {
        std::vector<ImageName> passed;
        Winding offset{};
        Index atom = from(ring[0].edge, first_end(ring[0].edge));
        for (const Step& s : ring) {
            passed.push_back({names_[complex_.atoms[atom].vertex[0]][0], offset[0], offset[1],
                              offset[2]});
            for (int k = 0; k < 3; ++k) offset[k] += s.shift[k];
            atom = s.to;
        }
        passed.push_back({passed[0][0], offset[0], offset[1], offset[2]});
        return passed;
    }

    bool is_simple(const Walk& ring) const {
        std::vector<ImageName> passed = images(ring);
        passed.pop_back();
        std::sort(passed.begin(), passed.end());
        return std::adjacent_find(passed.begin(), passed.end()) == passed.end();
    }

    void write(const Walk& ring, bool filled, RingList& rings) const {
        std::vector<ImageName> passed = images(ring);
        for (std::size_t i = 0; i < ring.size(); ++i) {
            rings.atoms.push_back(passed[i][0]);
            rings.offsets.insert(rings.offsets.end(), passed[i].begin() + 1, passed[i].end());
        }
        rings.closing.insert(rings.closing.end(), passed.back().begin() + 1, passed.back().end());
        rings.start.push_back(static_cast<Index>(rings.atoms.size()));
        rings.filled.push_back(filled);
    }

    struct PlaceHash {
        std::size_t operator()(const std::pair<Index, Signature>& place) const {
            return place.second ^ static_cast<std::uint64_t>(place.first) * 0x9e3779b97f4a7c15ull;
        }
    };

    const Complex& complex_;
    const std::vector<ImageName>& names_;
    const ReducedBoundaries& boundaries_;
    const std::vector<double>& lengths_;
    CycleClasses classes_;
    std::vector<Index> edge_at_;  // by rank
    std::vector<Step> steps_;
    std::vector<Index> first_;  // of each atom's steps
    std::vector<Label> labels_;
    std::vector<std::pair<Cost, Index>> queue_;
    std::unordered_map<std::pair<Index, Signature>, Index, PlaceHash> label_of_place_;
    std::vector<Index> label_of_atom_, waiting_, edges_;
    std::vector<Walk> shortest_of_;
    std::size_t budget_ = 0;  // steps that a search for a filled ring may yet take
    std::vector<Index> hops_;
    std::vector<std::uint32_t> hops_turn_;  // the round in which its hops were counted
    std::uint32_t hops_round_ = 0;
    Index most_hops_ = 0;  // no atom that has not been counted is nearer
};

}  // namespace

RingList tight_rings(const Complex& complex, const std::vector<ImageName>& names,
                     const ReducedBoundaries& boundaries, const std::vector<double>& lengths,
                     std::span<const RingRequest> requests) {
    RingSearch search(complex, names, boundaries, lengths);
    RingList rings;
    for (const RingRequest& request : requests) search.append_ring(request, rings);
    return rings;
}

}  // namespace amorph
