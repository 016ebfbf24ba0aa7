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
    std::vector<std::int32_t> winding;  // (n, 3); see winding.hpp; 0 where there is none
};

struct Diagrams {
    std::array<Diagram, 3> by_dimension;  // H0, H1, H2; empty where not wanted
    std::vector<std::int32_t> hidden;     // atoms that no simplex has, their balls being covered
};

struct FilteredSimplices {
    SimplexList simplices;
    std::vector<double> value;  // squared Angstrom
};

struct Options {
    std::array<bool, 3> wanted = {true, true, true};  // dimensions
    bool windings = false;
    double min_persistence = 0;
    int n_threads = 1;  // more than one pays for tens of thousands of atoms
};

// Positions carry weights (squared radii, Angstrom^2), all equal for plain alpha complexes: values
// are then squared radii, else squared radii minus the weight. Pairs no longer than
// min_persistence, or than the rounding to the grid, are left out. Atoms in a plane or on a line
// are triangulated there. Throws InputError for atoms that coincide and cells without volume.
Diagrams alpha_diagrams(std::span<const Point> positions, const Cell& cell,
                        const Options& options);

// The alpha complex itself: vertices, edges, triangles, tetrahedra.
std::array<FilteredSimplices, 4> alpha_complex(std::span<const Point> positions,
                                               const Cell& cell);

}  // namespace amorph
