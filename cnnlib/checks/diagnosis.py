"""Is an answer right, and if not, which mistake does it behave like?

An answer is compared with the reference, then with each known mistake, then with the
mistakes that any exercise knows (``general``). Everything is judged from what was seen
while the function ran; the function itself is not needed, and may have run elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import general
from .calls import Answer, Outcome, parameter_names
from .compare import differing, opened
from .exercise import Exercise
from .report import NOT_WRITTEN, PASSED, WRONG, Example, Report, told
from .trial import Trial


def judge(trial: Trial, answer: Answer, shown_hints: int = 0) -> Report:
    """The report on an answer. ``shown_hints`` is how many hints to open."""
    exercise = trial.exercise
    if answer.stub:
        return Report(
            exercise.name,
            NOT_WRITTEN,
            f"{exercise.name}: not written yet. Write it, then run this cell again.",
            hints=exercise.hints,
        )
    right = trial.agreement(answer.outcomes, trial.expected)
    complete = len(right) == len(trial.cases) and not answer.stopped
    if all(right) and complete:
        diagnosis = blemish(exercise, answer)
        if not diagnosis:
            n = len(trial.cases)
            cases = f"on all {n} cases" if n > 1 else "in every entry"
            return Report(exercise.name, PASSED, f"{exercise.name}: right {cases}.")
        return _wrong(trial, diagnosis, None, shown_hints)
    diagnosis = diagnosed(trial, answer, right)
    return _wrong(trial, diagnosis, smallest(trial, answer, right), shown_hints)


def blemish(exercise: Exercise, answer: Answer) -> str:
    """What is wrong with an answer whose values are all right; empty if nothing."""
    if answer.changed:
        return general.changes(answer.changed)
    if answer.shortcuts:
        return (
            f"The values are right, but `{answer.shortcuts[0]}` does the work that "
            "this exercise asks you to write yourself. Try it with "
            f"{exercise.instead}."
        )
    if not answer.repeatable:
        return general.NOT_REPEATABLE
    if exercise.whole and any(o.value.dtype.kind == "f" for o in answer.outcomes):
        return general.FLOAT
    return ""


def diagnosed(trial: Trial, answer: Answer, right: list[bool]) -> str:
    """The sentence that names the mistake of an answer that is wrong."""
    said = general.before_values(answer, trial)
    if said:
        return said
    said = known_mistake(trial, answer, right)
    if not said and not answer.repeatable:
        said = general.NOT_REPEATABLE
    try:
        said = said or general.anything(trial, answer, right)
    except Exception:  # whatever strange thing came back, it is still wrong
        said = general.WRONG_NUMBERS
    if answer.changed:
        said += " " + general.changes(answer.changed)
    return said


def known_mistake(trial: Trial, answer: Answer, right: list[bool]) -> str:
    """The known mistake that the answer behaves like; empty if there is none.

    Behaving alike on every case is best; failing that, a mistake must explain at least
    three in four of the wrong values, and be right where the answer is.
    """
    wrong = [i for i, ok in enumerate(right) if not ok]
    values = [i for i in wrong if not answer.outcomes[i].error]
    best, said, twin = (0.0, 0.0), "", ""
    for says, theirs in trial.mistakes:
        alike = trial.agreement(answer.outcomes, theirs)
        if not alike or not any(alike[i] for i in wrong):
            continue
        if all(alike) and (values or same_errors(answer.outcomes, theirs)):
            if [o.note for o in theirs] == [o.note for o in answer.outcomes]:
                return says
            twin = twin or says
        explained = sum(alike[i] for i in values)
        if not values or explained < 0.75 * len(values):
            continue
        everywhere = sum(alike) / len(alike)
        if everywhere >= 0.7 and (everywhere, explained) > best:
            best, said = (everywhere, explained), says
    return twin or said


def same_errors(some: Sequence[Outcome], others: Sequence[Outcome]) -> bool:
    """Do two functions fail alike, and not always?"""
    errors = [o.error for o in some]
    return errors == [o.error for o in others] and "" in errors


def smallest(trial: Trial, answer: Answer, right: list[bool]) -> Example | None:
    """The failing case with the fewest numbers, as an example."""
    wrong = [i for i, ok in enumerate(right) if not ok]
    if answer.stopped and not wrong:
        return None
    if not wrong or not trial.exercise.try_out().direct:
        return None
    best = min(
        wrong,
        key=lambda i: (bool(answer.outcomes[i].error), _size(trial.cases[i]), i),
    )
    expected, outcome = trial.expected[best].value, answer.outcomes[best]
    mask, received = None, outcome.value
    if outcome.error:
        received = f"{outcome.error}: {outcome.message}"
    elif isinstance(received, np.ndarray) and isinstance(expected, np.ndarray):
        if received.shape == expected.shape:
            mask = differing(expected, received, trial.exercise.tolerance)
    elif isinstance(expected, tuple):
        received = opened(received)
    names = parameter_names(trial.exercise.reference, trial.cases[best])
    arguments = {
        name: value.numpy() if hasattr(value, "numpy") else value
        for name, value in zip(names, trial.cases[best], strict=False)
    }
    return Example(arguments, expected, received, mask)


def _size(case: tuple) -> int:
    return sum(v.numel() if hasattr(v, "numel") else 1 for v in case)


def _wrong(trial: Trial, diagnosis: str, example, shown: int) -> Report:
    exercise = trial.exercise
    lines = [f"{exercise.name}: not right yet. {diagnosis}"]
    if example:
        given = ", ".join(f"{n} = {told(v)}" for n, v in example.arguments.items())
        received = told(example.received) if example.received is not None else "None"
        lines.append(f"With {given}:" if given else "Your result:")
        lines.append(f"  expected {told(example.expected)}")
        lines.append(f"  received {received}")
    hints = exercise.hints
    for i in range(min(shown, len(hints))):
        lines.append(f"Hint {i + 1} of {len(hints)}: {hints[i]}")
    return Report(
        exercise.name, WRONG, "\n".join(lines), diagnosis, example, hints, shown
    )
