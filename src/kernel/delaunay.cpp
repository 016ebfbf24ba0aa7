#include "delaunay.hpp"

#include <algorithm>

namespace amorph {

Delaunay::Result Delaunay::insert(std::span<const Vertex> order, double extent) {
    predicates_.set_extent(extent);
    vertex_round_.resize(points_.size(), 0);
    local_index_.resize(points_.size(), 0);
    std::array<Vertex, 4> first_four{};
    if (tetrahedra_.empty()) {
        Result result;
        if (!start(order, first_four, result)) return result;
    }
    for (const Vertex v : order) {
        if (std::find(first_four.begin(), first_four.end(), v) != first_four.end()) continue;
        if (const auto twin = insert_vertex(v)) return {Status::duplicate, *twin, v};
    }
    return {};
}

// The first four vertices that span space, and the four ghosts around them.
bool Delaunay::start(std::span<const Vertex> order, std::array<Vertex, 4>& first_four,
                     Result& result) {
    result = {Status::flat};
    if (order.size() < 4) return false;
    const auto at = [&](std::size_t i) -> const Point& { return points_[order[i]]; };
    std::size_t second = 1;
    if (at(0) == at(1)) {
        result = {Status::duplicate, order[0], order[1]};
        return false;
    }
    std::size_t third = second + 1;
    while (third < order.size() && collinear(at(0), at(second), at(third))) ++third;
    std::size_t fourth = third + 1;
    int orientation = 0;
    for (; fourth < order.size(); ++fourth) {
        orientation = predicates_.orient(at(0), at(second), at(third), at(fourth));
        if (orientation != 0) break;
    }
    if (orientation == 0) return false;

    first_four = {order[0], order[second], order[third], order[fourth]};
    if (orientation < 0) std::swap(first_four[0], first_four[1]);
    tetrahedra_.resize(5);
    mark_.assign(5, 0);
    tetrahedra_[0] = {first_four, {1, 2, 3, 4}};
    for (int i = 0; i < 4; ++i) {
        Tetrahedron& ghost = tetrahedra_[i + 1];
        // Infinity lies on the other side of the facet: swap two corners to stay positive.
        ghost.vertex = first_four;
        ghost.neighbour = {1, 2, 3, 4};
        ghost.vertex[i] = infinite_vertex;
        ghost.neighbour[i] = 0;
        const int j = (i + 1) & 3, k = (i + 2) & 3;
        std::swap(ghost.vertex[j], ghost.vertex[k]);
        std::swap(ghost.neighbour[j], ghost.neighbour[k]);
    }
    last_ = 0;
    return true;
}

std::optional<Vertex> Delaunay::insert_vertex(Vertex v) {
    const Point& p = points_[v];
    const TetIndex seed = locate(p);
    for (const Vertex w : tetrahedra_[seed].vertex)
        if (w != infinite_vertex && points_[w] == p) return w;
    find_cavity(seed, p);
    fill_cavity(v);
    return std::nullopt;
}

int Delaunay::orient_replaced(const Tetrahedron& t, int corner, const Point& p) const {
    std::array<const Point*, 4> q;
    for (int i = 0; i < 4; ++i) q[i] = &points_[t.vertex[i]];
    q[corner] = &p;
    return predicates_.orient(*q[0], *q[1], *q[2], *q[3]);
}

// Visibility walk: cross any facet that has p strictly beyond it. Ends in the tetrahedron whose
// closure holds p, or in a ghost whose hull facet has p strictly outside; both conflict with p.
TetIndex Delaunay::locate(const Point& p) {
    TetIndex t = last_, previous = -1;
    if (tetrahedra_[t].ghost()) t = tetrahedra_[t].neighbour[tetrahedra_[t].index_of(infinite_vertex)];
    std::uint32_t turn = 0;
    for (;;) {
        const Tetrahedron& tet = tetrahedra_[t];
        if (tet.ghost()) return t;
        TetIndex next = -1;
        for (std::uint32_t i = 0; i < 4; ++i) {
            const int corner = static_cast<int>((i + turn) & 3);
            if (tet.neighbour[corner] == previous) continue;
            if (orient_replaced(tet, corner, p) < 0) {
                next = tet.neighbour[corner];
                break;
            }
        }
        if (next < 0) return t;
        previous = t;
        t = next;
        ++turn;
    }
}

bool Delaunay::in_conflict(const Tetrahedron& t, const Point& p) const {
    if (!t.ghost())
        return predicates_.insphere(points_[t.vertex[0]], points_[t.vertex[1]],
                                    points_[t.vertex[2]], points_[t.vertex[3]], p) > 0;
    const int infinity = t.index_of(infinite_vertex);
    const int side = orient_replaced(t, infinity, p);
    if (side != 0) return side > 0;
    // In the plane of the hull facet: the circle through its corners is where the sphere of the
    // finite neighbour cuts the plane, ties and their perturbation included.
    return in_conflict(tetrahedra_[t.neighbour[infinity]], p);
}

void Delaunay::find_cavity(TetIndex seed, const Point& p) {
    ++round_;
    const std::uint32_t inside = 2 * round_ + 1, outside = 2 * round_;
    cavity_.assign(1, seed);
    boundary_.clear();
    mark_[seed] = inside;
    for (std::size_t i = 0; i < cavity_.size(); ++i) {
        const TetIndex t = cavity_[i];
        for (int corner = 0; corner < 4; ++corner) {
            const TetIndex n = tetrahedra_[t].neighbour[corner];
            if (mark_[n] == inside) continue;
            if (mark_[n] != outside) {
                if (in_conflict(tetrahedra_[n], p)) {
                    mark_[n] = inside;
                    cavity_.push_back(n);
                    continue;
                }
                mark_[n] = outside;
            }
            boundary_.push_back({t, corner});
        }
    }
}

TetIndex Delaunay::new_slot() {
    if (!free_.empty()) {
        const TetIndex t = free_.back();
        free_.pop_back();
        return t;
    }
    tetrahedra_.emplace_back();
    mark_.push_back(0);
    return static_cast<TetIndex>(tetrahedra_.size() - 1);
}

// One new tetrahedron from v to every boundary facet of the cavity.
void Delaunay::fill_cavity(Vertex v) {
    new_tets_.clear();
    n_local_ = 0;
    for (const auto& [old_tet, corner] : boundary_) {
        const TetIndex t = new_slot();
        Tetrahedron& tet = tetrahedra_[t];
        tet = tetrahedra_[old_tet];
        tet.vertex[corner] = v;
        const TetIndex outer = tet.neighbour[corner];
        tetrahedra_[outer].neighbour[tetrahedra_[outer].facet_towards(old_tet)] = t;
        mark_[t] = 0;
        NewTet& record = new_tets_.emplace_back();
        record.tet = t;
        for (int i = 0; i < 3; ++i) {
            const int place = other_corners[corner][i];
            const Vertex w = tet.vertex[place];
            if (vertex_round_[w] != round_) {
                vertex_round_[w] = round_;
                local_index_[w] = n_local_++;
            }
            record.local[i] = local_index_[w];
            record.corner[i] = static_cast<std::int8_t>(place);
        }
    }
    if (n_local_ <= table_width) {
        link_by_table();
    } else {
        link_by_sorting();
    }
    for (const TetIndex t : cavity_) {
        tetrahedra_[t].vertex[0] = -1;
        free_.push_back(t);
    }
    last_ = new_tets_.back().tet;
}

// The boundary facets are consistently oriented, so two that share an edge run through it in
// opposite directions: each writes itself under its three directed edges and then reads the
// reversed ones. Every entry read has been written in this round; nothing needs clearing.
void Delaunay::link_by_table() {
    for (const NewTet& n : new_tets_)
        for (int i = 0; i < 3; ++i)
            edge_table_[n.local[(i + 1) % 3] * table_width + n.local[(i + 2) % 3]] = n.tet;
    for (const NewTet& n : new_tets_)
        for (int i = 0; i < 3; ++i)
            tetrahedra_[n.tet].neighbour[n.corner[i]] =
                edge_table_[n.local[(i + 2) % 3] * table_width + n.local[(i + 1) % 3]];
}

// The same for cavities with many vertices (points on a common sphere), in less memory.
void Delaunay::link_by_sorting() {
    struct Edge {
        std::int32_t low, high;
        TetIndex tet;
        std::int8_t corner;
    };
    std::vector<Edge> edges;
    edges.reserve(3 * new_tets_.size());
    for (const NewTet& n : new_tets_)
        for (int i = 0; i < 3; ++i) {
            const auto [low, high] = std::minmax(n.local[(i + 1) % 3], n.local[(i + 2) % 3]);
            edges.push_back({low, high, n.tet, n.corner[i]});
        }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
        return a.low != b.low ? a.low < b.low : a.high < b.high;
    });
    for (std::size_t i = 0; i + 1 < edges.size(); i += 2) {
        const Edge &a = edges[i], &b = edges[i + 1];
        tetrahedra_[a.tet].neighbour[a.corner] = b.tet;
        tetrahedra_[b.tet].neighbour[b.corner] = a.tet;
    }
}

}  // namespace amorph
