"""An exercise on its cases: how the reference answers them, and how others do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .calls import Outcome, observe
from .compare import same_outcome
from .exercise import Exercise, Numbers


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
