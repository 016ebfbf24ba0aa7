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

// Vertices are padded vertices in the order of their image codes, so that translated copies of a
// simplex list corresponding vertices in corresponding places. Face k is opposite to vertex k:
// an index into the simplices of one dimension less, for edges an atom. Values are squared grid
// units.
template <int Dim>
struct Simplex {
    std::array<Vertex, Dim + 1> vertex;
    std::array<std::int32_t, Dim + 1> face;
    double value;
};

template <>
struct Simplex<0> {
    std::array<Vertex, 1> vertex;
    double value;
};

struct Complex {
    std::vector<Simplex<0>> atoms;  // one image of each; hidden atoms too
    std::vector<std::uint8_t> hidden;  // by atom: not in the complex, its ball being covered
    std::vector<Simplex<1>> edges;
    std::vector<Simplex<2>> triangles;
    std::vector<Simplex<3>> tets;

    template <int Dim>
    auto& simplices() {
        if constexpr (Dim == 0) {
            return atoms;
        } else if constexpr (Dim == 1) {
            return edges;
        } else if constexpr (Dim == 2) {
            return triangles;
        } else {
            return tets;
        }
    }
    template <int Dim>
    const auto& simplices() const {
        return const_cast<Complex*>(this)->simplices<Dim>();
    }
};

// Faces of an edge: the atom at its other end, for either vertex.
std::array<std::int32_t, 2> end_atoms(const PaddedPoints& padded,
                                      const std::array<Vertex, 2>& vertex);

// Values of the atoms, once those of the edges are known, and which atoms are hidden.
void value_atoms(Complex& complex, const PaddedPoints& padded);

// A facet of a representative cell.
struct Side {
    std::int32_t cell;  // index into the complex's simplices of full dimension
    int corner;         // the opposite vertex
};

// What the certificate has to look at: everything that the padded triangulation itself does not
// already vouch for.
struct Seams {
    struct Glued {
        Side first, second;
    };
    std::vector<Glued> glued;       // two sides identified by a lattice translation
    std::vector<Side> open;         // sides that met no partner
    std::vector<CellIndex> source;  // the triangulation's cell behind each representative
    std::vector<std::int8_t> odd;   // sorting its vertices was an odd permutation
};

struct Quotient {
    bool consistent = true;  // no facet met three sides
    double largest_radius = 0;
    Complex complex;
    Seams seams;
};

// Selects one cell of each orbit, by its circumcentre, and identifies faces modulo the lattice.
// Nothing is assumed of the padding: the certificate decides whether it was enough.
template <int D>
Quotient build_quotient(const Lattice& lattice, const PaddedPoints& padded,
                        const Delaunay<D>& delaunay, int n_threads);

// Exact proof that the representatives triangulate the torus (or the periodic hull of a slab or
// wire) and are locally Delaunay everywhere, hence are the periodic Delaunay triangulation. For
// non-periodic input the triangulation is its own proof.
template <int D>
bool certify(const Lattice& lattice, const PaddedPoints& padded, const Delaunay<D>& delaunay,
             const Quotient& quotient);

// The complex of atoms on one line, the x axis. Adds the images it needs to `padded`. Throws
// Coincidence.
Complex line_complex(const Lattice& lattice, PaddedPoints& padded);

}  // namespace amorph
