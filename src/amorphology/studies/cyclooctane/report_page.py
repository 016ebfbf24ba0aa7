"""The page that tells the cyclo-octane study."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from amorphology.studies.cyclooctane.claims import PURITY, VERDICTS
from amorphology.studies.cyclooctane.planes import TITLES
from amorphology.studies.cyclooctane.supplementary_figures import KIND_TITLES
from amorphology.studies.page import cards, code, counted, document, figure, record, table

__all__ = ["write_page"]

TITLE = "Cyclo-octane: what descriptors tell apart"
WIDTH = 640  # of figures, CSS pixels

NAMES = {**TITLES, "diagrams": "persistence diagrams"}
KEPT = "the conformations with their labels are in <code>conformations.extxyz</code>"

PURITIES = ("chair-boat", "chair-crown", "boat-crown")
ORIENTED = ("chair-crown", "boat-chair", "boat-crown")  # as `Labelled.purities` is asked for them


def write_page(numbers: dict[str, Any], figures: Path) -> str:
    """
    Tell a study.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    body = [
        *_summary(numbers, figures),
        *_claims(numbers),
        *_diagrams(numbers, figures),
        *_choices(numbers, figures),
        *_coincidences(numbers, figures),
        *_sample(numbers, figures),
        *record(numbers, KEPT),
        *_further(),
    ]
    return document(TITLE, body)


def _summary(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    sample, verdicts = numbers["sample"], numbers["verdicts"]
    checked = sum(verdicts.values())
    yield f"<h1>{TITLE}</h1>"
    yield (
        '<p class="lead">The ring of eight carbon atoms of cyclo-octane bends into chairs, boats, '
        f"crowns and everything between. Here {sample['conformations']:,} of its conformations, "
        "all with the same bonds and angles, are described in seven ways, and each way is asked "
        "whether it tells the three shapes apart.</p>"
    )
    exact = numbers["coincidences"]["exact"]
    entries = [
        (
            "Statements that hold",
            f"{verdicts[VERDICTS[0]]} of {checked}",
            "",
            f"{verdicts[VERDICTS[1]]} do not; {verdicts[VERDICTS[2]]} cannot be judged",
        ),
        (
            "Conformations",
            f"{sample['conformations']:,}",
            "",
            ", ".join(f"{name} {count:,}" for name, count in sample["labels"].items()),
        ),
        (
            "Same diagram, other shape",
            str(len(exact)),
            "pairs",
            "with H1 diagrams equal up to rounding"
            + (f", up to {exact[0]['distance_angstrom']:.2f} Å apart" if exact else ""),
        ),
    ]
    if all(stage["seconds"] is not None for stage in numbers["stages"]):
        entries.append(
            (
                "From nothing to here",
                f"{numbers['seconds_total'] / 60:.1f}",
                "min",
                f"on {counted(numbers['machine']['cores'], 'core')}",
            )
        )
    yield cards(entries)
    yield figure(
        figures / "conformers.svg",
        "Chair, boat and crown conformation of cyclo-octane as balls and sticks.",
        "<b>The canonical conformations.</b> Chair, boat and crown, with bonds of 1.52 Å and "
        "angles of 115°. Only the carbon atoms count here.",
        width=WIDTH,
    )
    yield figure(
        figures / "planes.svg",
        "Six scatter plots of conformations on planes of two principal components, coloured by "
        "label.",
        "<b>The same conformations, seen by six descriptors.</b> A descriptor turns a conformation "
        "into a list of numbers, a point in a space of many dimensions. Each panel shows the plane "
        "in which the points of one descriptor are spread most (the first two principal "
        "components; in brackets the share of the variance along each). Where two colours share "
        "a place, the plane cannot tell these shapes apart. Grey: conformations between them.",
        width=WIDTH,
    )


def _claims(numbers: dict[str, Any]) -> Iterator[str]:
    yield "<h2>The paper’s statements, measured</h2>"
    yield (
        "<p>Minamitani et al. (2023) describe these planes in words. Here every statement is a "
        "measurement with a threshold, the same for all descriptors and not adjusted to verdicts. "
        "Lengths are in <em>spreads</em>: the root-mean-square distance of a plane’s points from "
        "their mean. A <em>group</em> is what hangs together when points closer than a linking "
        "length are linked; the number that holds over the widest range counts. The <em>32 "
        "images</em> of a conformation are the molecule numbered from another atom (8 ways), "
        "backwards (2), or mirrored (2).</p>"
    )
    yield table(
        ["Descriptor", "Statement", "Measured, and holds if", "Found", "Verdict"],
        [
            [
                NAMES[claim["descriptor"]],
                claim["sentence"],
                claim["measurement"],
                claim["found"],
                claim["verdict"],
            ]
            for claim in numbers["claims"]
        ],
        numbers=(),
    )
    yield (
        "<p>How many groups a label can form follows from symmetry. A descriptor that depends on "
        "the numbering of the atoms sees the images of a conformation as different points; one "
        "that does not, sees one point. These are the points that 32 images make on each plane:</p>"
    )
    yield table(
        ["Descriptor", "Length", "Any conformation", "Chair", "Boat", "Crown"],
        [
            [
                TITLES[key],
                f"{plane['length']:,}",
                *(
                    str(plane["points_of_32_images"][name])
                    for name in ("any", "chair", "boat", "crown")
                ),
            ]
            for key, plane in numbers["planes"].items()
        ],
        numbers=(1, 2, 3, 4, 5),
    )


def _diagrams(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    computed = numbers["five_points"]["computed"]
    pairs = " and ".join(f"({birth:.4f}, {death:.4f})" for birth, death in computed)
    yield "<h2>What a persistence diagram is</h2>"
    yield figure(
        figures / "five_points.svg",
        "Circles growing around five points in the plane, links and triangles that appear, and "
        "the persistence diagram with two points.",
        "<b>Five points and their diagram.</b> Circles grow around the points. Where two meet, a "
        "link appears; where three leave no hole between them, a triangle. Red is what appears "
        "just now. At 0.96 Å² (squared radius) the link a–b closes the ring a-b-c-a: it is "
        "<em>born</em>. At 1.02 Å² the triangle a-b-c fills it: it <em>dies</em>. The larger ring "
        "c-b-d-e-c is born at 1.05 and filled at 1.30 Å². Each ring is a point of the diagram, as "
        f"far above the diagonal as it lived long. Computed here: {pairs}.",
        width=WIDTH,
    )
    yield figure(
        figures / "diagrams.svg",
        "Persistence diagrams of chair, boat and crown with the molecules inset, and the "
        "persistence image of the boat.",
        "<b>Diagrams of the three conformations.</b> The ring of eight bonds is born at (1.52/2)² "
        "= 0.578 Å², when all bonds are there. It is filled late where it is wide open: the "
        "crown. Chair and boat fold across, which makes short-lived rings near the diagonal, two "
        "for the chair and four for the boat (× says how many pairs share a place). Lower right: "
        "the persistence image, a Gaussian of width 0.05 Å² on every pair, read off on 200 × 100 "
        "bins above the diagonal. That is the vector which the descriptor consists of.",
        width=WIDTH,
    )


def _choices(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    yield "<h2>What depends on choices</h2>"
    measured = [one for one in numbers["settings"] if "groups chair" in one]
    separated = [all(one[f"purity {pair}"] >= PURITY for pair in PURITIES) for one in measured]
    two = sum(one["groups chair"] == 2 for one in measured)
    yield (
        "<p><b>Parameters of SOAP and ACSF.</b> The paper does not give them for this comparison "
        "in its readable text. Panel b uses cut-off 6 Å, sigma 0.5 Å, n<sub>max</sub> = "
        "l<sub>max</sub> = 8, its values for amorphous carbon; the default of DScribe, which it "
        "used, is sigma 1 Å. Each line below is another set of parameters, on a part of the "
        "conformations, or what becomes of panel b with other labels or a third component: "
        f"{sum(separated)} of {len(measured)} separate all three labels, and in "
        f"{two} the chair forms two groups.</p>"
    )
    yield table(
        ["Descriptor", "chair, boat", "chair, crown", "boat, crown", "Separated", "Groups, chair"],
        [
            [
                one["name"],
                *(f"{one[f'purity {pair}']:.2f}" for pair in PURITIES),
                "yes" if apart else "no",
                str(one["groups chair"]),
            ]
            for one, apart in zip(measured, separated, strict=True)
        ],
        numbers=(1, 2, 3, 5),
    )
    yield (
        "<p><b>The orientation of Cartesian coordinates.</b> Coordinates mean nothing without a "
        "rule that says how the molecule lies: by superposing every conformation on a reference "
        "with least squares, or by putting three of its atoms on fixed axes. (Of each two labels "
        "the smaller share of own label is given.)</p>"
    )
    yield table(
        ["Orientation", "chair, crown", "boat, chair", "boat, crown", "Groups, boat"],
        [
            [
                one["name"],
                *(f"{one[f'purity {pair}']:.2f}" for pair in ORIENTED),
                str(one["groups boat"]),
            ]
            for one in numbers["orientations"]
            if "groups boat" in one
        ],
        numbers=(1, 2, 3, 4),
    )
    yield figure(
        figures / "choices.svg",
        "Planes of SOAP with broader Gaussians, of ACSF, of Cartesian coordinates oriented by "
        "three atoms; shares of own label for several parameters.",
        "<b>Other choices.</b> SOAP with sigma 1 Å, ACSF, and Cartesian coordinates oriented by "
        "three atoms. Lower right: how well two labels keep apart for each set of parameters "
        "(SOAP: cut-off and sigma, ACSF: cut-off, in Å). Separated are those to the right of the "
        "red line.",
        width=WIDTH,
    )
    yield figure(
        figures / "each_atom.svg",
        "Eight scatter plots, SOAP on each of the eight atoms, nearly the same.",
        "<b>SOAP on each of the eight atoms.</b> No atom is special: the set of all conformations "
        "looks the same from each of them.",
        width=WIDTH,
    )


def _coincidences(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    found = numbers["coincidences"]
    exact = found["exact"]
    yield "<h2>Different conformations, one diagram</h2>"
    yield (
        "<p>Two conformations <em>differ</em> if no numbering and no mirror image brings their "
        f"atoms closer than {found['different_angstrom']:g} Å (root mean square). Their diagrams "
        "<em>coincide</em> within a tolerance if they have equally many pairs, and these can be "
        "matched so that all births and deaths differ by no more. Moving atoms by 0.1 Å may change "
        "a squared radius by up to 0.4 Å², so a tolerance of 0.001 Å² is strict. Each pair of "
        "shapes counts once.</p>"
    )
    yield table(
        ["Tolerance (Å²)", *KIND_TITLES.values()],
        [
            [f"{tolerance:g}", *(str(found["counts"][kind][row]) for kind in KIND_TITLES)]
            for row, tolerance in enumerate(found["tolerances"])
        ],
        numbers=range(5),
    )
    yield figure(
        figures / "coincidences.svg",
        "Numbers of coinciding pairs against the tolerance, and a histogram of how different the "
        "conformations are.",
        "<b>Coinciding diagrams.</b> Above: pairs of different conformations whose diagrams "
        "coincide, against the tolerance. Removing each atom in turn leaves fewer: the eight "
        "diagrams thrown together (the same information as their mean persistence image), or kept "
        "as a set. Below: how different the conformations are.",
        width=WIDTH,
    )
    if exact:
        told = sum(one["told_apart"] for one in exact)
        yield (
            "<p>Are they equal, or only close? Each pair found at 0.001 Å² is moved along the "
            "space of conformations, with all bonds and angles kept, until the difference of the "
            f"diagrams vanishes. {len(exact)} pairs arrive at a difference below 10⁻⁹ Å² and "
            "still differ in shape: diagrams do coincide exactly. The reason is that an alpha "
            "complex never looks at distances longer than the rings it fills, and short distances "
            "are fixed by bonds and angles, so that few births and deaths can vary at all.</p>"
        )
        yield figure(
            figures / "example.svg",
            "Two conformations, their equal H1 diagrams, and their diagrams with one atom removed.",
            "<b>Two conformations with one H1 diagram.</b> They are "
            f"{exact[0]['distance_angstrom']:.2f} Å apart. Left: both diagrams, circles for the "
            "one and dots for the other. Right: all pairs of the eight rings with one atom "
            "removed.",
            width=WIDTH,
        )
        yield (
            f"<p>Of these {len(exact)} pairs, the diagrams of the ring with one atom removed tell "
            f"{told} apart."
            + (
                f" For the other {len(exact) - told} they coincide up to rounding too."
                if told < len(exact)
                else ""
            )
            + "</p>"
        )


def _sample(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    sample = numbers["sample"]
    births, deaths, pairs = sample["h1_births"], sample["h1_deaths"], sample["h1_pairs"]
    yield "<h2>The conformations and their labels</h2>"
    origin = (
        "are sampled from nothing"
        if numbers["source"] is None
        else f"come from <code>{escape(numbers['source'])}</code>"
    )
    yield (
        f"<p>The {sample['conformations']:,} conformations {origin}. With bonds and angles fixed "
        "they fill a surface in the space of coordinates: a sphere and a Klein bottle that meet in "
        f"two circles (Martin et al. 2010); {sample['on_sphere']:,} lie on the sphere. Up to "
        f"numbering and mirror they are {sample['shapes']:,} different shapes. "
        f"{sample['alternating_torsions']:,} have torsion angles of alternating sign. They have "
        f"{pairs[0]} to {pairs[1]} H1 pairs, with births from {births[0]:.4f} to {births[1]:.4f} "
        f"and deaths from {deaths[0]:.4f} to {deaths[1]:.4f} Å².</p>"
    )
    yield figure(
        figures / "rule.svg",
        "Number of conformations within a distance of each canonical conformer.",
        "<b>The rule of the labels.</b> A conformation is a chair, boat or crown if no torsion "
        f"angle is farther than {sample['threshold_degrees']:g}° from the canonical one, up to "
        "numbering and mirror; else it lies between. The number of labelled ones grows smoothly "
        "with the threshold: there is no gap to cut in.",
        width=WIDTH,
    )
    yield figure(
        figures / "evenness.svg",
        "Histogram of distances to the nearest conformation, with the radius of the largest hole.",
        "<b>How even the sample is.</b> Distance to the nearest other conformation: the narrower, "
        f"the more even. Its 5th percentile over its 95th is {sample['nearest_ratio']:.2f} (a "
        "lattice: 1, random points: 0.13). The largest hole has a radius of "
        f"{sample['covering_ratio']:.2f} median distances (triangular lattice: 0.58).",
        width=WIDTH,
    )


def _further() -> Iterator[str]:
    yield "<h2>How to go on</h2>"
    yield "<p>The same for the conformations of a MATLAB file, such as the classic 6,040 × 24:</p>"
    yield code("amorph reproduce cyclooctane --from conformations.mat --out mine")
    yield "<p>Any of these descriptors, for structures of yours:</p>"
    yield code(
        "from ase.io import read\n"
        "from sklearn.decomposition import PCA\n"
        "from amorphology.descriptors import SOAP, PersistenceImage\n\n"
        'frames = read("conformations.extxyz", ":")\n'
        "images = PersistenceImage().fit_transform(frames)\n"
        "scores = PCA(2).fit_transform(images)\n"
        'averaged = SOAP(centre="average").fit_transform(frames)'
    )
    yield "<h2>What to cite</h2>"
    yield (
        "<p>The method: E. Minamitani, I. Obayashi, K. Shimizu and S. Watanabe, “Persistent "
        "homology-based descriptor for machine-learning potential of amorphous structures”, "
        "<em>J. Chem. Phys.</em> <b>159</b>, 084101 (2023), doi:10.1063/5.0159349; preprint "
        "arXiv:2206.13727. The space of conformations: S. Martin, A. Thompson, E. A. Coutsias and "
        "J.-P. Watson, “Topology of cyclo-octane energy landscape”, <em>J. Chem. Phys.</em> "
        "<b>132</b>, 234115 (2010).</p>"
    )
