// From atoms and cell to persistence diagrams in the user's units and cell.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "lattice.hpp"

namespace amorph {

// Simplices of one dimension, `corners` atoms each, flattened. An offset says at which periodic
// image, in the user's cell vectors, each atom is taken; the first has offset 0.
struct SimplexList {
    int corners = 1;
    std::vector<std::int32_t> atoms;    // (n, corners); -1 where there is no simplex
    std::vector<std::int32_t> offsets;  // (n, corners, 3)
};

struct Diagram {
    std::vector<double> birth, death;  // squared Angstrom; death may be infinite
    SimplexList birth_simplex, death_simplex;
};

struct FilteredSimplices {
    SimplexList simplices;
    std::vector<double> value;  // squared Angstrom
};

// H0, H1, H2. Pairs no longer than min_persistence, or than the rounding to the grid, are left
// out. Throws InputError for input without a three-dimensional diagram.
std::array<Diagram, 3> alpha_diagrams(std::span<const Point> positions, const Cell& cell,
                                      double min_persistence);

// The alpha complex itself: vertices, edges, triangles, tetrahedra.
std::array<FilteredSimplices, 4> alpha_complex(std::span<const Point> positions,
                                               const Cell& cell);

}  // namespace amorph
