// Incremental Delaunay triangulation (Bowyer 1981, Watson 1981) in the plane
// and in space, regular triangulation where points have weights. One vertex at
// infinity turns the outside into simplices too.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "padding.hpp"
#include "predicates.hpp"

namespace amorph {

using CellIndex = std::int32_t;

// Thrown when two vertices lie on one place.
struct Coincidence {
    Vertex first, second;
};

// A triangle (D = 2) or tetrahedron (D = 3) of the triangulation. Corners are ordered so that it
// is positively oriented; one with a corner at infinity ("ghost") is so when that corner is
// imagined beyond the hull facet it stands on.
template <int D>
struct DelaunayCell {
    std::array<Vertex, D + 1> vertex;
    std::array<CellIndex, D + 1> neighbour;  // across the facet opposite to the same corner

    bool alive() const { return vertex[0] >= 0; }
    bool ghost() const {
        bool any = false;
        for (const Vertex v : vertex) any |= v == infinite_vertex;
        return any;
    }
    int index_of(Vertex v) const { return place(vertex, v); }
    int facet_towards(CellIndex c) const { return place(neighbour, c); }

private:
    // Without branches: where the value stands is as good as random.
    static int place(const std::array<std::int32_t, D + 1>& values, std::int32_t wanted) {
        int found = 0;
        for (int i = 1; i <= D; ++i) found += i * static_cast<int>(values[i] == wanted);
        return found;
    }
};

template <int D>
class Delaunay {
public:
    // `points` must outlive the triangulation and may grow between calls of insert.
    explicit Delaunay(const std::vector<Point>& points) : points_(points) {}

    // Adds the vertices in the given order; `predicates` must know the extent of all points.
    // Returns false, having triangulated nothing, when all points lie in one plane (D = 3) or on
    // one line (D = 2). With weights some vertices may end up in no cell ("hidden"). Throws
    // Coincidence.
    bool insert(std::span<const Vertex> order, const Predicates& predicates);

    const std::vector<DelaunayCell<D>>& cells() const { return cells_; }

    Corners<D> corners(const DelaunayCell<D>& cell) const {
        Corners<D> q;
        for (int i = 0; i <= D; ++i) q[i] = &points_[cell.vertex[i]];
        return q;
    }

    // Orientation of the cell with one corner moved to p: negative when p lies beyond the facet
    // opposite to that corner.
    int orient_replaced(const DelaunayCell<D>& cell, int corner, const Point& p) const {
        Corners<D> q = corners(cell);
        q[corner] = &p;
        return predicates_.orient<D>(q);
    }

private:
    struct Facet {
        CellIndex cell;
        int corner;
    };
    struct NewCell {
        CellIndex cell;
        std::array<std::int32_t, D> local;  // boundary vertices, numbered within the cavity
        std::array<std::int8_t, D> corner;  // their places in the cell
    };

    bool start(std::span<const Vertex> order, std::array<Vertex, D + 1>& first);
    void insert_vertex(Vertex v);
    CellIndex locate(const Point& p) const;
    bool in_conflict(const DelaunayCell<D>& cell, const Point& p) const;
    void find_cavity(CellIndex seed, const Point& p);
    void fill_cavity(Vertex v);
    std::int64_t ridge_key(const NewCell& n, int i, bool reversed, std::int64_t width) const;
    void link_by_table();
    void link_by_sorting();
    CellIndex new_slot();

    const std::vector<Point>& points_;
    Predicates predicates_;
    std::vector<DelaunayCell<D>> cells_;
    std::vector<CellIndex> free_;
    CellIndex last_ = -1;  // where the next search starts

    // Scratch space of one insertion. A cell's mark is 2 * round + 1 when it is in the cavity and
    // 2 * round when it was found not to be.
    std::uint32_t round_ = 0;
    std::vector<std::uint32_t> mark_;
    std::vector<CellIndex> cavity_;
    std::vector<Facet> boundary_;
    std::vector<NewCell> new_cells_;
    std::vector<std::uint32_t> vertex_round_;
    std::vector<std::int32_t> local_index_;
    std::int32_t n_local_ = 0;
    static constexpr std::int32_t table_width = 64;
    std::vector<CellIndex> ridge_table_ = std::vector<CellIndex>(table_width * table_width);
};

}  // namespace amorph
