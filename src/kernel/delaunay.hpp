// Incremental Delaunay triangulation in space (Bowyer 1981, Watson 1981),
// with one vertex at infinity that turns the outside into tetrahedra too.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "padding.hpp"
#include "predicates.hpp"

namespace amorph {

using TetIndex = std::int32_t;

// Corners are ordered so that the tetrahedron is positively oriented; one with a corner at
// infinity ("ghost") is so when that corner is imagined beyond the hull facet it stands on.
struct Tetrahedron {
    std::array<Vertex, 4> vertex;
    std::array<TetIndex, 4> neighbour;  // across the facet opposite to the same-numbered vertex

    bool alive() const { return vertex[0] >= 0; }
    bool ghost() const {
        return vertex[0] == infinite_vertex || vertex[1] == infinite_vertex ||
               vertex[2] == infinite_vertex || vertex[3] == infinite_vertex;
    }
    int index_of(Vertex v) const {
        return vertex[0] == v ? 0 : vertex[1] == v ? 1 : vertex[2] == v ? 2 : 3;
    }
    int facet_towards(TetIndex t) const {
        return neighbour[0] == t ? 0 : neighbour[1] == t ? 1 : neighbour[2] == t ? 2 : 3;
    }
};

// other_corners[i] lists the other three corners such that (i, those) is an even permutation:
// seen from corner i of a positive tetrahedron they turn the same way for every i.
inline constexpr int other_corners[4][3] = {{1, 2, 3}, {0, 3, 2}, {0, 1, 3}, {0, 2, 1}};

class Delaunay {
public:
    enum class Status { ok, flat, duplicate };

    struct Result {
        Status status = Status::ok;
        Vertex first = 0, second = 0;  // the coinciding vertices, for `duplicate`
    };

    // `points` must outlive the triangulation and may grow between calls of insert.
    explicit Delaunay(const std::vector<Point>& points) : points_(points) {}

    // Adds the vertices in the given order. `extent` bounds all coordinate differences of all
    // points. `flat` means that all points lie in one plane; nothing is triangulated then.
    Result insert(std::span<const Vertex> order, double extent);

    const std::vector<Tetrahedron>& tetrahedra() const { return tetrahedra_; }
    const Predicates& predicates() const { return predicates_; }

private:
    struct Facet {
        TetIndex tet;
        int corner;
    };
    struct NewTet {
        TetIndex tet;
        std::array<std::int32_t, 3> local;  // boundary vertices, numbered within the cavity
        std::array<std::int8_t, 3> corner;  // their places in the tetrahedron
    };

    bool start(std::span<const Vertex> order, std::array<Vertex, 4>& first_four, Result& result);
    std::optional<Vertex> insert_vertex(Vertex v);  // the vertex it coincides with, if any
    TetIndex locate(const Point& p);
    bool in_conflict(const Tetrahedron& t, const Point& p) const;
    void find_cavity(TetIndex seed, const Point& p);
    void fill_cavity(Vertex v);
    void link_by_table();
    void link_by_sorting();
    int orient_replaced(const Tetrahedron& t, int corner, const Point& p) const;
    TetIndex new_slot();

    const std::vector<Point>& points_;
    Predicates predicates_;
    std::vector<Tetrahedron> tetrahedra_;
    std::vector<TetIndex> free_;
    TetIndex last_ = -1;  // where the next search starts

    // Scratch space of one insertion. A tetrahedron's mark is 2 * round + 1 when it is in the
    // cavity and 2 * round when it was found not to be.
    std::uint32_t round_ = 0;
    std::vector<std::uint32_t> mark_;
    std::vector<TetIndex> cavity_;
    std::vector<Facet> boundary_;
    std::vector<NewTet> new_tets_;
    std::vector<std::uint32_t> vertex_round_;
    std::vector<std::int32_t> local_index_;
    std::int32_t n_local_ = 0;
    static constexpr std::int32_t table_width = 64;
    std::vector<std::int32_t> edge_table_ =
        std::vector<std::int32_t>(table_width * table_width);
};

}  // namespace amorph
