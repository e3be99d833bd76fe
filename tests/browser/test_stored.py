"""The notebooks as they lie in the repository, opened in JupyterLab and not run."""

import nbformat
import pytest

from .conftest import NOTEBOOKS

NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def stored_html(path):
    """The HTML of all outputs of a notebook."""
    return [
        "".join(output.data["text/html"])
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["cloned", "trusted"])
def test_an_opened_notebook_shows_its_pictures(desk, kind, name):
    """As cloned, scripts and views are stripped: the stills show. Trusted, all does."""
    path = desk.lab.folder / kind / f"{name}.ipynb"
    html = stored_html(path)
    pictures = sum(output.count("<img ") for output in html)
    widgets = sum("showInPage(" in output for output in html)
    moving = sum("addControls(document" in output for output in html)
    desk.open(path)
    try:
        outputs = desk.notebook().locator(".jp-OutputArea")
        alive, moving = (widgets, moving) if kind == "trusted" else (0, 0)
        assert outputs.locator(".cnnlib").count() == alive
        assert outputs.locator("img").count() == pictures - alive - moving > 0
        assert outputs.locator("img:not([alt])").count() == 0
        assert outputs.get_by_role("slider", name="step").count() == moving
        assert desk.broken_images() == []
        assert desk.notebook().get_by_text("Error displaying widget").count() == 0
    finally:
        desk.close()
    assert desk.outside == []
    assert desk.complaints == []
