#include "cavities.hpp"

#include <algorithm>
#include <utility>

#include "filtration_order.hpp"

namespace amorph {
namespace {

using Index = std::int32_t;

class VoidSearch {
public:
    VoidSearch(const Complex& complex, const std::vector<ImageName>& names,
               const PaddedPoints& padded)
        : complex_(complex),
          names_(names),
          padded_(padded),
          predicates_(padded.predicates()),
          rank_(complex.triangles.size()),
          sides_(complex.triangles.size(), {Side{-1, 0}, Side{-1, 0}}),
          place_(complex.tets.size()),
          turn_of_(complex.tets.size(), 0) {
        const std::vector<Index> order = filtration_order(complex.triangles);
        for (std::size_t i = 0; i < order.size(); ++i) rank_[order[i]] = static_cast<Index>(i);
        for (std::size_t t = 0; t < complex.tets.size(); ++t)
            for (int corner = 0; corner < 4; ++corner) {
                auto& sides = sides_[complex.tets[t].face[corner]];
                sides[sides[0].cell < 0 ? 0 : 1] = {static_cast<Index>(t), corner};
            }
    }

    void append_cavity(const PersistencePair& pair, CavityList& cavities) {
        bool winding = false;
        birth_rank_ = rank_[pair.birth];
        const std::vector<Index> tets = reached(pair.death, winding);
        std::vector<std::array<ImageName, 3>> surface;
        for (const Index t : tets)
            for (int corner = 0; corner < 4; ++corner)
                if (is_on_surface({t, corner})) surface.push_back(outward(t, corner));
        std::vector<ImageName> images;
        for (const auto& triangle : surface)
            images.insert(images.end(), triangle.begin(), triangle.end());
        std::sort(images.begin(), images.end());
        images.erase(std::unique(images.begin(), images.end()), images.end());
        for (const ImageName& image : images) {
            cavities.atoms.push_back(image[0]);
            for (int k = 1; k < 4; ++k) cavities.offsets.push_back(image[k] - images[0][k]);
        }
        for (const auto& triangle : surface)
            for (const ImageName& corner : triangle)
                cavities.triangles.push_back(static_cast<Index>(
                    std::lower_bound(images.begin(), images.end(), corner) - images.begin()));
        cavities.atom_start.push_back(static_cast<Index>(cavities.atoms.size()));
        cavities.triangle_start.push_back(static_cast<Index>(cavities.triangles.size() / 3));
        cavities.winding.push_back(winding);
    }

private:
    // The tetrahedra of the void; place_ says at which copy each lies when it is unrolled from the
    // last one.
    std::vector<Index> reached(Index last, bool& winding) {
        ++turn_;
        std::vector<Index> tets(1, last);
        place_[last] = {};
        turn_of_[last] = turn_;
        for (std::size_t i = 0; i < tets.size(); ++i) {
            const Simplex<3>& tet = complex_.tets[tets[i]];
            for (int corner = 0; corner < 4; ++corner) {
                if (rank_[tet.face[corner]] <= birth_rank_) continue;
                const Side& beyond = opposite({tets[i], corner});
                const Winding place = beside({tets[i], corner});
                if (turn_of_[beyond.cell] != turn_) {
                    turn_of_[beyond.cell] = turn_;
                    place_[beyond.cell] = place;
                    tets.push_back(beyond.cell);
                } else if (place_[beyond.cell] != place) {
                    winding = true;
                }
            }
        }
        return tets;
    }

    // The copy of the tetrahedron beyond a facet: where both see the facet's first vertex.
    Winding beside(const Side& here) const {
        const ImageName& a = first_vertex(here);
        const ImageName& b = first_vertex(opposite(here));
        const Winding& place = place_[here.cell];
        return {place[0] + a[1] - b[1], place[1] + a[2] - b[2], place[2] + a[3] - b[3]};
    }

    const ImageName& first_vertex(const Side& side) const {
        return names_[complex_.tets[side.cell].vertex[side.corner == 0 ? 1 : 0]];
    }

    // Beyond the facet, which is as old as the birth, there is no void; or another copy of it, whose
    // facet, the same one modulo the lattice, cancels this one in the cycle but not in the unrolled
    // surface. A facet with the same copy on both sides is a membrane inside.
    bool is_on_surface(const Side& here) const {
        if (rank_[complex_.tets[here.cell].face[here.corner]] > birth_rank_) return false;
        const Side& beyond = opposite(here);
        return beyond.cell < 0 || turn_of_[beyond.cell] != turn_ ||
               place_[beyond.cell] != beside(here);
    }

    const Side& opposite(const Side& here) const {
        const auto& sides = sides_[complex_.tets[here.cell].face[here.corner]];
        const bool first = sides[0].cell == here.cell && sides[0].corner == here.corner;
        return sides[first ? 1 : 0];
    }

    std::array<ImageName, 3> outward(Index t, int corner) const {
        const Simplex<3>& tet = complex_.tets[t];
        std::array<Vertex, 4> vertex;
        int n = 0;
        for (int k = 0; k < 4; ++k)
            if (k != corner) vertex[n++] = tet.vertex[k];
        vertex[3] = tet.vertex[corner];
        const auto& points = padded_.points;
        // Positively oriented, the fourth point sees the others clockwise.
        if (predicates_.orient<3>({&points[vertex[0]], &points[vertex[1]], &points[vertex[2]],
                                   &points[vertex[3]]}) > 0)
            std::swap(vertex[0], vertex[1]);
        std::array<ImageName, 3> triangle;
        for (int k = 0; k < 3; ++k) {
            triangle[k] = names_[vertex[k]];
            for (int i = 0; i < 3; ++i) triangle[k][i + 1] += place_[t][i];
        }
        return triangle;
    }

    const Complex& complex_;
    const std::vector<ImageName>& names_;
    const PaddedPoints& padded_;
    const Predicates predicates_;
    std::vector<Index> rank_;
    std::vector<std::array<Side, 2>> sides_;
    std::vector<Winding> place_;
    std::vector<std::uint32_t> turn_of_;
    std::uint32_t turn_ = 0;
    Index birth_rank_ = 0;
};

}  // namespace

CavityList cavities(const Complex& complex, const std::vector<ImageName>& names,
                    const PaddedPoints& padded, std::span<const PersistencePair> pairs) {
    VoidSearch search(complex, names, padded);
    CavityList list;
    for (const PersistencePair& pair : pairs) search.append_cavity(pair, list);
    return list;
}

}  // namespace amorph
