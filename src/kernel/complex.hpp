// The alpha complex of a periodic (or free) structure: one representative of
// every simplex modulo the lattice, with its filtration value.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "delaunay.hpp"
#include "lattice.hpp"
#include "padding.hpp"

namespace amorph {

// Vertices of a simplex are padded vertices in the order of their image codes, so that
// translated copies of a simplex list corresponding vertices in corresponding places.
// Face k of a simplex is the one opposite to its vertex k. Values are squared grid units.
struct Complex {
    struct Edge {
        std::array<Vertex, 2> vertex;
        double value;
    };
    struct Triangle {
        std::array<Vertex, 3> vertex;
        std::array<std::int32_t, 3> edge;
        double value;
    };
    struct Tet {
        std::array<Vertex, 4> vertex;
        std::array<std::int32_t, 4> triangle;
        double value;
    };

    std::int64_t n_atoms = 0;
    std::vector<Edge> edges;
    std::vector<Triangle> triangles;
    std::vector<Tet> tets;
};

// A facet of a representative tetrahedron.
struct Side {
    std::int32_t tet;  // index into Complex::tets
    int corner;        // the opposite vertex
};

// What the certificate has to look at: everything that the padded triangulation itself does not
// already vouch for.
struct Seams {
    struct Glued {
        Side first, second;
    };
    std::vector<Glued> glued;          // two sides identified by a lattice translation
    std::vector<Side> open;            // sides that met no partner
    std::vector<TetIndex> source;      // tetrahedron of the triangulation behind each Complex::tet
    std::vector<std::int8_t> odd;      // sorting its vertices was an odd permutation
};

struct Quotient {
    bool consistent = false;  // no triangle met three sides
    double largest_radius = 0;
    Complex complex;
    Seams seams;
};

// Selects one tetrahedron of each orbit, by its circumcentre, and identifies faces modulo the
// lattice. Nothing is assumed of the padding: the certificate decides whether it was enough.
Quotient build_quotient(const Lattice& lattice, const PaddedPoints& padded,
                        const Delaunay& delaunay);

// Exact proof that the representatives triangulate the torus (or the periodic hull of a slab or
// wire) and are locally Delaunay everywhere, hence are the periodic Delaunay triangulation. For
// non-periodic input the triangulation is its own proof.
bool certify(const Lattice& lattice, const PaddedPoints& padded, const Delaunay& delaunay,
             const Quotient& quotient);

}  // namespace amorph
