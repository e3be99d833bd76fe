"""An exercise on its cases: how the reference answers them, and how others do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .calls import Outcome, observe
from .compare import same_outcome
from .exercise import Exercise, Numbers
from .variations import variations


@dataclass(frozen=True)
class Trial:
    """An exercise, its cases, and how the reference answers them."""

    exercise: Exercise
    cases: list[tuple]
    expected: list[Outcome]

    @classmethod
    def of(cls, exercise: Exercise, seed: int = 0) -> Trial:
        cases = exercise.cases(Numbers(seed))
        return cls(exercise, cases, outcomes(exercise, exercise.reference, cases))

    @cached_property
    def mistakes(self) -> list[tuple[str, list[Outcome]]]:
        """(sentence, outcomes) of the exercise's own mistakes, then of general ones."""
        known = [(m.says, m.does) for m in self.exercise.mistakes]
        known += variations(self.exercise, self.cases)
        made = [(says, outcomes(self.exercise, f, self.cases)) for says, f in known]
        return [m for m in made if not all(self.agreement(m[1], self.expected))]

    def agreement(self, outcomes: Sequence[Outcome], others) -> list[bool]:
        """For each case: do two sets of outcomes agree?"""
        tolerance = self.exercise.tolerance
        pairs = zip(outcomes, others, strict=False)
        return [same_outcome(one, other, tolerance) for one, other in pairs]


def outcomes(exercise: Exercise, function: Callable, cases) -> list[Outcome]:
    """How one of our own functions answers the cases."""
    probe = exercise.try_out()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return observe(function, cases, probe, random=True, limit=None).outcomes
