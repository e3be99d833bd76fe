"""Notebooks run from top to bottom in JupyterLab, as a student runs them.

nbval runs all seven and compares every output; here it is about what only a browser
shows. So one notebook is enough, and CNNLIB_BROWSER=all runs them all.
"""

import os

import pytest

from .test_stored import NAMES

RUN = NAMES if os.environ.get("CNNLIB_BROWSER") == "all" else ["01_convolution"]
MINUTES = 60_000  # ms


@pytest.mark.parametrize("name", RUN)
def test_a_notebook_runs_without_an_error(desk, name):
    desk.open(desk.lab.folder / "cloned" / f"{name}.ipynb")
    try:
        assert desk.run_all(patience=15 * MINUTES) == []
        assert desk.broken_images() == []
        assert desk.notebook().get_by_text("Error displaying widget").count() == 0
    finally:
        desk.close()
    assert desk.outside == []
    assert desk.complaints == []
