"""What is run of a submitted notebook: its exercise cells, in their order."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path

from cnnlib.checks.exercises import exercises, names_of

LARGEST = 20e6  # bytes of a notebook that is read


@dataclass(frozen=True)
class Submission:
    """A notebook's exercise cells, and the exercises that it should answer."""

    cells: list[str]
    exercises: list[str]


def read(path: Path) -> Submission:
    """Read a notebook. Raises ValueError with a reason when it cannot be graded."""
    if path.is_symlink():
        raise ValueError("it is a link, not a file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST / 1e6:.0f} MB")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [
            (cell.get("metadata", {}).get("tags", []), "".join(cell["source"]))
            for cell in notebook["cells"]
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no notebook") from error
    chosen = [_python(source) for tags, source in cells if _is_exercise(tags, source)]
    defined = set().union(*map(_names, chosen)) & set(exercises())
    if not defined:
        raise ValueError("it has no exercises")
    notebooks = [exercises()[name].notebook for name in defined]
    return Submission(chosen, names_of(max(set(notebooks), key=notebooks.count)))


def _is_exercise(tags: list[str], source: str) -> bool:
    """A tagged cell, or, where a tool has lost the tags, one that answers something."""
    if "exercise" in tags or "solution" in tags:
        return "exercise" in tags
    titled = source.startswith("# @title Solution")
    return not titled and bool(_names(_python(source)) & set(exercises()))


def _python(source: str) -> str:
    """A cell without IPython's magic and shell lines."""
    lines = source.splitlines()
    return "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def _names(source: str) -> set[str]:
    """The functions and classes that a cell defines; none if it is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name for node in body if isinstance(node, kinds)}
