"""A class's notebooks: graded in confined processes, and handed out without solutions.

``grade(folder)`` runs each submission's exercise cells in a process of its own, which
only computes; this process compares. See ``confinement`` for what a hostile notebook
cannot do, and for what it can.
"""

from .class_report import write_csv, write_page
from .grader import Result, grade
from .handout import handout

__all__ = ["Result", "grade", "handout", "write_csv", "write_page"]
