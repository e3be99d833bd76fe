"""The lecture's 75 minutes: every section says its minutes, and the core path is whole.

Cells of the core path carry the tag ``core``; what else there is, is depth. Below the
heading of each section stand its minutes, and the table in a notebook's first cell and
the README's add them up.
"""

import ast
import builtins
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
MINUTES = re.compile(r"\*(\d+) minutes? · (?:(core)|(depth)|(\d+) on the core path)\*")
ROW = re.compile(r"\| \[(.+?)\]\((\S+?)\) \| (\d+) \| (\d+|–) \|")
TOTAL = re.compile(r"\*\*About (\d+) minutes, (\d+) of them on the core path\.\*\*")
NOT_COUNTED = ("Summary", "Exercises", "References")
SLIDES = {
    "01_convolution": {
        "Outline",
        "How to classify",
        "Fully Connected Networks",
        "2-D Convolution",
        "Multiple Input Channels",
        "Output shape",
    },
    "02_pooling": {"Pooling Layer", "2-D Max Pooling", "Average Pooling"},
    "03_softmax_loss": {
        "How to train a neural network?",
        "Recall Softmax",
        "Cross-Entropy Loss",
        "How to train a convolutional neural network?",
    },
    "04_lenet": {
        "Evolution of neural net architectures",
        "LeNet Architecture",
        "Handwritten Digit Recognition",
        "MNIST",
        "LeNet in PyTorch",
    },
    "05_alexnet": {
        "AlexNet",
        "AlexNet Architecture",
        "More Differences",
        "Complexity",
        "ImageNet Top-5 Classification Accuracy",
    },
    "06_vgg": {"VGG", "Progress", "What we've learned today"},
    "07_cats_vs_dogs": {"PyTorch demo"},
}


class Section(NamedTuple):
    title: str
    minutes: int
    core: int
    cells: list


def is_core(cell) -> bool:
    return "core" in cell.metadata.get("tags", [])


def sections(notebook) -> list[Section]:
    """The sections that are counted, with their cells."""
    found = []
    for cell in notebook.cells:
        heading = re.match(r"## (.+)\n", cell.source + "\n")
        if cell.cell_type == "markdown" and heading:
            said = MINUTES.match(cell.source[heading.end() :].lstrip())
            title = heading[1]
            if title in NOT_COUNTED:
                assert not said
                found.append(Section(title, 0, 0, [cell]))
                continue
            assert said, f"{title!r} does not say its minutes"
            minutes = int(said[1])
            core = minutes if said[2] else int(said[4] or 0)
            found.append(Section(title, minutes, core, [cell]))
        elif found:
            found[-1].cells.append(cell)
    return found


def read(name: str):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.fixture(params=SLIDES)
def named(request):
    return request.param, read(request.param)


def totals(notebook) -> tuple[int, int]:
    counted = sections(notebook)
    return sum(s.minutes for s in counted), sum(s.core for s in counted)


def test_the_first_cell_adds_up_the_sections(named):
    _, notebook = named
    first = notebook.cells[0].source
    rows = [
        (title, int(minutes), 0 if core == "–" else int(core))
        for title, _, minutes, core in ROW.findall(first)
    ]
    counted = [s for s in sections(notebook) if s.title not in NOT_COUNTED]
    assert rows == [(s.title, s.minutes, s.core) for s in counted]
    assert all(
        anchor == "#" + title.replace(" ", "-")
        for title, anchor, *_ in ROW.findall(first)
    )
    said = TOTAL.search(" ".join(first.split()))
    assert (int(said[1]), int(said[2])) == totals(notebook)


def test_the_tags_agree_with_the_minutes(named):
    """A section has cells on the core path exactly when it has core minutes."""
    _, notebook = named
    assert is_core(notebook.cells[0])
    for section in sections(notebook):
        tagged = [is_core(cell) for cell in section.cells]
        assert any(tagged) == (section.core > 0), section.title
        assert tagged[0] == (section.core > 0), section.title


def test_the_code_of_the_core_path_runs_alone(named):
    """Each name in it is defined in an earlier cell of the core path, or in its own."""
    _, notebook = named
    known = set(dir(builtins)) | {"get_ipython"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_core(cell):
            nodes = list(ast.walk(ast.parse(cell.source)))
            known |= set().union(*map(defined, nodes))
            used = {
                node.id
                for node in nodes
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            }
            assert used <= known, f"{cell.id}: {used - known}"


def defined(node) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.alias):
        return {(node.asname or node.name).split(".")[0]}
    if isinstance(node, ast.ExceptHandler) and node.name:
        return {node.name}
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return {node.id}
    return set()


def test_the_core_path_meets_every_slide(named):
    name, notebook = named
    met = set()
    for cell in notebook.cells:
        slides = cell.metadata.get("slides", [])
        assert not slides or is_core(cell), cell.id
        met |= set(slides)
    assert met == SLIDES[name]


def test_the_readme_shows_both_paths():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.findall(r"\(notebooks/(\w+)\.ipynb\) \| (\d+) \| (\d+) \|", page)
    counted = [(name, *map(str, totals(read(name)))) for name in SLIDES]
    assert said == counted
    assert sum(int(core) for _, _, core in counted) == 75
    assert f"| {sum(int(minutes) for _, minutes, _ in counted)} | 75 |" in page
