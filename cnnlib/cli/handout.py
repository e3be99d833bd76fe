"""`python -m cnnlib handout`: the notebooks without solutions."""

import argparse
from pathlib import Path

import cnnlib
from cnnlib.grading import handout


def run(options: argparse.Namespace) -> int:
    """Write the copies, and name them."""
    here = Path(cnnlib.__file__).parents[1] / "notebooks"
    given = [Path(name) for name in options.notebooks] or sorted(here.glob("*.ipynb"))
    if not given:
        raise ValueError("NOTEBOOK: name the notebooks to copy; none lie beside cnnlib")
    for path in handout(given, Path(options.out)):
        print(path)
    return 0
