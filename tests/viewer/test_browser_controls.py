"""All other controls of the page, and the page of other structures, in a browser."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from tests.viewer.opened_page import Opened
from tests.viewer.structures import TRAJECTORY

from amorphology.explain import activation_map
from amorphology.homology import alpha_persistence
from amorphology.viewer import Viewer, write_page

pytestmark = pytest.mark.slow  # minutes where the processor draws what a graphics card should


def test_keys(opened):
    page = opened.page
    ranking = np.argsort(-alpha_persistence(TRAJECTORY[0])[1].finite().persistence, kind="stable")
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
    page.locator("#structure").focus()
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "0"):
        before = opened.view()
        page.keyboard.press(key)
        assert opened.view() != before


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


def test_axes_as_radii_and_density(opened):
    page = opened.page
    diagram = alpha_persistence(TRAJECTORY[0])[1].finite()
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
        "<!doctype html><meta charset=utf-8><body data-ready=yes>"
        + Viewer(TRAJECTORY[0])._repr_html_()
    )
    opened = Opened(context, path)
    inside = opened.page.frame_locator("iframe")
    inside.locator("body[data-ready]").wait_for()
    inside.locator("#diagram").press("ArrowRight")
    assert "Ring 1" in inside.locator("#selection").inner_text()
    assert opened.problems == []
    opened.page.close()


def test_without_webgl_the_diagram_still_works(context, tmp_path):
    opened = Opened(
        context,
        write_page(TRAJECTORY, tmp_path / "flat.html"),
        before="""
          for (const { prototype } of [HTMLCanvasElement, OffscreenCanvas]) {
            const usual = prototype.getContext;
            prototype.getContext = function (kind, ...more) {
              return kind.includes("webgl") ? null : usual.call(this, kind, ...more);
            };
          }
        """,
    )
    assert "WebGL is off" in opened.text("structure")
    opened.page.locator("#diagram").focus()
    opened.page.keyboard.press("ArrowRight")
    assert len(opened.marked(3)) == 1
    opened.slide("radius", 0.9)
    assert "open rings" in opened.text("complex")
    opened.slide("frame", 1)
    opened.until("document.getElementById('frame-name').textContent[0] == 2")
    opened.page.close()
