"""The page in a browser: opened from the disk, without a network, used as a person would."""

import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from tests.viewer.structures import rattled_diamond

from amorphology.explain import activation_map
from amorphology.homology import alpha_persistence
from amorphology.homology.rings import bonds_of, cavities_of, rings_of
from amorphology.viewer import Viewer, write_page

pytestmark = pytest.mark.slow  # minutes where the processor draws what a graphics card should

FRAMES = [rattled_diamond(0), rattled_diamond(1)]
SLOW = 120_000  # milliseconds; drawing takes long where the processor does it, and others use it


class Opened:
    """A page, and what to do with it."""

    def __init__(self, context, path):
        self.requests, self.problems = [], []
        self.page = context.new_page()
        self.page.set_default_timeout(SLOW)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("body[data-ready]")

    def _console(self, message):
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.problems.append(message.text)

    def reset(self):
        self.page.keyboard.press("Escape")
        self.choose_degree(1)
        self.slide("radius", 0)
        if self.page.locator("#frames").is_visible():
            self.slide("frame", 0)
            self.until("document.getElementById('frame-name').textContent[0] == 1")

    def until(self, condition):
        # Playwright's own way compiles text in the page, which the page's policy forbids.
        for _ in range(SLOW // 50):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise TimeoutError(condition)

    def choose_degree(self, degree):
        self.page.check(f"input[name=degree][value='{degree}']", force=True)

    def slide(self, name, value):
        moved = self.page.locator(f"#{name}").evaluate(
            """(slider, value) => {
              const before = slider.value;
              slider.value = value;
              if (slider.value === before) return false;
              slider.dispatchEvent(new Event("input"));
              return true;
            }""",
            value,
        )
        if moved:
            self.next_frame()

    def next_frame(self):
        self.page.evaluate(
            "() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )

    def on_screen(self, birth, death):
        """Where a point of the diagram is, in pixels."""
        return self.page.evaluate(
            """([birth, death]) => {
              const diagram = document.getElementById("diagram");
              const { xaxis, yaxis } = diagram._fullLayout;
              const area = diagram.querySelector(".nsewdrag").getBoundingClientRect();
              return [area.x + xaxis.l2p(birth), area.y + yaxis.l2p(death)];
            }""",
            [birth, death],
        )

    def marked(self, trace):
        """Pairs that a layer of the diagram shows: 1 all, 2 through the atom, 3 selected."""
        return self.page.evaluate(
            f"[...document.getElementById('diagram').data[{trace}].customdata]"
        )

    def lit(self):
        text = self.page.get_attribute("#structure", "data-lit-atoms")
        return [int(atom) for atom in text.split()]

    def text(self, name):
        return self.page.inner_text(f"#{name}")

    def vermilion(self):
        """How many pixels of the structure have the colour of a selected ring."""
        self.next_frame()
        return self.page.evaluate(
            """() => {
              const shown = document.querySelector("#structure canvas");
              const copy = document.createElement("canvas");
              [copy.width, copy.height] = [shown.width, shown.height];
              const context = copy.getContext("2d");
              context.drawImage(shown, 0, 0);
              const { data } = context.getImageData(0, 0, copy.width, copy.height);
              let found = 0;
              for (let k = 0; k < data.length; k += 4) {
                const [red, green, blue] = data.subarray(k, k + 3);
                found += red > 90 && green < 0.62 * red && blue < 0.3 * red;
              }
              return found;
            }"""
        )


@pytest.fixture(scope="module")
def context(browser):
    # No animation: a test sees at once where the camera ends.
    context = browser.new_context(
        viewport={"width": 940, "height": 640},
        device_scale_factor=0.5,  # a quarter of the pixels to draw
        offline=True,
        reduced_motion="reduce",
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def shared(context, tmp_path_factory):
    path = tmp_path_factory.mktemp("viewer") / "diamond.html"
    return Opened(context, write_page(FRAMES, path, title="Two frames"))


@pytest.fixture
def opened(shared):
    shared.page.set_viewport_size({"width": 940, "height": 640})
    shared.reset()
    yield shared
    assert shared.problems == []


def alone(diagram):
    """The finite pair that lies farthest from its neighbours: a click can mean no other."""
    points = diagram.finite().pairs
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return int(distances.min(axis=1).argmax())


def test_nothing_is_loaded_but_the_file(opened):
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1
    assert opened.page.title() == "Two frames"
    assert "64 atoms" in opened.text("about")


@pytest.mark.parametrize(("degree", "find"), [(0, bonds_of), (1, rings_of), (2, cavities_of)])
def test_click_on_a_pair_shows_its_atoms(opened, degree, find):
    diagram = alpha_persistence(FRAMES[0])[degree].finite()
    pair = alone(diagram)
    opened.choose_degree(degree)
    before = opened.vermilion()
    camera = opened.page.evaluate("document.querySelector('canvas')._3dmol_viewer?.getView()")
    opened.page.mouse.click(*opened.on_screen(diagram.birth[pair], diagram.death[pair]))
    opened.until("document.getElementById('diagram').data[3].x.length == 1")
    assert opened.marked(3) == [pair]
    found = find(FRAMES[0])[pair]
    assert opened.lit() == sorted(set(found.atoms.tolist()))
    said = opened.text("selection")
    assert f"{diagram.birth[pair]:.4f} Å²" in said
    assert f"radius {np.sqrt(diagram.death[pair]):.4f} Å" in said
    assert f"{len(found.atoms)} atoms" in said
    for atom in found.atoms:
        assert f"C{atom}" in said
    assert opened.text("status").startswith(("Bond", "Ring", "Cavity"))
    assert opened.vermilion() > before + 30
    view = "document.querySelector('#structure canvas')._3dmol_viewer.getView()"
    assert opened.page.evaluate(view) != camera


def test_camera_goes_to_the_ring(opened):
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    diagram = alpha_persistence(FRAMES[0])[1].finite()
    ring = rings_of(FRAMES[0])[int(np.argmax(diagram.persistence))]
    view = opened.page.evaluate(
        "document.querySelector('#structure canvas')._3dmol_viewer.getView()"
    )
    # The page may show another image of the ring: compare modulo the lattice.
    centre = -np.array(view[:3]) - ring.positions(FRAMES[0]).mean(axis=0)
    cells = centre @ np.linalg.inv(FRAMES[0].cell.array)
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-3)


def test_box_selects_the_pairs_in_it(opened):
    diagram = alpha_persistence(FRAMES[0])[1].finite()
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
    rings = rings_of(FRAMES[0])
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
          return [front.properties.atom, place.x, place.y];
        }"""
    )
    opened.page.mouse.click(x, y)
    opened.until("!document.getElementById('clear').disabled")
    assert opened.lit() == [atom]
    rings = rings_of(FRAMES[0])
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
    diagrams = alpha_persistence(FRAMES[0])
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
    diagram = alpha_persistence(FRAMES[0])[1].finite()
    pair = int(np.argmax(diagram.persistence))
    for name, values in (("birth", diagram.birth), ("death", diagram.death)):
        opened.page.click(f"text=Grow to {name}")
        opened.next_frame()
        assert opened.text("radius-value") == f"{np.sqrt(values[pair]):.3f} Å"


def test_keys(opened):
    page = opened.page
    ranking = np.argsort(-alpha_persistence(FRAMES[0])[1].finite().persistence, kind="stable")
    page.locator("#diagram").focus()
    steps = [("ArrowRight", 0), ("ArrowRight", 1), ("ArrowDown", 2), ("ArrowLeft", 1), ("Home", 0)]
    for key, rank in [*steps, ("PageDown", 10), ("End", len(ranking) - 1)]:
        page.keyboard.press(key)
        assert opened.marked(3) == [ranking[rank]]
        assert page.input_value("#rank") == str(rank + 1)
        assert opened.text("status").startswith(f"Ring {rank + 1} of {len(ranking)}")
    page.keyboard.press("Escape")
    assert opened.marked(3) == []
    assert opened.lit() == []
    page.fill("#rank", "5")
    page.keyboard.press("Enter")
    assert opened.marked(3) == [ranking[4]]
    view = "document.querySelector('#structure canvas')._3dmol_viewer.getView()"
    page.locator("#structure").focus()
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "0"):
        before = page.evaluate(view)
        page.keyboard.press(key)
        assert page.evaluate(view) != before


def test_every_control_can_be_reached_by_tab_and_has_a_name(opened):
    page = opened.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate(
            """() => {
              const now = document.activeElement;
              const outlined = now.type === "radio" ? now.nextSibling : now;
              return [now.id || now.name, getComputedStyle(outlined).outlineStyle];
            }"""
        )
        reached.add(place[0])
        if place[0]:
            assert place[1] != "none", place
    wanted = {"theme", "frame", "degree", "density", "axes", "diagram", "radius", "play"}
    assert wanted | {"reset-view", "structure", "previous", "rank", "next", "atom"} <= reached
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, [tabindex='0']")].filter((one) =>
             !one.getAttribute("aria-label") && !one.textContent.trim() && !one.labels?.length)
             .map((one) => one.id)"""
    )
    assert nameless == []
    assert page.get_attribute("#status", "aria-live") == "polite"


def test_frames_change(opened):
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    opened.slide("frame", 1)
    opened.until("document.getElementById('frame-name').textContent[0] == 2")
    diagram = alpha_persistence(FRAMES[1])[1].finite()
    shown = opened.page.evaluate("[...document.getElementById('diagram').data[1].y]")
    np.testing.assert_allclose(shown, diagram.death, rtol=1e-5)
    assert opened.marked(3) == []
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    ring = rings_of(FRAMES[1])[int(np.argmax(diagram.persistence))]
    assert opened.lit() == sorted(set(ring.atoms.tolist()))


def test_axes_as_radii_and_density(opened):
    page = opened.page
    diagram = alpha_persistence(FRAMES[0])[1].finite()
    page.select_option("#axes", "radius")
    shown = page.evaluate("[...document.getElementById('diagram').data[1].x]")
    np.testing.assert_allclose(shown, np.sqrt(diagram.birth), rtol=1e-5)
    page.select_option("#axes", "squared")
    page.check("#density")
    z = page.evaluate("document.getElementById('diagram').data[0].z.flat()")
    assert sum(count or 0 for count in z) == len(diagram)
    page.uncheck("#density")


def test_dark_and_light(opened):
    page = opened.page

    def lightness():
        red, green, blue = page.evaluate(
            "getComputedStyle(document.querySelector('.panel')).backgroundColor.match(/\\d+/g)"
        )
        return int(red) + int(green) + int(blue)

    light = lightness()
    page.click("#theme")
    dark = lightness()
    page.click("#theme")
    assert light == lightness() > 600 > 200 > dark


def test_small_screen_stacks_the_panels(opened):
    page = opened.page
    page.set_viewport_size({"width": 360, "height": 740})
    opened.next_frame()
    diagram, structure = (page.locator(f"#{n}").bounding_box() for n in ("diagram", "structure"))
    assert structure["y"] > diagram["y"] + diagram["height"] - 1
    assert min(diagram["width"], structure["width"]) > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#diagram").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert len(opened.lit()) > 2


def test_activation_map_lies_under_the_points(context, tmp_path, trained_run, copper_frames):
    opened = Opened(
        context, write_page(copper_frames[0], tmp_path / "copper.html", run=trained_run)
    )
    expected = activation_map(trained_run, copper_frames[0])
    heat = opened.page.evaluate(
        "(({ x, z, type }) => ({ x, z, type }))(document.getElementById('diagram').data[0])"
    )
    assert heat["type"] == "heatmap"
    np.testing.assert_allclose(heat["x"], np.linspace(1, 4, 25))
    shown = np.array(heat["z"], dtype=float)  # rows are deaths; nothing below the diagonal
    above = np.tril(np.ones((24, 24), dtype=bool))
    assert (np.isnan(shown) == ~above).all()
    step = 1000 * np.abs(expected.map).max() / 127
    np.testing.assert_allclose(shown[above], 1000 * expected.weights[0].T[above], atol=0.51 * step)
    assert "predicted" in opened.text("about")
    opened.page.uncheck("#activation")
    assert opened.page.evaluate("document.getElementById('diagram').data[0].visible") is False
    assert opened.problems == []
    opened.page.close()


@pytest.mark.parametrize("frame", [Atoms("Ar"), molecule("CH3CH2OH")], ids=["atom", "molecule"])
def test_structures_with_few_or_no_pairs(context, tmp_path, frame):
    opened = Opened(context, write_page(frame, tmp_path / "few.html"))
    opened.choose_degree(2)
    assert "0 cavities" in opened.text("pair-count")
    assert opened.page.is_disabled("#next")
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    opened.slide("radius", 0.5)
    assert opened.problems == []
    opened.page.close()


def test_notebook_output_works_in_its_frame(context, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(
        "<!doctype html><meta charset=utf-8><body data-ready=yes>" + Viewer(FRAMES[0])._repr_html_()
    )
    opened = Opened(context, path)
    inside = opened.page.frame_locator("iframe")
    inside.locator("body[data-ready]").wait_for()
    inside.locator("#diagram").press("ArrowRight")
    assert "Ring 1" in inside.locator("#selection").inner_text()
    assert opened.problems == []
    opened.page.close()
