"""One browser and one JupyterLab for all tests here, which skip where there is none.

They end with the last test of this folder: Playwright keeps an event loop running in
its thread, which the notebooks' tests after it must not meet.
"""

import json
import shutil
from pathlib import Path

import pytest

from .desk import Desk, Window
from .lab import Lab

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="package")
def browser():
    """Headless Chromium."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no tests in a browser: playwright is missing"
    )
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no tests in a browser: Chromium is missing (apt install chromium)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """JupyterLab, with the lecture as cloned and once more as its own author sees it.

    JupyterLab trusts a notebook by its content, so the trusted one differs in a word.
    """
    pytest.importorskip("jupyterlab", reason="no tests in a browser: no JupyterLab")
    lab = Lab(tmp_path_factory.mktemp("lab"))
    for name in ("cloned", "trusted"):
        (lab.folder / name).mkdir()
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, lab.folder / "cloned")
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["trusted_copy"] = True
        (lab.folder / "trusted" / path.name).write_text(json.dumps(notebook))
    lab.trust(*(lab.folder / "trusted").glob("*.ipynb"))
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def desk(browser, lab):
    """A window with JupyterLab in it."""
    desk = Desk(browser, lab)
    yield desk
    desk.context.close()


@pytest.fixture
def window(browser):
    """An empty window."""
    window = Window(browser)
    yield window
    window.context.close()
