"""``predict``: say what you expect before a cell shows it.

Each question stands in its notebook, before the cell that answers it; here are the
answers, and why they surprise. Tests compute every answer anew.
"""

from __future__ import annotations

import difflib
import html
import math
from dataclasses import dataclass
from numbers import Real

from cnnlib.drawing import palette
from cnnlib.drawing.format import count, number, sizes

from .report import marked_up
from .session import show


@dataclass(frozen=True)
class Question:
    """What is asked: a number, a percentage, a shape, or one of ``choices``."""

    answer: float | tuple[int, ...] | str
    why: str
    unit: str = ""
    choices: tuple[str, ...] = ()

    def check(self, guess) -> None:
        """Raise ValueError for a guess of another kind."""
        if self.choices:
            fits, wanted = guess in self.choices, f"one of {', '.join(self.choices)}"
        elif isinstance(self.answer, tuple):
            n = len(self.answer)
            fits = isinstance(guess, tuple | list) and len(guess) == n
            fits = fits and all(isinstance(side, int) for side in guess)
            wanted = f"{n} whole numbers, such as ({', '.join(['1'] * n)})"
        else:
            fits = isinstance(guess, Real) and math.isfinite(guess)
            wanted = f"a number{' of percent' if self.unit == '%' else ''}"
        if not fits:
            raise ValueError(f"guess: expected {wanted}, but got {guess!r}")

    def compare(self, guess) -> str:
        """How far off a guess is, in words."""
        if self.choices:
            return "Right." if guess == self.answer else f"It is {self.answer}."
        if isinstance(self.answer, tuple):
            if tuple(guess) == self.answer:
                return "Right."
            return f"You said {sizes(guess)}; it is {sizes(self.answer)}."
        said = f"You said {self._told(guess)}; it is {self._told(self.answer)}"
        if self.unit == "%":
            gap = guess - self.answer
            near = abs(gap) <= 2
            return f"{said}: {'right.' if near else f'{number(abs(gap))} points off.'}"
        if guess <= 0:
            return f"{said}."
        factor = max(guess, self.answer) / min(guess, self.answer)
        if factor < 1.05:
            return f"{said}: right."
        size = "small" if guess < self.answer else "large"
        return f"{said}: your guess is {count(round(factor, 1))} times too {size}."

    def _told(self, value: float) -> str:
        return f"{count(value)}{' %' if self.unit == '%' else ''}"


QUESTIONS: dict[str, Question] = {
    "dense-weights": Question(
        3_600_000_000,
        "Every one of the 100 neurons has a weight for each of 36 million numbers. In "
        "float32 that takes 14.4 GB, for the first layer alone.",
    ),
    "strided-shape": Question(
        (2, 2),
        "With padding the input is 6 wide. Windows of 3 start at 0 and at 2; the third "
        "would start at 4 and hang over the edge, so it does not count.",
    ),
    "pooled-size": Question(
        (13, 13),
        "A window of 3 can move by 25 pixels. Steps of 2 fit 12 times, and the first "
        "window needs no step: 13, not 14. The last column is never read.",
    ),
    "gradient-cells": Question(
        4,
        "Four windows, and in each of them only the largest number has moved the "
        "output. "
        "The other twelve cells could change a little without anybody noticing.",
    ),
    "guessing-loss": Question(
        math.log(10),
        "Each class gets 1/10, and -log(1/10) = log(10). So a training on ten classes "
        "starts near 2.3; a first loss far above it means that something is wrong.",
    ),
    "large-logits": Question(
        "nan",
        "The right answer is nearly (1, 0, 0), but exp(100) and exp(90) are infinite "
        "in float32, and infinity divided by infinity is not a number.",
        choices=("(1, 0, 0)", "(1/3, 1/3, 1/3)", "nan", "an error"),
    ),
    "lenet-parameters": Question(
        61_706,
        "The two convolutions, which do the seeing, have 2,572 of them together. The "
        "rest sits in the three dense layers.",
    ),
    "busiest-layer": Question(
        "conv2",
        "It has 2,416 parameters and uses each of its weights at 100 places, 240,000 "
        "MACs. fc1 has twenty times as many parameters, and uses each of them once.",
        choices=("conv1", "conv2", "fc1", "fc2", "fc3"),
    ),
    "alexnet-factor": Question(
        771,
        "46.7 million weights against 60,630, in the layers that the slide lists. The "
        "slide itself says 11; its own rows give 771.",
    ),
    "dense-share": Question(
        92,
        "The two dense layers hold 43 of 46.7 million weights, but the convolutions, "
        "which use each weight at thousands of places, do 96 % of the computing.",
        unit="%",
    ),
    "two-threes": Question(
        72,
        "Two 3×3 kernels have 18 weights for each pair of channels, one 5×5 has 25, "
        "and both see 5×5 pixels. The stack has a ReLU between them as well.",
        unit="%",
    ),
    "first-dense": Question(
        74,
        "512 maps of 7×7 meet 4,096 units: 102.8 million weights in one layer of "
        "sixteen, which does less than 1 % of the computing.",
        unit="%",
    ),
    "linear-accuracy": Question(
        61.6,
        "That is the mean of five trainings on the real photos (60.9 to 62.1). There "
        "is "
        "hardly a pixel that is brighter for dogs than for cats: a template for each "
        "class, which reads 92 % of the digits, is little better than a coin here.",
        unit="%",
    ),
    "twelve-photos": Question(
        100 * 0.8**12,
        "0.8 to the power of 12. Being right four times in five is far from being "
        "right twelve times in a row.",
        unit="%",
    ),
}


def predict(question: str, guess) -> None:
    """Show how far off a guess is, and why the answer surprises.

    ``question`` is the name that stands in the notebook; ``guess`` is a number, a
    percentage, a shape (a tuple of whole numbers) or one of the choices, as the
    notebook asks. With ``...`` in place of a guess, nothing is given away.

    Raises ValueError for an unknown question or a guess of another kind.
    """
    if question not in QUESTIONS:
        near = difflib.get_close_matches(str(question), QUESTIONS, 1)
        meant = f"did you mean {near[0]!r}?" if near else f"expected {list(QUESTIONS)}"
        raise ValueError(f"question: {question!r} is unknown; {meant}")
    asked = QUESTIONS[question]
    if guess is ...:
        waiting = "Put your guess in place of the three dots, and run this cell."
        show(_framed(f"○ {waiting}"), waiting)
        return
    asked.check(guess)
    verdict = asked.compare(guess)
    show(
        _framed(f"<b>{html.escape(verdict)}</b> {marked_up(asked.why)}"),
        f"{verdict} {asked.why}",
    )


def _framed(body: str) -> str:
    return (
        f'<div style="border-left:6px solid {palette.PURPLE};padding:2px 0 2px 14px;'
        f'max-width:900px;line-height:1.5">{body}</div>'
    )
