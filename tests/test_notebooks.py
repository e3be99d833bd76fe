"""What every notebook of the lecture keeps to; that they run is nbval's part."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NAMES = [
    "01_convolution",
    "02_pooling",
    "03_softmax_loss",
    "04_lenet",
    "05_alexnet",
    "06_vgg",
    "07_cats_vs_dogs",
]
TAGS = {
    "core",
    "exercise",
    "solution",
    "predict",
    "nbval-ignore-output",
    "nbval-raises-exception",
    "raises-exception",
}
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", "-"}

every = pytest.mark.parametrize(
    "notebook",
    [nbformat.read(path, as_version=4) for path in NOTEBOOKS],
    ids=[path.stem for path in NOTEBOOKS],
)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_lecture_has_its_seven_notebooks_in_order():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@every
def test_is_valid_and_has_stable_readable_ids(notebook):
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for name in ids:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name), name
        assert not re.fullmatch(r"[0-9a-f]{8}", name), f"{name} says nothing"


@every
def test_has_the_frame_of_a_lesson(notebook):
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert notebook.cells[0].source.startswith("# ")
    for part in [
        "You will be able to",
        "minutes",
        "Summary",
        "Exercises",
        "References",
    ]:
        assert re.search(part, text, re.IGNORECASE), f"no {part}"


@every
def test_cells_are_short_and_framed_by_words(notebook):
    streak = 0
    for cell in notebook.cells:
        streak = streak + 1 if cell.cell_type == "code" else 0
        assert streak <= 2, f"{cell.id}: third code cell in a row"
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 20, f"{cell.id}: {len(lines)} lines"
            assert max(map(len, lines), default=0) <= 79, f"{cell.id}: a long line"


@every
def test_drawing_code_stays_in_the_library(notebook):
    for cell in code_cells(notebook):
        assert not re.search(r"\bplt\.|import matplotlib", cell.source), cell.id


@every
def test_is_stored_as_it_ran_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(notebook):
        tags = set(cell.metadata.get("tags", []))
        assert tags <= TAGS, f"{cell.id}: {tags - TAGS}"
        failed = any(out.output_type == "error" for out in cell.outputs)
        assert not failed or "raises-exception" in tags, f"{cell.id}: a stored error"


@every
def test_every_cell_has_its_place_on_the_slides(notebook):
    for cell in notebook.cells:
        place = cell.metadata.get("slideshow", {}).get("slide_type")
        assert place in SLIDES, f"{cell.id}: slide_type {place}"


@every
def test_every_picture_says_what_it_shows_and_needs_no_network(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            bundle = output.get("data", {})
            html = "".join(bundle.get("text/html", ""))
            if "image/png" in bundle or "<img" in html:
                alts = re.findall(r'alt="([^"]*)"', html)
                assert alts, f"{cell.id}: a picture without alt text"
                assert all(len(alt) > 20 for alt in alts), f"{cell.id}: {alts}"
            assert not re.search(r"(src|href)=[\"']https?://", html), cell.id
