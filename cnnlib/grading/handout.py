"""Copies of the notebooks without solutions, for a class."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def handout(notebooks: Iterable[Path], folder: Path) -> list[Path]:
    """Write each notebook without its solution cells to ``folder``; the new paths.

    Raises ValueError for a notebook without solutions (it is a handout already, or
    none of the lecture's) and FileExistsError rather than overwrite a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in notebooks:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        kept = [c for c in cells if "solution" not in c["metadata"].get("tags", [])]
        if len(kept) == len(cells):
            raise ValueError(f"{path.name} has no solutions to leave out")
        notebook["cells"] = kept
        copy = folder / path.name
        with copy.open("x", encoding="utf-8") as file:
            file.write(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
        written.append(copy)
    return written
