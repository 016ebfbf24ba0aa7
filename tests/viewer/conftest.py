"""A structure of each kind, and a real browser to show them in."""

import os
import shutil

import pytest
from tests.viewer.structures import STRUCTURES

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(params=STRUCTURES)
def structure(request):
    return STRUCTURES[request.param]


@pytest.fixture(scope="session")
def browser():
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
