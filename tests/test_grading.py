"""A class's notebooks: each costs its own row at most, whatever it does."""

import csv
import json
import stat
from pathlib import Path

import nbformat
import pytest

from cnnlib.cli import main
from cnnlib.grading import grade, handout, write_csv, write_page
from cnnlib.grading.confinement import missing

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
POOLING = nbformat.read(NOTEBOOKS / "02_pooling.ipynb", as_version=4)

confined = pytest.mark.skipif(bool(missing()), reason=missing() or "never")


def submission(path: Path, **answers: str) -> Path:
    """Notebook 02 with these exercises written by a student, the others solved."""
    solutions = {c.id: c.source for c in POOLING.cells if c.id.endswith("-solution")}
    cells = []
    for cell in POOLING.cells:
        if cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", []):
            name = cell.id.removeprefix("exercise-").removesuffix("-answer")
            solved = solutions.get(f"exercise-{name}-solution", cell.source)
            source = answers.get(name.replace("-", "_"), solved)
            cells.append({**cell, "source": source, "outputs": []})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**POOLING, "cells": cells}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results of one small class, by name, and its folder."""
    folder = tmp_path_factory.mktemp("class")
    secret = submission(folder / "anna" / "02.ipynb")
    submission(
        folder / "bert.ipynb",
        avg_pool="def avg_pool(x, k, s):\n"
        "    return x.unfold(1, k, s).unfold(2, k, s).sum((3, 4))",
        max_pool_backward="def max_pool_backward(x, k, grad):\n"
        "    raise NotImplementedError",
    )
    submission(folder / "hostile" / "probe.ipynb", max_pool=attempts(secret))
    submission(
        folder / "hostile" / "endless.ipynb",
        max_pool="while True:\n    pass",
        avg_pool="def avg_pool(x, k, s):\n    while True:\n        pass",
    )
    submission(
        folder / "hostile" / "exit.ipynb",
        avg_pool="def avg_pool(x, k, s):\n    import os\n    os._exit(0)",
    )
    submission(
        folder / "hostile" / "patch.ipynb",
        avg_pool="import cnnlib.checks.compare, cnnlib.checks.calls, sys\n"
        "cnnlib.checks.compare.equal = lambda *args: True\n"
        "def avg_pool(x, k, s):\n    return x",
        max_pool_backward="this is no Python (",
    )
    submission(
        folder / "hostile" / "flood.ipynb",
        avg_pool="import os\nwhile True:\n    os.write(1, b'x' * 100_000)",
    )
    (folder / "broken.ipynb").write_text('{"cells": [[[')
    (folder / "empty.ipynb").write_text('{"cells": []}')
    (folder / "link.ipynb").symlink_to(secret)
    results = grade(folder, seconds=60, jobs=2)
    return {r.notebook: r for r in results}, folder


def attempts(secret: Path) -> str:
    """Code that tries what it must not, and answers right only if nothing worked."""
    return f"""
import os, resource, signal, socket, subprocess
import torch
secret = {str(secret)!r}
worked = []
for name, attempt in {{
    "read": lambda: open(secret),
    "read with torch": lambda: torch.from_file(secret, size=4, dtype=torch.uint8),
    "list": lambda: os.listdir(os.path.dirname(secret)),
    "delete": lambda: os.unlink(secret),
    "change": lambda: os.chmod(secret, 0),
    "write": lambda: open(secret + ".new", "w"),
    "write here": lambda: open("new", "w"),
    "fork": os.fork,
    "run": lambda: subprocess.run(["true"]),
    "network": socket.socket,
    "kill": lambda: os.kill(os.getppid(), signal.SIGTERM),
    "limit": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3)),
    "memory": lambda: torch.zeros(4, 10**9),
    "answers": lambda: __import__("cnnlib.checks.exercises.pooling"),
}}.items():
    try:
        attempt()
    except Exception:
        continue
    worked.append(name)

def max_pool(x, k, s):
    if worked:
        raise ValueError(", ".join(worked))
    return x.unfold(1, k, s).unfold(2, k, s).amax((3, 4))
"""


@confined
def test_a_solved_notebook_passes_and_a_wrong_one_is_told_why(graded):
    results, _ = graded
    assert results["anna/02.ipynb"].passed == 3
    bert = results["bert.ipynb"]
    assert bert.status == {
        "max_pool": "passed",
        "avg_pool": "wrong",
        "max_pool_backward": "not written yet",
    }
    assert "do not divide" in bert.mistakes["avg_pool"]


@confined
def test_a_hostile_notebook_reaches_nothing(graded):
    results, folder = graded
    probe = results["hostile/probe.ipynb"]
    assert probe.status["max_pool"] == "passed", probe.mistakes
    assert stat.S_IMODE((folder / "anna" / "02.ipynb").stat().st_mode) != 0


@confined
@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("endless", ("not written yet", "wrong", "passed")),
        ("exit", ("passed", "wrong", "wrong")),
        ("patch", ("passed", "wrong", "not written yet")),
        ("flood", ("wrong", "wrong", "wrong")),
    ],
)
def test_a_bad_notebook_costs_its_own_row(graded, name, states):
    results, _ = graded
    assert tuple(results[f"hostile/{name}.ipynb"].status.values()) == states


@confined
def test_what_cannot_be_graded_says_why(graded):
    results, _ = graded
    notes = {
        name: results[f"{name}.ipynb"].note for name in ("broken", "empty", "link")
    }
    assert notes == {
        "broken": "not graded: it is no notebook",
        "empty": "not graded: it has no exercises",
        "link": "not graded: it is a link, not a file",
    }


@confined
def test_the_table_has_a_row_a_notebook_and_the_page_no_names(graded, tmp_path):
    results = list(graded[0].values())
    write_csv(results, tmp_path / "grades.csv")
    write_page(results, tmp_path / "mistakes.html")
    with open(tmp_path / "grades.csv", newline="") as file:
        table = {row["notebook"]: row for row in csv.DictReader(file)}
    assert len(table) == len(results)
    assert (table["bert.ipynb"]["passed"], table["bert.ipynb"]["of"]) == ("1", "3")
    page = (tmp_path / "mistakes.html").read_text()
    assert "do not divide" in page
    assert "bert" not in page


def test_unconfined_grading_works_where_nothing_confines(tmp_path):
    submission(tmp_path / "02.ipynb", avg_pool="avg_pool = 3")
    (result,) = grade(tmp_path, confined=False)
    assert list(result.status.values()) == ["passed", "not written yet", "passed"]


def test_a_folder_without_notebooks_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no notebooks"):
        grade(tmp_path)


def test_a_handout_has_everything_but_the_solutions(tmp_path):
    (copy,) = handout([NOTEBOOKS / "02_pooling.ipynb"], tmp_path / "new")
    given = nbformat.read(copy, as_version=4)
    nbformat.validate(given)
    assert "solution" not in " ".join(c.source.lower() for c in given.cells)
    left_out = {c.id for c in POOLING.cells} - {c.id for c in given.cells}
    assert left_out == {
        "exercises-solutions",
        *(c.id for c in POOLING.cells if c.id.endswith("-solution")),
    }
    with pytest.raises(FileExistsError):
        handout([NOTEBOOKS / "02_pooling.ipynb"], tmp_path / "new")
    with pytest.raises(ValueError, match="no solutions to leave out"):
        handout([copy], tmp_path / "again")


def test_the_command_line_hands_out_and_grades(tmp_path, capsys):
    out = tmp_path / "class"
    assert (
        main(["handout", str(NOTEBOOKS / "02_pooling.ipynb"), "--out", str(out)]) == 0
    )
    assert main(["grade", str(out), "--unconfined"]) == 0
    said = capsys.readouterr().out
    assert "0 of 3  02_pooling.ipynb" in said
    assert (out / "grades.csv").read_text().count("not written yet") == 3
    assert "0 right, 0 wrong, 1 not written yet" in (out / "mistakes.html").read_text()
    assert main(["grade", str(tmp_path / "nothing")]) == 2
