"""The exercises in the notebooks: stubs, worked examples, solutions, predictions."""

import doctest
import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import nbformat
import pytest
import torch

from cnnlib import checks
from cnnlib.checks.exercises import NOTEBOOKS, exercises, names_of
from cnnlib.checks.predictions import QUESTIONS

FOLDER = Path(__file__).parent.parent / "notebooks"
READ = {
    key: nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4)
    for key, stem in NOTEBOOKS.items()
}


def tagged(notebook, tag: str) -> list:
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and tag in cell.metadata.get("tags", [])
    ]


def cell_of(name: str, part: str):
    """The cell of an exercise: its "answer" or its "solution"."""
    wanted = f"exercise-{name.replace('_', '-')}-{part}"
    notebook = READ[exercises()[name].notebook]
    return next(cell for cell in notebook.cells if cell.id == wanted)


def executed(*sources: str) -> tuple[dict, list]:
    """The names that cells define, and the reports of the checks in them."""
    reports = []
    names = {
        "torch": torch,
        "nn": torch.nn,
        "check": lambda function: reports.append(checks.check(function)),
    }
    for source in sources:
        exec(source, names)
    return names, reports


@pytest.mark.parametrize("name", exercises())
def test_the_stub_is_not_written_yet_and_stops_nothing(name):
    (_, (report,)) = executed(cell_of(name, "answer").source)
    assert report.exercise == name
    assert report.status == "not written yet"


@pytest.mark.parametrize("name", exercises())
def test_the_solution_passes_its_check(name):
    names, _ = executed(cell_of(name, "solution").source)
    report = checks.check(names[name])
    assert report.passed, report.message


@pytest.mark.parametrize("name", exercises())
def test_the_worked_example_in_the_docstring_is_right(name):
    stub, _ = executed(cell_of(name, "answer").source)
    names, _ = executed(cell_of(name, "solution").source)
    examples = doctest.DocTestParser().get_doctest(
        stub[name].__doc__, names, name, None, None
    )
    assert examples.examples
    said = io.StringIO()
    with redirect_stdout(said):
        result = doctest.DocTestRunner().run(examples)
    assert result.failed == 0, said.getvalue()


@pytest.mark.parametrize("key", NOTEBOOKS)
def test_a_notebook_has_its_exercises_in_order(key):
    notebook = READ[key]
    stubs = [
        re.search(r"^check\((\w+)\)$", cell.source, re.MULTILINE)
        for cell in tagged(notebook, "exercise")
    ]
    assert [found[1] for found in stubs if found] == names_of(key)
    for cell in tagged(notebook, "solution"):
        assert cell.source.startswith("# @title Solution\n")
        assert cell.metadata["jupyter"]["source_hidden"]
        assert cell.metadata["cellView"] == "form"
        assert not cell.outputs


@pytest.mark.parametrize("key", NOTEBOOKS)
def test_a_notebook_asks_two_predictions_and_has_an_open_task(key):
    notebook = READ[key]
    asked = [cell.id.removeprefix("predict-") for cell in tagged(notebook, "predict")]
    assert len(asked) == 2
    for question in asked:
        cell = next(c for c in notebook.cells if c.id == f"predict-{question}")
        assert cell.source.endswith(f'predict("{question}", ...)')
        assert question in QUESTIONS
    text = "\n".join(cell.source for cell in notebook.cells)
    assert re.search(r"\*\*Open task, (\d+ minutes|an hour)", text)
    assert "*A good answer contains*" in text


def test_every_prediction_is_asked():
    asked = [c.id for key in NOTEBOOKS for c in tagged(READ[key], "predict")]
    assert sorted(asked) == sorted(f"predict-{name}" for name in QUESTIONS)
