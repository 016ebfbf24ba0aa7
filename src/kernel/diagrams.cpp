#include "diagrams.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "complex.hpp"
#include "persistence.hpp"

namespace amorph {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// Atoms closer than this (Angstrom) are one atom written twice.
constexpr double coincidence_distance = 1e-8;

// The certified complex together with what its vertices mean.
class CertifiedComplex {
public:
    CertifiedComplex(std::span<const Point> positions, const Cell& cell)
        : lattice_(positions, cell), delaunay_(padded_.points) {
        constexpr const char* flat =
            "all atoms lie in one plane or on one line: there is no three-dimensional alpha complex";
        if (lattice_.flat()) throw InputError(flat);
        // A wider margin costs points, a narrower one second attempts; the widest gap between
        // atoms grows with their number.
        const double margin = positions.size() < 1000 ? 1.0 : 1.15;
        double radius = std::min(margin * lattice_.spacing(), lattice_.covering_radius());
        double previous_radius = -1;
        std::vector<Vertex> pending;
        for (;;) {
            const bool last_attempt = radius >= lattice_.covering_radius();
            const std::vector<Vertex> fresh = padded_.grow(lattice_, radius, previous_radius);
            pending.insert(pending.end(), fresh.begin(), fresh.end());
            double largest_radius = 0;
            if (insert(pending)) {
                pending.clear();
                quotient_ = build_quotient(lattice_, padded_, delaunay_);
                if (certify(lattice_, padded_, delaunay_, quotient_)) break;
                largest_radius = quotient_.largest_radius;
            } else if (last_attempt) {
                throw InputError(flat);
            }
            if (last_attempt)
                throw std::logic_error("the periodic triangulation could not be certified");
            previous_radius = radius;
            radius = std::max(1.3 * radius, std::min(largest_radius, 2 * radius));
            radius = std::min(radius, lattice_.covering_radius());
        }
        reject_near_duplicates();
    }

    const Complex& complex() const { return quotient_.complex; }
    const std::vector<ImageCode>& codes() const { return padded_.codes; }
    double to_squared_angstrom(double value) const {
        return value * lattice_.grid_step() * lattice_.grid_step();
    }
    double grid_step() const { return lattice_.grid_step(); }

    // Appends a simplex, corners by atom and then by offset, the first at offset 0.
    template <std::size_t N>
    void append(SimplexList& list, const std::array<Vertex, N>& vertex) const {
        struct Corner {
            std::int64_t atom;
            Offset offset;
        };
        std::array<Corner, N> corners;
        for (std::size_t i = 0; i < N; ++i) {
            const ImageCode code = padded_.codes[vertex[i]];
            corners[i].atom = code_atom(code);
            corners[i].offset = lattice_.user_offset(corners[i].atom, code_offset(code));
        }
        std::sort(corners.begin(), corners.end(), [](const Corner& a, const Corner& b) {
            return a.atom != b.atom ? a.atom < b.atom : a.offset < b.offset;
        });
        for (const Corner& c : corners) {
            list.atoms.push_back(static_cast<std::int32_t>(c.atom));
            for (int k = 0; k < 3; ++k)
                list.offsets.push_back(
                    static_cast<std::int32_t>(c.offset[k] - corners[0].offset[k]));
        }
    }

private:
    // False when all points so far lie in one plane.
    bool insert(const std::vector<Vertex>& order) {
        const Delaunay::Result result = delaunay_.insert(order, padded_.extent());
        if (result.status == Delaunay::Status::duplicate)
            throw_duplicate(padded_.codes[result.first], padded_.codes[result.second]);
        return result.status == Delaunay::Status::ok;
    }

    // The two closest atoms always span an edge of the complex, and it is the first to enter.
    void reject_near_duplicates() const {
        const double limit = coincidence_distance / lattice_.grid_step();
        for (const Complex::Edge& e : complex().edges)
            if (4 * e.value < limit * limit)
                throw_duplicate(padded_.codes[e.vertex[0]], padded_.codes[e.vertex[1]]);
    }

    [[noreturn]] void throw_duplicate(ImageCode a, ImageCode b) const {
        if (code_atom(b) < code_atom(a)) std::swap(a, b);
        const Offset from = lattice_.user_offset(code_atom(a), code_offset(a));
        const Offset to = lattice_.user_offset(code_atom(b), code_offset(b));
        std::string text = "atoms " + std::to_string(code_atom(a)) + " and " +
                           std::to_string(code_atom(b)) + " lie on one place";
        if (from != to) {
            text += ", lattice offset (";
            for (int k = 0; k < 3; ++k)
                text += std::to_string(to[k] - from[k]) + (k < 2 ? ", " : ")");
        }
        throw InputError(text + ": remove one of them");
    }

    Lattice lattice_;
    PaddedPoints padded_;
    Delaunay delaunay_;
    Quotient quotient_;
};

// Snapping moves each atom by less than a grid step, a squared radius r^2 therefore by a few
// times r steps: shorter pairs are rounding (perfect crystals make hundreds).
constexpr double rounding_steps = 16;

template <class Birth, class Death>
Diagram make_diagram(const CertifiedComplex& certified, std::vector<PersistencePair>& pairs,
                     const std::vector<Birth>& births, const std::vector<Death>& deaths,
                     double min_persistence) {
    constexpr int birth_corners = std::tuple_size_v<decltype(Birth::vertex)>;
    Diagram diagram;
    diagram.birth_simplex.corners = birth_corners;
    diagram.death_simplex.corners = birth_corners + 1;
    struct Entry {
        double birth, death;
        PersistencePair pair;
    };
    std::vector<Entry> entries;
    for (const PersistencePair& p : pairs) {
        const double birth = certified.to_squared_angstrom(births[p.birth].value);
        const double death =
            p.death < 0 ? inf : certified.to_squared_angstrom(deaths[p.death].value);
        const double rounding = rounding_steps * certified.grid_step() * std::sqrt(death);
        if (p.death < 0 || death - birth > std::max(min_persistence, rounding))
            entries.push_back({birth, death, p});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        if (a.birth != b.birth) return a.birth < b.birth;
        if (a.death != b.death) return a.death < b.death;
        return a.pair.birth < b.pair.birth;
    });
    for (const Entry& e : entries) {
        diagram.birth.push_back(e.birth);
        diagram.death.push_back(e.death);
        certified.append(diagram.birth_simplex, births[e.pair.birth].vertex);
        if (e.pair.death >= 0) {
            certified.append(diagram.death_simplex, deaths[e.pair.death].vertex);
        } else {
            auto& list = diagram.death_simplex;
            list.atoms.insert(list.atoms.end(), birth_corners + 1, -1);
            list.offsets.insert(list.offsets.end(), 3 * (birth_corners + 1), 0);
        }
    }
    return diagram;
}

struct AtomSimplex {
    std::array<Vertex, 1> vertex;
    double value;
};

// The atoms as 0-simplices, by way of one of their images.
std::vector<AtomSimplex> atom_simplices(const CertifiedComplex& certified) {
    std::vector<AtomSimplex> atoms(static_cast<std::size_t>(certified.complex().n_atoms));
    for (std::size_t v = 1; v < certified.codes().size(); ++v)
        atoms[static_cast<std::size_t>(code_atom(certified.codes()[v]))] = {
            {static_cast<Vertex>(v)}, 0.0};
    return atoms;
}

template <class Simplex>
FilteredSimplices filtered(const CertifiedComplex& certified,
                           const std::vector<Simplex>& simplices) {
    FilteredSimplices result;
    result.simplices.corners = std::tuple_size_v<decltype(Simplex::vertex)>;
    for (const Simplex& s : simplices) {
        certified.append(result.simplices, s.vertex);
        result.value.push_back(certified.to_squared_angstrom(s.value));
    }
    return result;
}

}  // namespace

std::array<Diagram, 3> alpha_diagrams(std::span<const Point> positions, const Cell& cell,
                                      double min_persistence) {
    const CertifiedComplex certified(positions, cell);
    const Complex& c = certified.complex();
    auto pairs = persistence_pairs(c, certified.codes());
    return {make_diagram(certified, pairs[0], atom_simplices(certified), c.edges, min_persistence),
            make_diagram(certified, pairs[1], c.edges, c.triangles, min_persistence),
            make_diagram(certified, pairs[2], c.triangles, c.tets, min_persistence)};
}

std::array<FilteredSimplices, 4> alpha_complex(std::span<const Point> positions,
                                               const Cell& cell) {
    const CertifiedComplex certified(positions, cell);
    const Complex& c = certified.complex();
    return {filtered(certified, atom_simplices(certified)), filtered(certified, c.edges),
            filtered(certified, c.triangles), filtered(certified, c.tets)};
}

}  // namespace amorph
