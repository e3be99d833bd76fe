"""`python -m cnnlib grade`: a class's notebooks."""

import argparse
from pathlib import Path

from cnnlib.grading import Result, grade, write_csv, write_page


def run(options: argparse.Namespace) -> int:
    """Grade a folder, write the table and the page, and say where they are."""
    folder = Path(options.folder)
    table, page = folder / "grades.csv", folder / "mistakes.html"
    results = grade(
        folder,
        confined=not options.unconfined,
        jobs=options.jobs,
        seconds=options.seconds,
        progress=_say,
    )
    write_csv(results, table)
    write_page(results, page)
    print(f"\n{table}: one row a notebook\n{page}: the most frequent mistakes")
    return 0


def _say(result: Result) -> None:
    score = f"{result.passed} of {len(result.status)}" if result.status else "-"
    print(f"{score:>8}  {result.notebook}  {result.note}".rstrip(), flush=True)
