"""Mistakes of any exercise, told apart by what was seen of a function.

``before_values``: nothing comparable came back. ``anything``: what can still be said
about values that are wrong in a way that no known mistake explains.
"""

from __future__ import annotations

import inspect
import json

import numpy as np

from .calls import LIMIT, Answer, Outcome, Strange, parameter_names
from .compare import equal
from .inputs import only_when_wrong, when_wrong
from .relations import kind, relation, where_wrong
from .report import shape_words, told
from .trial import Trial

NOT_REPEATABLE = (
    "The same input gives another result the second time. Something is remembered from "
    "call to call (a global variable, a list as a default argument), chance plays a "
    "part (dropout, torch.rand), or a tensor made with torch.empty is not filled."
)
WRONG_NUMBERS = "The numbers are not the right ones."
FLOAT = (
    "The value is right, but it is a float. A whole number is asked for: divide with "
    "//."
)


def changes(name: str) -> str:
    return (
        f"Your function changes its argument `{name}` in place, which its caller still "
        f"needs. Work on a copy: `{name}.clone()`, and new tensors in place of -= and "
        "[...] =."
    )


def before_values(answer: Answer, trial: Trial) -> str:
    """Why there is nothing to compare; empty if there is."""
    seen = answer.outcomes
    if answer.signature:
        call = inspect.signature(trial.exercise.reference)
        return (
            f"Your function does not take the exercise's arguments "
            f"({answer.signature}). Its first line is "
            f"def {trial.exercise.name}{call}:"
        )
    if answer.stopped:
        return _stopped(answer, trial)
    if any(o.error == "RecursionError" for o in seen):
        return (
            "Your function calls itself without end (RecursionError). Either it should "
            "stop at some point, or it has the name of the function that it means to "
            "call."
        )
    values = [o.value for o in seen if not o.error]
    if values and all(value is None for value in values):
        if answer.printed.strip():
            return (
                "Your function prints its result, but returns nothing (None). Put "
                "return in place of print."
            )
        return "Your function returns nothing (None): its last line should be return …"
    if seen and len({(o.error, o.line) for o in seen}) == 1 and seen[0].error:
        return error_words(seen[0]) + "."
    strange = [v for v in values if isinstance(v, Strange)]
    if strange:
        wanted = trial.exercise.try_out().wanted or kind(trial.expected[0].value)
        return f"Your function returns a {strange[0].type}, where {wanted} is expected."
    return ""


def _stopped(answer: Answer, trial: Trial) -> str:
    case = trial.cases[min(len(answer.outcomes), len(trial.cases) - 1)]
    names = parameter_names(trial.exercise.reference, case)
    given = ", ".join(
        f"{name} = {told(v.numpy() if hasattr(v, 'numpy') else v, 12)}"
        for name, v in zip(names, case, strict=False)
    )
    said = (
        f"Your function had not ended after {LIMIT:.0f} seconds"
        + (f", with {given}" if given else "")
        + ". Does a while loop never end?"
    )
    if answer.stuck:
        said += (
            " It could not be interrupted and goes on in the background: restart the "
            "kernel when the computer is slow."
        )
    return said


def error_words(outcome: Outcome) -> str:
    """An exception in a sentence, without its full stop."""
    message = outcome.message.rstrip(".")
    said = f"Your function stops with {outcome.error}: {message}"
    if outcome.line:
        said += f", in the line `{outcome.line}`"
    return said + _advice(outcome)


def _advice(outcome: Outcome) -> str:
    text = outcome.message
    if outcome.error == "NameError":
        return ". Is the name misspelled, or is it defined in a cell that was not run?"
    if outcome.error == "IndexError":
        return ". An index goes beyond the end: how long is that axis?"
    if outcome.error == "AttributeError" and "NoneType" in text:
        return ". Something before it is None: does a function lack its return?"
    if "must match" in text or "broadcast" in text or "shapes cannot" in text:
        return ". Two shapes do not fit: print both just before that line"
    if "modified by an inplace operation" in text:
        return (
            ". optimizer.step() has changed the weights before loss.backward() could "
            "use them: the backward pass comes first"
        )
    if outcome.error == "ZeroDivisionError":
        return ". What should happen when there is nothing to divide by?"
    return ""


def anything(trial: Trial, answer: Answer, right: list[bool]) -> str:
    """What is wrong, as closely as can be told, and for which inputs."""
    errors = [o for o in answer.outcomes if o.error]
    wrong = [i for i, ok in enumerate(right) if not ok]
    values = [i for i in wrong if not answer.outcomes[i].error]
    when = when_wrong(trial, wrong)
    if not values:
        return f"{error_words(errors[0])}. That happens {when or 'for some inputs'}."
    if any(answer.outcomes[i].value is None for i in values):
        return (
            f"Your function returns nothing (None) {when or 'for some inputs'}: every "
            "way through it needs a return."
        )
    pairs = [(trial.expected[i].value, answer.outcomes[i].value) for i in values]
    cases = [trial.cases[i] for i in values]
    said = relation(trial, cases, pairs) or _with_a_mistake(trial, answer, values)
    said = said or where_wrong(trial, pairs) or WRONG_NUMBERS
    said += _other_layers(trial, answer, values[0])
    if when and len(wrong) < len(right):
        said += f" It is wrong {when}, and right otherwise."
    elif any(right):
        rare = only_when_wrong(trial, wrong)
        said += f" {sum(right)} of {len(right)} cases are right"
        said += f"; it goes wrong only when {rare}." if rare else "."
    if errors:
        said += f" For other inputs it fails: {error_words(errors[0])}."
    return said


def _other_layers(trial: Trial, answer: Answer, case: int) -> str:
    """What a network is made of that the right one is not."""
    if trial.exercise.probe != "network":
        return ""
    expected, received = (
        json.loads(outcomes[case].note)
        for outcomes in (trial.expected, answer.outcomes)
    )
    said = ""
    extra = [w for w in received["weights"] if w not in expected["weights"]]
    missing = [w for w in expected["weights"] if w not in received["weights"]]
    if extra:
        said += f" Among its weights are {_shapes(extra)}, which should not be there."
    if missing:
        said += f" Weights of shape {_shapes(missing)} are missing."
    plain = {"Flatten", "Identity", "Linear", "Unflatten"}
    kinds = sorted(set(received["layers"]) - set(expected["layers"]) - plain)
    if kinds:
        said += f" It contains {', '.join(kinds)}, which does not belong there."
    return said


def _shapes(weights: list) -> str:
    return ", ".join(shape_words(tuple(shape)) for shape in weights[:4])


def _with_a_mistake(trial: Trial, answer: Answer, values: list[int]) -> str:
    """A known mistake together with one more change."""
    own = {mistake.says for mistake in trial.exercise.mistakes}
    for says, theirs in trial.mistakes:
        if says not in own:
            continue
        pairs = [(theirs[i].value, answer.outcomes[i].value) for i in values]
        if any(
            theirs[i].error or not isinstance(theirs[i].value, np.ndarray)
            for i in values
        ):
            continue
        if all(equal(e, r, trial.exercise.tolerance) for e, r in pairs):
            continue
        cases = [trial.cases[i] for i in values]
        if any(
            getattr(e, "shape", 0) != getattr(r, "shape", 1) or not np.any(e)
            for e, r in pairs
        ):
            continue
        more = relation(trial, cases, pairs)
        if more and "All your results" not in more:
            return f"{says} And besides: {more}"
    return ""
