#include "delaunay.hpp"

#include <algorithm>

namespace amorph {
namespace {

// other_corners<D>[i] lists the other corners such that (i, those) is an even permutation: seen
// from corner i of a positive cell they turn the same way for every i.
template <int D>
constexpr int other_corners[D + 1][D] = {};
template <>
constexpr int other_corners<2>[3][2] = {{1, 2}, {2, 0}, {0, 1}};
template <>
constexpr int other_corners<3>[4][3] = {{1, 2, 3}, {0, 3, 2}, {0, 1, 3}, {0, 2, 1}};

}  // namespace

template <int D>
bool Delaunay<D>::insert(std::span<const Vertex> order, const Predicates& predicates) {
    predicates_ = predicates;
    vertex_round_.resize(points_.size(), 0);
    local_index_.resize(points_.size(), 0);
    std::array<Vertex, D + 1> first{};
    if (cells_.empty() && !start(order, first)) return false;
    for (const Vertex v : order)
        if (std::find(first.begin(), first.end(), v) == first.end()) insert_vertex(v);
    return true;
}

// The first vertices that span the space, and the ghosts around them.
template <int D>
bool Delaunay<D>::start(std::span<const Vertex> order, std::array<Vertex, D + 1>& first) {
    if (order.size() < D + 1) return false;
    const auto at = [&](std::size_t i) -> const Point& { return points_[order[i]]; };
    if (same_place(at(0), at(1))) throw Coincidence{order[0], order[1]};
    std::size_t third = 2;
    while (third < order.size() && collinear(at(0), at(1), at(third))) ++third;
    if (third == order.size()) return false;
    first[0] = order[0], first[1] = order[1], first[2] = order[third];
    DelaunayCell<D> cell{};
    int orientation = 0;
    if constexpr (D == 2) {
        cell.vertex = first;
        orientation = predicates_.orient<2>(corners(cell));
    } else {
        for (std::size_t fourth = third + 1; fourth < order.size() && orientation == 0; ++fourth) {
            first[3] = order[fourth];
            cell.vertex = first;
            orientation = predicates_.orient<3>(corners(cell));
        }
    }
    if (orientation == 0) return false;
    if (orientation < 0) std::swap(first[0], first[1]);

    cells_.resize(D + 2);
    mark_.assign(D + 2, 0);
    std::array<CellIndex, D + 1> ghosts;
    for (int i = 0; i <= D; ++i) ghosts[i] = i + 1;
    cells_[0] = {first, ghosts};
    for (int i = 0; i <= D; ++i) {
        // Infinity lies on the other side of the facet: swap two corners to stay positive.
        DelaunayCell<D>& ghost = cells_[ghosts[i]];
        ghost = cells_[0];
        ghost.vertex[i] = infinite_vertex;
        ghost.neighbour[i] = 0;
        const int j = (i + 1) % (D + 1), k = (i + 2) % (D + 1);
        std::swap(ghost.vertex[j], ghost.vertex[k]);
        std::swap(ghost.neighbour[j], ghost.neighbour[k]);
    }
    last_ = 0;
    return true;
}

template <int D>
void Delaunay<D>::insert_vertex(Vertex v) {
    const Point& p = points_[v];
    const CellIndex seed = locate(p);
    for (const Vertex w : cells_[seed].vertex)
        if (w != infinite_vertex && same_place(points_[w], p)) throw Coincidence{w, v};
    // Only with weights can a point lie in a cell without conflict: it is hidden.
    if (!in_conflict(cells_[seed], p)) return;
    find_cavity(seed, p);
    fill_cavity(v);
}

// Visibility walk: cross any facet that has p strictly beyond it. Ends in the cell whose closure
// holds p, or in a ghost whose hull facet has p strictly outside.
template <int D>
CellIndex Delaunay<D>::locate(const Point& p) const {
    CellIndex c = last_, previous = -1;
    if (cells_[c].ghost()) c = cells_[c].neighbour[cells_[c].index_of(infinite_vertex)];
    for (unsigned turn = 0;; ++turn) {
        const DelaunayCell<D>& cell = cells_[c];
        if (cell.ghost()) return c;
        CellIndex next = -1;
        for (unsigned i = 0; i <= D && next < 0; ++i) {
            const int corner = static_cast<int>((i + turn) % (D + 1));
            if (cell.neighbour[corner] != previous && orient_replaced(cell, corner, p) < 0)
                next = cell.neighbour[corner];
        }
        if (next < 0) return c;
        previous = c;
        c = next;
    }
}

template <int D>
bool Delaunay<D>::in_conflict(const DelaunayCell<D>& cell, const Point& p) const {
    if (!cell.ghost()) return predicates_.insphere<D>(corners(cell), p) > 0;
    const int infinity = cell.index_of(infinite_vertex);
    const int side = orient_replaced(cell, infinity, p);
    if (side != 0) return side > 0;
    // In the plane of the hull facet: the circle through its corners is where the sphere of the
    // finite neighbour cuts the plane, ties and their perturbation included.
    return in_conflict(cells_[cell.neighbour[infinity]], p);
}

template <int D>
void Delaunay<D>::find_cavity(CellIndex seed, const Point& p) {
    ++round_;
    const std::uint32_t inside = 2 * round_ + 1, outside = 2 * round_;
    cavity_.assign(1, seed);
    boundary_.clear();
    mark_[seed] = inside;
    for (std::size_t i = 0; i < cavity_.size(); ++i) {
        const CellIndex c = cavity_[i];
        for (int corner = 0; corner <= D; ++corner) {
            const CellIndex n = cells_[c].neighbour[corner];
            if (mark_[n] == inside) continue;
            if (mark_[n] != outside) {
                if (in_conflict(cells_[n], p)) {
                    mark_[n] = inside;
                    cavity_.push_back(n);
                    continue;
                }
                mark_[n] = outside;
            }
            boundary_.push_back({c, corner});
        }
    }
}

template <int D>
CellIndex Delaunay<D>::new_slot() {
    if (!free_.empty()) {
        const CellIndex c = free_.back();
        free_.pop_back();
        return c;
    }
    cells_.emplace_back();
    mark_.push_back(0);
    return static_cast<CellIndex>(cells_.size() - 1);
}

// One new cell from v to every boundary facet of the cavity.
template <int D>
void Delaunay<D>::fill_cavity(Vertex v) {
    new_cells_.clear();
    n_local_ = 0;
    for (const auto& [old_cell, corner] : boundary_) {
        const CellIndex c = new_slot();
        DelaunayCell<D>& cell = cells_[c];
        cell = cells_[old_cell];
        cell.vertex[corner] = v;
        const CellIndex outer = cell.neighbour[corner];
        cells_[outer].neighbour[cells_[outer].facet_towards(old_cell)] = c;
        mark_[c] = 0;
        NewCell& record = new_cells_.emplace_back();
        record.cell = c;
        for (int i = 0; i < D; ++i) {
            const int place = other_corners<D>[corner][i];
            const Vertex w = cell.vertex[place];
            // Numbered at first sight; without a branch, since sights are as good as random.
            const bool first = vertex_round_[w] != round_;
            const std::int32_t local = first ? n_local_ : local_index_[w];
            vertex_round_[w] = round_;
            local_index_[w] = local;
            n_local_ += static_cast<std::int32_t>(first);
            record.local[i] = local;
            record.corner[i] = static_cast<std::int8_t>(place);
        }
    }
    if (n_local_ <= table_width) {
        link_by_table();
    } else {
        link_by_sorting();
    }
    for (const CellIndex c : cavity_) {
        cells_[c].vertex[0] = -1;
        free_.push_back(c);
    }
    last_ = new_cells_.back().cell;
}

// Names the ridge that a new cell shares with the next one across its facet opposite to boundary
// vertex i. The boundary facets are consistently oriented, so the two cells run through the ridge
// in opposite directions: the key of one is the reversed key of the other.
template <int D>
std::int64_t Delaunay<D>::ridge_key(const NewCell& n, int i, bool reversed,
                                    std::int64_t width) const {
    if constexpr (D == 2) {
        const int end = 1 - i;  // the ridge is a vertex, at either end of the boundary edge
        return 2 * static_cast<std::int64_t>(n.local[end]) + (reversed ? 1 - end : end);
    } else {
        const std::int64_t a = n.local[(i + 1) % 3], b = n.local[(i + 2) % 3];
        return reversed ? b * width + a : a * width + b;
    }
}

// Every new cell writes itself under its ridges and then reads the reversed ones. Every entry read
// has been written in this round; nothing needs clearing.
template <int D>
void Delaunay<D>::link_by_table() {
    for (const NewCell& n : new_cells_)
        for (int i = 0; i < D; ++i) ridge_table_[ridge_key(n, i, false, table_width)] = n.cell;
    for (const NewCell& n : new_cells_)
        for (int i = 0; i < D; ++i)
            cells_[n.cell].neighbour[n.corner[i]] =
                ridge_table_[ridge_key(n, i, true, table_width)];
}

// The same for cavities with many vertices (points on a common sphere), in less memory.
template <int D>
void Delaunay<D>::link_by_sorting() {
    struct Ridge {
        std::int64_t key;
        CellIndex cell;
        std::int8_t corner;
    };
    std::vector<Ridge> ridges;
    ridges.reserve(D * new_cells_.size());
    for (const NewCell& n : new_cells_)
        for (int i = 0; i < D; ++i)
            ridges.push_back({std::min(ridge_key(n, i, false, n_local_),
                                       ridge_key(n, i, true, n_local_)),
                              n.cell, n.corner[i]});
    std::sort(ridges.begin(), ridges.end(),
              [](const Ridge& a, const Ridge& b) { return a.key < b.key; });
    for (std::size_t i = 0; i + 1 < ridges.size(); i += 2) {
        const Ridge &a = ridges[i], &b = ridges[i + 1];
        cells_[a.cell].neighbour[a.corner] = b.cell;
        cells_[b.cell].neighbour[b.corner] = a.cell;
    }
}

template class Delaunay<2>;
template class Delaunay<3>;

}  // namespace amorph
