// The Python module amorphology._kernel: functions, no state.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <optional>
#include <utility>
#include <vector>

#include "diagrams.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using amorph::Point;

using Positions = nb::ndarray<const double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using PairNumbers = nb::ndarray<const std::int64_t, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using CellVectors = nb::ndarray<const double, nb::shape<3, 3>, nb::c_contig, nb::device::cpu>;

struct Input {
    std::vector<Point> positions;
    amorph::Cell cell;
};

Input read_input(const Positions& positions, const CellVectors& cell,
                 const std::array<bool, 3>& pbc, const std::optional<Weights>& weights) {
    const std::size_t n = positions.shape(0);
    if (n == 0) throw amorph::InputError("there are no atoms");
    if (weights && weights->shape(0) != n)
        throw amorph::InputError("there must be one weight for each atom");
    Input input;
    input.positions.reserve(n);
    for (std::size_t i = 0; i < n; ++i)
        input.positions.push_back({positions(i, 0), positions(i, 1), positions(i, 2),
                                   weights ? (*weights)(i) : 0.0});
    for (std::size_t k = 0; k < 3; ++k)
        input.cell.vectors[k] = {cell(k, 0), cell(k, 1), cell(k, 2)};
    input.cell.periodic = pbc;
    return input;
}

// Hands a vector's memory to NumPy without a copy.
template <class T, std::size_t N>
nb::object to_numpy(std::vector<T>&& values, const std::array<std::size_t, N>& shape) {
    auto* owned = new std::vector<T>(std::move(values));
    nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T>(owned->data(), N, shape.data(), owner));
}

std::pair<nb::object, nb::object> to_numpy(amorph::SimplexList&& list) {
    const std::size_t corners = static_cast<std::size_t>(list.corners);
    const std::size_t n = list.atoms.size() / corners;
    return {to_numpy<std::int32_t, 2>(std::move(list.atoms), {n, corners}),
            to_numpy<std::int32_t, 3>(std::move(list.offsets), {n, corners, 3})};
}

nb::tuple to_tuple(amorph::Diagram&& d) {
    const std::size_t n = d.birth.size();
    auto [birth_atoms, birth_offsets] = to_numpy(std::move(d.birth_simplex));
    auto [death_atoms, death_offsets] = to_numpy(std::move(d.death_simplex));
    return nb::make_tuple(to_numpy<double, 1>(std::move(d.birth), {n}),
                          to_numpy<double, 1>(std::move(d.death), {n}), birth_atoms,
                          birth_offsets, death_atoms, death_offsets,
                          to_numpy<std::int32_t, 2>(std::move(d.winding), {n, 3}));
}

nb::tuple to_tuple(amorph::FilteredSimplices&& f) {
    const std::size_t n = f.value.size();
    auto [atoms, offsets] = to_numpy(std::move(f.simplices));
    return nb::make_tuple(to_numpy<double, 1>(std::move(f.value), {n}), atoms, offsets);
}

template <std::size_t N, class T>
nb::list to_list(std::array<T, N>&& parts) {
    nb::list list;
    for (T& part : parts) list.append(to_tuple(std::move(part)));
    return list;
}

nb::tuple alpha_diagrams(const Positions& positions, const CellVectors& cell,
                         const std::array<bool, 3>& pbc, const std::optional<Weights>& weights,
                         const std::array<bool, 4>& wanted, bool windings,
                         double min_persistence, int n_threads) {
    const Input input = read_input(positions, cell, pbc, weights);
    amorph::Diagrams diagrams;
    {
        nb::gil_scoped_release release;
        diagrams = amorph::alpha_diagrams(input.positions, input.cell,
                                          {wanted, windings, min_persistence, n_threads});
    }
    const std::size_t n_hidden = diagrams.hidden.size();
    return nb::make_tuple(to_list(std::move(diagrams.by_dimension)),
                          to_numpy<std::int32_t, 1>(std::move(diagrams.hidden), {n_hidden}));
}

nb::list alpha_complex(const Positions& positions, const CellVectors& cell,
                       const std::array<bool, 3>& pbc, const std::optional<Weights>& weights) {
    const Input input = read_input(positions, cell, pbc, weights);
    std::array<amorph::FilteredSimplices, 4> complex;
    {
        nb::gil_scoped_release release;
        complex = amorph::alpha_complex(input.positions, input.cell);
    }
    return to_list(std::move(complex));
}

amorph::Choice read_choice(const std::optional<PairNumbers>& pairs) {
    if (!pairs) return std::nullopt;
    return std::span<const std::int64_t>(pairs->data(), pairs->shape(0));
}

nb::tuple alpha_rings(const Positions& positions, const CellVectors& cell,
                      const std::array<bool, 3>& pbc, const std::optional<Weights>& weights,
                      const std::optional<PairNumbers>& pairs, double tolerance) {
    const Input input = read_input(positions, cell, pbc, weights);
    amorph::DiagramRings found;
    {
        nb::gil_scoped_release release;
        found = amorph::alpha_rings(input.positions, input.cell, read_choice(pairs), tolerance);
    }
    amorph::RingList& rings = found.rings;
    const std::size_t n = found.birth.size(), n_atoms = rings.atoms.size();
    return nb::make_tuple(to_numpy<double, 1>(std::move(found.birth), {n}),
                          to_numpy<double, 1>(std::move(found.death), {n}),
                          to_numpy<std::int32_t, 1>(std::move(rings.start), {n + 1}),
                          to_numpy<std::int32_t, 1>(std::move(rings.atoms), {n_atoms}),
                          to_numpy<std::int32_t, 2>(std::move(rings.offsets), {n_atoms, 3}),
                          to_numpy<std::int32_t, 2>(std::move(rings.closing), {n, 3}),
                          to_numpy<std::uint8_t, 1>(std::move(rings.filled), {n}));
}

nb::tuple alpha_cavities(const Positions& positions, const CellVectors& cell,
                         const std::array<bool, 3>& pbc, const std::optional<Weights>& weights,
                         const std::optional<PairNumbers>& pairs) {
    const Input input = read_input(positions, cell, pbc, weights);
    amorph::DiagramCavities found;
    {
        nb::gil_scoped_release release;
        found = amorph::alpha_cavities(input.positions, input.cell, read_choice(pairs));
    }
    amorph::CavityList& cavities = found.cavities;
    const std::size_t n = found.birth.size(), n_atoms = cavities.atoms.size();
    const std::size_t n_triangles = cavities.triangles.size() / 3;
    return nb::make_tuple(
        to_numpy<double, 1>(std::move(found.birth), {n}),
        to_numpy<double, 1>(std::move(found.death), {n}),
        to_numpy<std::int32_t, 1>(std::move(cavities.atom_start), {n + 1}),
        to_numpy<std::int32_t, 1>(std::move(cavities.atoms), {n_atoms}),
        to_numpy<std::int32_t, 2>(std::move(cavities.offsets), {n_atoms, 3}),
        to_numpy<std::int32_t, 1>(std::move(cavities.triangle_start), {n + 1}),
        to_numpy<std::int32_t, 2>(std::move(cavities.triangles), {n_triangles, 3}),
        to_numpy<std::uint8_t, 1>(std::move(cavities.winding), {n}));
}

// glibc gives freed memory back to the system in pieces that a frame of some hundred atoms exceeds.
// To get it again page by page for the next frame took a quarter of the time of a 680-atom sheet, and
// the frames of other threads wait for it. These thresholds are those that glibc itself moves to
// once a program has freed a block of 32 MB.
void keep_freed_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

}  // namespace

NB_MODULE(_kernel, m) {
    keep_freed_memory();
    m.doc() = "Alpha-complex persistence of periodic and free point sets.";
    nb::exception<amorph::InputError>(m, "InputError", PyExc_ValueError);
    m.def("alpha_diagrams", &alpha_diagrams, "positions"_a, "cell"_a, "pbc"_a,
          "weights"_a = nb::none(), "wanted"_a = std::array<bool, 4>{true, true, true, false},
          "windings"_a = false, "min_persistence"_a = 0.0, "n_threads"_a = 1,
          "([(birth, death, birth atoms, birth offsets, death atoms, death offsets, winding)] of H0 "
          "to H3 (empty where not wanted), hidden atoms).");
    m.def("alpha_rings", &alpha_rings, "positions"_a, "cell"_a, "pbc"_a, "weights"_a = nb::none(),
          "pairs"_a = nb::none(), "tolerance"_a = 0.0,
          "(birth, death, start, atoms, offsets, closing offset, filled) of rings of H1.");
    m.def("alpha_cavities", &alpha_cavities, "positions"_a, "cell"_a, "pbc"_a,
          "weights"_a = nb::none(), "pairs"_a = nb::none(),
          "(birth, death, atom start, atoms, offsets, triangle start, triangles, winding) of "
          "cavities of H2.");
    m.def("alpha_complex", &alpha_complex, "positions"_a, "cell"_a, "pbc"_a,
          "weights"_a = nb::none(),
          "[(value, atoms, offsets)] of the vertices, edges, triangles and tetrahedra.");
}
