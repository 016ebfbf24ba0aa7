// From atoms and cell to persistence diagrams in the user's units and cell.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cavities.hpp"
#include "lattice.hpp"
#include "rings.hpp"

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
    std::array<Diagram, 4> by_dimension;  // H0 to H3; empty where not wanted
    std::vector<std::int32_t> hidden;     // atoms that no simplex has, their balls being covered
};

struct FilteredSimplices {
    SimplexList simplices;
    std::vector<double> value;  // squared Angstrom
};

struct Options {
    std::array<bool, 4> wanted = {true, true, true, false};  // dimensions
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

// What the chosen pairs of a diagram look like, in the order chosen; without a choice, all finite
// pairs.
using Choice = std::optional<std::span<const std::int64_t>>;

struct DiagramRings {
    std::vector<double> birth, death;  // squared Angstrom
    RingList rings;
};

struct DiagramCavities {
    std::vector<double> birth, death;
    CavityList cavities;
};

// The rings of pairs that are numbered as in alpha_diagrams (with min_persistence 0), from edges that
// enter at most `tolerance` (squared Angstrom), or the rounding, after birth. Throws
// std::out_of_range for numbers that no pair has.
DiagramRings alpha_rings(std::span<const Point> positions, const Cell& cell, const Choice& chosen,
                         double tolerance);

// The cavities of H2. Throws std::out_of_range for essential pairs, too: they enclose nothing.
DiagramCavities alpha_cavities(std::span<const Point> positions, const Cell& cell,
                               const Choice& chosen);

// The alpha complex itself: vertices, edges, triangles, tetrahedra.
std::array<FilteredSimplices, 4> alpha_complex(std::span<const Point> positions,
                                               const Cell& cell);

}  // namespace amorph
