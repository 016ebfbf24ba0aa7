"""The page in a browser: opened from the disk, without a network, used as a person would."""

import re

import numpy as np
import pytest
from tests.viewer.opened_page import alone
from tests.viewer.structures import TRAJECTORY

from amorphology.homology import alpha_persistence
from amorphology.homology.rings import bonds_of, cavities_of, rings_of


def test_nothing_is_loaded_but_the_file(opened):
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1
    assert opened.page.title() == "Two frames"
    assert "64 atoms" in opened.text("about")
    # Plotly.js has a button that sends the diagram to a server.
    buttons = opened.page.evaluate(
        "[...document.querySelectorAll('.modebar-btn')].map((button) => button.dataset.title)"
    )
    assert "Box Select" in buttons
    assert [title for title in buttons if "share" in title.lower()] == []
    assert opened.page.evaluate("document.getElementById('diagram')._context.plotlyServerURL") == ""


@pytest.mark.parametrize(("degree", "find"), [(0, bonds_of), (1, rings_of), (2, cavities_of)])
def test_click_on_a_pair_shows_its_atoms(opened, degree, find):
    diagram = alpha_persistence(TRAJECTORY[0])[degree].finite()
    pair = alone(diagram)
    opened.choose_degree(degree)
    before = opened.vermilion()
    camera = opened.view()
    opened.page.mouse.click(*opened.on_screen(diagram.birth[pair], diagram.death[pair]))
    opened.until("document.getElementById('diagram').data[3].x.length == 1")
    assert opened.marked(3) == [pair]
    found = find(TRAJECTORY[0])[pair]
    assert opened.lit() == sorted(set(found.atoms.tolist()))
    said = opened.text("selection")
    assert f"{diagram.birth[pair]:.4f} Å²" in said
    assert f"radius {np.sqrt(diagram.death[pair]):.4f} Å" in said
    assert f"{len(found.atoms)} atoms" in said
    for atom in found.atoms:
        assert f"C{atom}" in said
    assert opened.text("status").startswith(("Bond", "Ring", "Cavity"))
    assert opened.vermilion() > before + 30
    assert opened.view() != camera


def test_camera_goes_to_the_ring(opened):
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    diagram = alpha_persistence(TRAJECTORY[0])[1].finite()
    ring = rings_of(TRAJECTORY[0])[int(np.argmax(diagram.persistence))]
    # The page may show another image of the ring: compare modulo the lattice.
    centre = -np.array(opened.view()[:3]) - ring.positions(TRAJECTORY[0]).mean(axis=0)
    cells = centre @ np.linalg.inv(TRAJECTORY[0].cell.array)
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-3)


def test_box_selects_the_pairs_in_it(opened):
    diagram = alpha_persistence(TRAJECTORY[0])[1].finite()
    low, high = np.percentile(diagram.birth, [20, 80])
    bottom, top = np.percentile(diagram.death, [10, 70])
    left, lower = opened.on_screen(low, bottom)
    right, upper = opened.on_screen(high, top)
    mouse = opened.page.mouse
    mouse.move(left, lower)
    mouse.down()
    mouse.move((left + right) / 2, (lower + upper) / 2, steps=3)
    mouse.move(right, upper, steps=3)
    mouse.up()
    opened.until("document.getElementById('diagram').data[3].x.length > 1")
    selected = opened.marked(3)
    pixel = 0.02  # Angstrom^2
    surely = (
        (diagram.birth > low + pixel)
        & (diagram.birth < high - pixel)
        & (diagram.death > bottom + pixel)
        & (diagram.death < top - pixel)
    )
    perhaps = (
        (diagram.birth > low - pixel)
        & (diagram.birth < high + pixel)
        & (diagram.death > bottom - pixel)
        & (diagram.death < top + pixel)
    )
    assert surely.sum() > 5
    assert set(np.flatnonzero(surely)) <= set(selected) <= set(np.flatnonzero(perhaps))
    rings = rings_of(TRAJECTORY[0])
    assert opened.lit() == sorted(
        {atom for pair in selected for atom in rings[pair].atoms.tolist()}
    )
    assert f"{len(selected)} rings" in opened.text("selection")
    # The table's links lead to single rings.
    opened.page.click("#selection .link >> nth=0")
    assert len(opened.marked(3)) == 1


def test_click_on_an_atom_marks_its_pairs(opened):
    atom, x, y = opened.page.evaluate(
        """() => {
          const viewer = document.querySelector("#structure canvas")._3dmol_viewer;
          const depth = (atom) => {
            const m = viewer.modelGroup.matrixWorld.elements;
            return m[2] * atom.x + m[6] * atom.y + m[10] * atom.z;
          };
          const atoms = viewer.models.filter(Boolean)[0].selectedAtoms({});
          const front = atoms.reduce((a, b) => (depth(b) > depth(a) ? b : a));
          const place = viewer.modelToScreen(front);
          return [front.properties.atom, place.x - scrollX, place.y - scrollY];
        }"""
    )
    opened.page.mouse.click(x, y)
    opened.until("!document.getElementById('clear').disabled")
    assert opened.lit() == [atom]
    rings = rings_of(TRAJECTORY[0])
    expected = [pair for pair, ring in enumerate(rings) if atom in ring.atoms]
    assert sorted(opened.marked(2)) == expected
    assert f"Atom C{atom}" in opened.text("selection")
    assert f"{len(expected)} ring" in opened.text("selection")
    # The same by keyboard.
    opened.page.keyboard.press("Escape")
    assert opened.marked(2) == []
    opened.page.fill("#atom", f"C{atom}")
    opened.page.keyboard.press("Enter")
    assert sorted(opened.marked(2)) == expected
    opened.page.fill("#atom", "64")
    opened.page.keyboard.press("Enter")
    assert "no atom 64; they go from 0 to 63" in opened.text("status")


def test_complex_grows_with_the_radius(opened):
    diagrams = alpha_persistence(TRAJECTORY[0])
    edges = []
    for radius in (0.6, 0.9, 1.3):
        opened.slide("radius", radius)
        said = opened.text("complex")
        value = opened.page.evaluate("Number(document.getElementById('radius').value)") ** 2
        counts = [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", said)]
        alive = [int(((d.birth <= value) & (d.death > value)).sum()) for d in diagrams.values()]
        assert counts[2:] == alive
        edges.append(counts[0])
        models = opened.page.evaluate(
            """document.querySelector("#structure canvas")._3dmol_viewer.models
               .filter(Boolean).map((model) => model.selectedAtoms({}).length)"""
        )
        assert 2 * counts[0] in models  # an edge is a stick between two points
    assert edges == sorted(set(edges))
    opened.page.check("#balls")
    opened.page.uncheck("#balls")
    opened.slide("radius", 0)
    assert opened.text("radius-value") == "off"


def test_pair_can_be_grown_to_its_birth_and_death(opened):
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("End")
    opened.page.keyboard.press("Home")
    diagram = alpha_persistence(TRAJECTORY[0])[1].finite()
    pair = int(np.argmax(diagram.persistence))
    for name, values in (("birth", diagram.birth), ("death", diagram.death)):
        opened.page.click(f"text=Grow to {name}")
        opened.next_frame()
        assert opened.text("radius-value") == f"{np.sqrt(values[pair]):.3f} Å"


def test_frames_change(opened):
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    opened.slide("frame", 1)
    opened.until("document.getElementById('frame-name').textContent[0] == 2")
    diagram = alpha_persistence(TRAJECTORY[1])[1].finite()
    shown = opened.page.evaluate("[...document.getElementById('diagram').data[1].y]")
    np.testing.assert_allclose(shown, diagram.death, rtol=1e-5)
    assert opened.marked(3) == []
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    ring = rings_of(TRAJECTORY[1])[int(np.argmax(diagram.persistence))]
    assert opened.lit() == sorted(set(ring.atoms.tolist()))
