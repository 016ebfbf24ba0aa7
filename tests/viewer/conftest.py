"""A structure of each kind, and a real browser to show them in."""

import os
import shutil

import pytest
from tests.viewer.opened_page import Opened
from tests.viewer.structures import STRUCTURES, TRAJECTORY

from amorphology.viewer import write_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(params=STRUCTURES)
def structure(request):
    return STRUCTURES[request.param]


@pytest.fixture(scope="module")
def browser():
    # Not for the whole session: as long as Playwright runs, asyncio is in use.
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    # AMORPHOLOGY_BROWSER names another one.
    candidates = [os.environ.get("AMORPHOLOGY_BROWSER"), *map(shutil.which, BROWSERS)]
    program = next((path for path in candidates if path), None)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(
                executable_path=program,
                # Chromium draws WebGL on the processor where there is no graphics card.
                args=["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
            )
        except playwright.Error as error:
            pytest.skip(f"no Chromium to start: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


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
    return Opened(context, write_page(TRAJECTORY, path, title="Two frames"))


@pytest.fixture
def opened(shared):
    shared.page.set_viewport_size({"width": 940, "height": 640})
    shared.reset()
    yield shared
    assert shared.problems == []
