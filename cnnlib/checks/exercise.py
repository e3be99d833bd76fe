"""What an exercise's entry consists of, and what entries are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .probes import PROBES


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is known: what it is called, and a function that makes it.

    ``says`` is one friendly sentence or two to whoever made it. ``does`` takes the
    exercise's arguments; where it cannot compute anything it may raise, as the real
    mistake would.
    """

    says: str
    does: Callable


@dataclass(frozen=True)
class Exercise:
    """One exercise. Its name is the reference's; its notebook that of its module."""

    reference: Callable
    cases: Callable[[Numbers], list[tuple]]  # arguments of each call
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    probe: str = "call"
    shortcuts: tuple[str, ...] = ()  # library functions that would be the exercise
    instead: str = ""  # what to use in place of a shortcut
    tolerance: float = 1e-4  # of the largest entry
    whole: bool = False  # a whole number of Python's is asked for
    random: bool = False  # two calls may differ
    parts: tuple[str, ...] = ()  # what the probe's results are called

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def notebook(self) -> str:
        return self.reference.__module__.rpartition(".")[2]

    def try_out(self) -> Callable:
        return PROBES[self.probe]


def mistake(says: str):
    """Decorate a function, to become a Mistake."""
    return lambda function: Mistake(says, function)


class Numbers:
    """Random arguments: float64 with one decimal, so that examples can be read."""

    def __init__(self, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)

    def tensor(self, *shape: int, scale: float = 10) -> Tensor:
        """Numbers within ±scale, none of them 0."""
        size = torch.randint(1, 100, shape, generator=self.generator)
        sign = torch.randint(0, 2, shape, generator=self.generator) * 2 - 1
        return (size * sign).double() * scale / 100

    def labels(self, n: int, classes: int) -> Tensor:
        """Whole numbers from 0 to classes - 1, shape (n,)."""
        return torch.randint(classes, (n,), generator=self.generator)
