#include "winding.hpp"

namespace amorph {
namespace {

Winding plus(const Winding& a, const Winding& b) {
    return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}

Winding minus(const Winding& a, const Winding& b) {
    return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

// How far image `to` is from image `from` of whatever atoms.
Winding offset_between(const std::vector<ImageName>& names, Vertex from, Vertex to) {
    const ImageName &a = names[from], &b = names[to];
    return {b[1] - a[1], b[2] - a[2], b[3] - a[3]};
}

// A step from one node (atom or tetrahedron) to another, `shift` lattice vectors further.
struct Link {
    std::int32_t from, to;
    Winding shift;
};

// The copies at which a forest's nodes lie when each tree is laid out in the infinite lattice.
std::vector<Winding> lay_out(std::size_t n_nodes, const std::vector<Link>& forest) {
    std::vector<std::int32_t> first(n_nodes + 1, 0);
    for (const Link& link : forest) ++first[link.from + 1], ++first[link.to + 1];
    for (std::size_t i = 0; i < n_nodes; ++i) first[i + 1] += first[i];
    std::vector<Link> outgoing(2 * forest.size());
    std::vector<std::int32_t> next(first.begin(), first.end() - 1);
    for (const Link& link : forest) {
        outgoing[next[link.from]++] = link;
        outgoing[next[link.to]++] = {link.to, link.from, minus({}, link.shift)};
    }
    std::vector<Winding> copy(n_nodes);
    std::vector<std::uint8_t> seen(n_nodes, 0);
    std::vector<std::int32_t> waiting;
    for (std::size_t root = 0; root < n_nodes; ++root) {
        if (seen[root]) continue;
        seen[root] = 1;
        waiting.assign(1, static_cast<std::int32_t>(root));
        while (!waiting.empty()) {
            const std::int32_t node = waiting.back();
            waiting.pop_back();
            for (std::int32_t i = first[node]; i < first[node + 1]; ++i) {
                const Link& link = outgoing[i];
                if (seen[link.to]) continue;
                seen[link.to] = 1;
                copy[link.to] = plus(copy[node], link.shift);
                waiting.push_back(link.to);
            }
        }
    }
    return copy;
}

// The windings of the loops that links outside the forest close.
std::vector<Winding> close_loops(const std::vector<Winding>& copy, const std::vector<Link>& links) {
    std::vector<Winding> windings;
    for (const Link& link : links)
        windings.push_back(minus(plus(copy[link.from], link.shift), copy[link.to]));
    return windings;
}

}  // namespace

std::vector<Winding> ring_windings(const Complex& complex, const std::vector<ImageName>& names,
                                   const std::vector<PersistencePair>& h0,
                                   const std::vector<PersistencePair>& h1) {
    const auto link = [&](std::int32_t index) -> Link {
        const Simplex<1>& e = complex.edges[index];
        return {e.face[1], e.face[0], offset_between(names, e.vertex[0], e.vertex[1])};
    };
    std::vector<Link> forest, closing;
    for (const PersistencePair& p : h0)
        if (p.death >= 0) forest.push_back(link(p.death));
    for (const PersistencePair& p : h1)
        if (p.death < 0) closing.push_back(link(p.birth));
    return close_loops(lay_out(complex.atoms.size(), forest), closing);
}

std::vector<Winding> channel_windings(const Complex& complex, const std::vector<ImageName>& names,
                                      const std::vector<PersistencePair>& h2) {
    // The two sides of each triangle, and its first vertex as either side sees it.
    struct Sides {
        std::array<std::int32_t, 2> tet{-1, -1};
        std::array<Vertex, 2> vertex{};
    };
    std::vector<Sides> sides(complex.triangles.size());
    for (std::size_t t = 0; t < complex.tets.size(); ++t) {
        const Simplex<3>& tet = complex.tets[t];
        for (int corner = 0; corner < 4; ++corner) {
            Sides& s = sides[tet.face[corner]];
            const int side = s.tet[0] < 0 ? 0 : 1;
            s.tet[side] = static_cast<std::int32_t>(t);
            s.vertex[side] = tet.vertex[corner == 0 ? 1 : 0];
        }
    }
    // The same facet seen from both sides: the second tet lies where its view is the first's.
    const auto link = [&](std::int32_t triangle) -> Link {
        const Sides& s = sides[triangle];
        return {s.tet[0], s.tet[1], offset_between(names, s.vertex[1], s.vertex[0])};
    };
    std::vector<Link> forest, closing;
    for (const PersistencePair& p : h2) (p.death >= 0 ? forest : closing).push_back(link(p.birth));
    return close_loops(lay_out(complex.tets.size(), forest), closing);
}

}  // namespace amorph
