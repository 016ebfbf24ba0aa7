#include "complex.hpp"

#include <algorithm>
#include <limits>

#include "circumsphere.hpp"

namespace amorph {

std::array<std::int32_t, 2> end_atoms(const PaddedPoints& padded,
                                      const std::array<Vertex, 2>& vertex) {
    return {static_cast<std::int32_t>(code_atom(padded.codes[vertex[1]])),
            static_cast<std::int32_t>(code_atom(padded.codes[vertex[0]]))};
}

// Without weights every atom enters at 0. With weights an atom enters at minus its weight, unless
// the ball of a neighbour covers its centre first; one that is in no edge is in no cell.
void value_atoms(Complex& c, const PaddedPoints& padded) {
    c.hidden.assign(c.atoms.size(), 0);
    if (!padded.weighted()) return;
    constexpr double inf = std::numeric_limits<double>::infinity();
    std::vector<std::uint8_t> attached(c.atoms.size(), 0);
    std::vector<double> from_edges(c.atoms.size(), inf);
    for (const Simplex<1>& e : c.edges) {
        for (int k = 0; k < 2; ++k) {
            const std::int32_t atom = e.face[1 - k];
            from_edges[atom] = std::min(from_edges[atom], e.value);
            attached[atom] |=
                lift(padded.points[e.vertex[1 - k]] - padded.points[e.vertex[k]]) < 0;
        }
    }
    for (std::size_t i = 0; i < c.atoms.size(); ++i) {
        const double own = -padded.points[c.atoms[i].vertex[0]].w;
        c.atoms[i].value = attached[i] ? from_edges[i] : std::min(own, from_edges[i]);
        c.hidden[i] = from_edges[i] == inf && c.atoms.size() > 1;
    }
}

// The lower hull of the lifted points, left to right. With the images of two cells on either side
// every edge that begins in the home cell is that of the infinite line.
Complex line_complex(const Lattice& lattice, PaddedPoints& padded) {
    const int reach = lattice.n_periodic() == 1 ? 2 : 0;
    for (std::size_t atom = 0; atom < lattice.atoms().size(); ++atom)
        for (std::int64_t n = -reach; n <= reach; ++n)
            padded.add(atom, lattice.atoms()[atom] + lattice.translation({n, 0, 0}), {n, 0, 0});
    const std::vector<Point>& points = padded.points;
    std::vector<Vertex> order(points.size() - 1);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Vertex>(i + 1);
    std::sort(order.begin(), order.end(),
              [&](Vertex a, Vertex b) { return points[a].x < points[b].x; });
    for (std::size_t i = 0; i + 1 < order.size(); ++i)
        if (same_place(points[order[i]], points[order[i + 1]]))
            throw Coincidence{order[i], order[i + 1]};
    std::vector<Vertex> hull;
    for (const Vertex v : order) {
        while (hull.size() >= 2) {
            const Point& a = points[hull[hull.size() - 2]];
            if (below_segment(points[hull.back()] - a, points[v] - a) > 0) break;
            hull.pop_back();
        }
        hull.push_back(v);
    }

    Complex c;
    for (const Vertex v : padded.one_image_each(lattice.atoms().size()))
        c.atoms.push_back({{v}, 0.0});
    for (std::size_t i = 0; i + 1 < hull.size(); ++i) {
        if (code_offset(padded.codes[hull[i]]) != Offset{}) continue;
        std::array<Vertex, 2> vertex = {hull[i], hull[i + 1]};
        if (padded.codes[vertex[0]] > padded.codes[vertex[1]]) std::swap(vertex[0], vertex[1]);
        const Point& a = points[vertex[0]];
        const double value = squared_norm(circumcentre(points[vertex[1]] - a)) - a.w;
        c.edges.push_back({vertex, end_atoms(padded, vertex), value});
    }
    value_atoms(c, padded);
    return c;
}

}  // namespace amorph
