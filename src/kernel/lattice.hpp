// The user's atoms and cell on an exact integer grid, with a reduced basis.
//
// The cell vectors are snapped to the grid before they are reduced, so every
// later basis change is an exact integer combination and periodic images are
// exact translates of each other. Non-periodic directions are completed by
// unit normals and carry no lattice vector.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixed_int.hpp"
#include "point.hpp"
#include "predicates.hpp"

namespace amorph {

// Input that no diagram can be made of; the message says what is wrong with it.
class InputError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

using Offset = std::array<std::int64_t, 3>;  // whole lattice vectors

// What atoms and periodic vectors span: everything (3), a plane (2), a line (1), a point (0).
struct AffineSpan {
    int dimension;
    std::array<Point, 2> axes;  // orthonormal, within the plane or along the line
    Point origin;
};

struct Cell {
    std::array<Point, 3> vectors;  // Angstrom; only the periodic ones are read
    std::array<bool, 3> periodic;
};

AffineSpan affine_span(std::span<const Point> positions, const Cell& cell);

class Lattice {
public:
    Lattice(std::span<const Point> positions, const Cell& cell);

    int n_periodic() const { return n_periodic_; }
    double grid_step() const { return 1 / scale_; }               // Angstrom
    double largest_weight() const { return largest_weight_; }     // Angstrom^2

    // Wrapped, in grid units; weights relative to the largest, since only differences matter.
    // Many atoms come in an order of their own, so that neighbours lie close in memory.
    const std::vector<Point>& atoms() const { return atoms_; }

    std::int32_t user_index(std::int64_t atom) const { return user_index_[atom]; }
    const Point& basis(int k) const { return basis_[k]; }         // k < n_periodic
    double height(int k) const { return height_[k]; }             // of the cell along axis k

    // How far from the home cell, in fractional coordinates along axis k < n_periodic, a vertex of
    // a Delaunay cell whose circumcentre lies in the home cell can be at most.
    double margin(int k) const { return margin_[k]; }

    // A typical distance of neighbouring atoms, (volume / atoms)^(1/3).
    double spacing() const { return spacing_; }

    double fractional(int k, const Point& p) const { return dot(reciprocal_[k], p); }

    double fractional(int k, const ExactCentre& p) const;

    Point translation(const Offset& reduced) const;

    // The offset, in the user's own cell vectors, at which an atom lies when its wrapped copy is
    // moved by `reduced`.
    Offset user_offset(std::int64_t atom, const Offset& reduced) const;

private:
    void reduce_basis(const Cell& cell);
    void complete_frame();
    void invert_exactly();
    void choose_scale(std::span<const Point> positions);
    void snap_and_wrap(std::span<const Point> positions, const Cell& cell);
    void sort_in_space();

    int n_periodic_ = 0;
    double scale_ = 1;
    double largest_weight_ = 0, weight_range_ = 0;
    std::array<int, 3> axes_{};               // the user's index of each periodic vector
    std::array<Offset, 3> transform_{};       // basis_[k] = sum_j transform_[k][j] * user vector j
    std::array<Point, 3> basis_{};            // periodic vectors first, then unit normals
    std::array<Point, 3> reciprocal_{};
    // Rows of the inverse frame as integers over a common denominator.
    std::array<std::array<Int384, 3>, 3> exact_reciprocal_{};
    Int384 exact_denominator_;
    std::array<double, 3> height_{};
    std::array<double, 3> margin_{};
    double spacing_ = 0;
    std::vector<Point> atoms_;
    std::vector<std::int32_t> user_index_;
    // user_offset of the wrapped copy itself: given = wrapped - sum_k home_offset_[k] * vector k.
    std::vector<std::array<std::int32_t, 3>> home_offset_;
};

}  // namespace amorph
