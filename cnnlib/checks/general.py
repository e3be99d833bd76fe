"""Mistakes of any exercise, told apart from what a function returned.

``before_values``: nothing comparable came back. ``variations``: small wrong functions
that can be made from any reference. ``anything``: what can still be said about values
that are wrong in some other way, and for which inputs.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import torch

from .calls import LIMIT, Answer, Outcome, Strange, parameter_names
from .compare import differing, equal, opened
from .report import shape_words, told

FORGETFUL = (
    "The same input gives another result the second time. Something is remembered from "
    "call to call (a global variable, a list as a default argument), chance plays a "
    "part (dropout, torch.rand), or a tensor made with torch.empty is not filled."
)
WRONG_NUMBERS = "The numbers are not the right ones."
FLOAT = "The value is right, but it is a float. A whole number is asked for: divide with //."


def changes(name: str) -> str:
    return (
        f"Your function changes its argument `{name}` in place, which its caller still "
        f"needs. Work on a copy: `{name}.clone()`, and new tensors in place of -= and "
        "[...] =."
    )


def before_values(answer: Answer, trial) -> str:
    """Why there is nothing to compare; empty if there is."""
    outcomes = answer.outcomes
    if answer.signature:
        call = ", ".join(parameter_names(trial.exercise.reference, ()))
        return (
            f"Your function does not take the exercise's arguments "
            f"({answer.signature}). Its first line is "
            f"def {trial.exercise.name}({call}):"
        )
    if answer.stopped:
        return _stopped(answer, trial)
    if any(o.error == "RecursionError" for o in outcomes):
        return (
            "Your function calls itself without end (RecursionError). Either it should "
            "stop at some point, or it has the name of the function that it means to "
            "call."
        )
    values = [o.value for o in outcomes if not o.error]
    if values and all(value is None for value in values):
        if answer.printed.strip():
            return (
                "Your function prints its result, but returns nothing (None). Put "
                "return in place of print."
            )
        return "Your function returns nothing (None): its last line should be return …"
    if (
        outcomes
        and len({(o.error, o.line) for o in outcomes}) == 1
        and outcomes[0].error
    ):
        return error_words(outcomes[0]) + "."
    strange = [v for v in values if isinstance(v, Strange)]
    if strange:
        return (
            f"Your function returns a {strange[0].type}, where "
            f"{_kind(trial.expected[0].value)} is expected."
        )
    return ""


def _stopped(answer: Answer, trial) -> str:
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


def _kind(value) -> str:
    if isinstance(value, np.ndarray):
        if value.ndim:
            return f"an array of shape {shape_words(value.shape)}"
        return "a number"
    return f"a sequence of {len(value)}"


# --- small wrong functions that can be made from any reference ----------------------


def variations(exercise, cases) -> Iterator[tuple[str, object]]:
    """(sentence, function): arguments ignored, exchanged, turned or cut."""
    if exercise.random or exercise.probe == "training_steps" or not cases[0]:
        return
    reference = exercise.reference
    names = parameter_names(reference, cases[-1])
    n = max(map(len, cases)) - (exercise.probe == "network")
    defaults = [p.default for p in inspect.signature(reference).parameters.values()]
    for i in range(n):
        known = [case[i] for case in cases if len(case) > i]
        if isinstance(known[0], torch.Tensor):
            for says, change in _tensor_changes(names[i], known):
                yield says, _with(reference, i, change, defaults)
        elif isinstance(known[0], int | float):
            for value in sorted({0, 1, *known}):
                yield (
                    f"`{names[i]}` is ignored: your function behaves as if it were "
                    f"always {value}.",
                    _with(reference, i, lambda _, value=value: value, defaults),
                )
            for words, change in _NUMBER_CHANGES:
                says = f"Your function behaves as if `{names[i]}` were {words}."
                yield says, _with(reference, i, change, defaults)
    if any(isinstance(v, torch.Tensor) for v in cases[0]):
        yield (
            "Only the first of the examples (along dim 0) is used.",
            lambda *case: reference(*_first_only(case)),
        )
    for i in range(n):
        for j in range(i):
            yield (
                f"`{names[j]}` and `{names[i]}` are exchanged.",
                _swapped(reference, i, j, defaults),
            )


_NUMBER_CHANGES = [
    ("larger by 1", lambda v: v + 1),
    ("smaller by 1", lambda v: v - 1),
    ("twice as large", lambda v: 2 * v),
    ("half as large", lambda v: v // 2 if isinstance(v, int) else v / 2),
    ("squared", lambda v: v * v),
    ("negative", lambda v: -v),
]


def _first_only(case: tuple) -> list:
    """The case with its first example alone; labels tell how many there are."""
    tensors = [v for v in case if isinstance(v, torch.Tensor)]
    labels = [v for v in tensors if not v.is_floating_point()]
    n = len((labels or tensors)[0])
    of_examples = [isinstance(v, torch.Tensor) and len(v) == n for v in case]
    return [v[:1] if cut else v for v, cut in zip(case, of_examples, strict=True)]


def _filled(case: tuple, defaults: list) -> list:
    """A case with the defaults of the arguments that it leaves out."""
    rest = [d for d in defaults[len(case) :] if d is not inspect.Parameter.empty]
    return [*case, *rest]


def _with(reference, i: int, change, defaults):
    def does(*case):
        case = _filled(case, defaults)
        case[i] = change(case[i])
        return reference(*case)

    return does


def _swapped(reference, i: int, j: int, defaults):
    def does(*case):
        case = _filled(case, defaults)
        case[i], case[j] = case[j], case[i]
        return reference(*case)

    return does


def _tensor_changes(name: str, known: list):
    ndim = known[0].ndim
    yield f"`{name}` has no influence on your result.", torch.zeros_like
    yield f"The numbers in `{name}` do not matter in your result.", torch.ones_like
    if known[0].is_floating_point():
        yield f"The signs of `{name}` are lost (absolute values).", torch.abs
        yield f"`{name}` enters with the wrong sign.", torch.neg
        yield (
            f"Negative numbers in `{name}` are treated as 0.",
            lambda v: v.clamp(min=0),
        )
        yield f"`{name}` is rounded to whole numbers.", torch.round
        yield f"`{name}` enters squared.", torch.square
        yield f"`{name}` enters twice as large.", lambda v: 2 * v
        yield f"`{name}` enters half as large.", lambda v: v / 2
        yield f"1 is added to `{name}`.", lambda v: v + 1
        yield f"1 is subtracted from `{name}`.", lambda v: v - 1
        yield f"The decimals of `{name}` are cut off.", torch.trunc
    if ndim >= 2:
        yield (
            f"Rows and columns of `{name}` are exchanged.",
            lambda v: v.transpose(-1, -2),
        )
    for axis in range(ndim):
        yield (
            f"`{name}` is read in reverse order along dim {axis}.",
            lambda v, axis=axis: v.flip(axis),
        )
        if ndim > 1:
            yield (
                f"Only the first entry of `{name}` along dim {axis} is used, for all.",
                lambda v, axis=axis: v.narrow(axis, 0, 1).expand_as(v),
            )
            yield (
                f"Only the last entry of `{name}` along dim {axis} is used, for all.",
                lambda v, axis=axis: v.narrow(axis, -1, 1).expand_as(v),
            )
            yield (
                f"`{name}` is averaged along dim {axis}.",
                lambda v, axis=axis: v.mean(axis, keepdim=True).expand_as(v),
            )


# --- what can be said about values that are wrong in some other way ------------------


def anything(trial, answer: Answer, right: list[bool]) -> str:
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
    if when and len(wrong) < len(right):
        said += f" It is wrong {when}, and right otherwise."
    elif any(right):
        rare = only_when_wrong(trial, wrong)
        said += f" {sum(right)} of {len(right)} cases are right"
        said += f"; it goes wrong only when {rare}." if rare else "."
    if errors:
        said += f" For other inputs it fails: {error_words(errors[0])}."
    return said


def relation(trial, cases, pairs) -> str:
    """How the received values follow from the expected ones, in all wrong cases."""
    tolerance = trial.exercise.tolerance
    if isinstance(pairs[0][0], tuple) or _is_pair(pairs[0][0]):
        pairs = [(opened(e), opened(r)) for e, r in pairs]
        return _of_parts(trial, cases, pairs)
    arrays = [
        (e, r)
        for e, r in pairs
        if isinstance(e, np.ndarray) and isinstance(r, np.ndarray)
    ]
    if len(arrays) < len(pairs):
        return (
            f"The result has another structure: {_kind(pairs[0][0])} is expected, but "
            f"{_kind(pairs[0][1])} came."
        )
    shaped = _shape(arrays, cases, tolerance)
    if shaped:
        return shaped
    arrays = [(e.astype(float), r.astype(float)) for e, r in arrays]
    if sum(e.size for e, _ in arrays) < 3:
        return ""  # one or two numbers prove nothing
    with np.errstate(all="ignore"):
        for decimals, words in enumerate(
            ("whole numbers", "one decimal", "2 decimals")
        ):
            if all(_rounded(e, r, decimals) for e, r in arrays):
                return f"Your results are rounded to {words}."
        for says, change in _CHANGES:
            if all(_follows(change, e, r, tolerance) for e, r in arrays):
                return says
        return _factor(trial, cases, arrays, tolerance)


def _rounded(e, r, decimals: int) -> bool:
    return bool(
        np.allclose(r, np.round(r, decimals), atol=1e-6)
        and (np.abs(e - r) <= 0.5001 * 10.0**-decimals).all()
    )


def _follows(change, e, r, tolerance) -> bool:
    try:
        changed = np.asarray(change(e))
    except (ValueError, IndexError):
        return False
    return (
        changed.shape == r.shape
        and not differing(changed, r, tolerance).any()
        and differing(e, r, tolerance).any()
    )


_CHANGES = [
    ("Your results are rounded down to whole numbers: use / in place of //.", np.floor),
    ("The decimals of your results are cut off (int).", np.trunc),
    ("Your results are rounded up to whole numbers.", np.ceil),
    ("Your results have the wrong sign.", np.negative),
    ("Your results have lost their signs.", np.abs),
    ("Negative results have become 0.", lambda e: np.maximum(e, 0)),
    ("Your results are squared.", np.square),
    ("You return the square root of the right results.", np.sqrt),
    ("You return the exponential of the right results.", np.exp),
    ("You return the logarithm of the right results.", np.log),
    ("You return 1 minus the right results.", lambda e: 1 - e),
    ("You return 1 divided by the right results.", lambda e: 1 / e),
    ("Your results are too large by 1.", lambda e: e + 1),
    ("Your results are too small by 1.", lambda e: e - 1),
    ("Your results are too large by 2.", lambda e: e + 2),
    ("Your results are too small by 2.", lambda e: e - 2),
    ("All your results are 0.", lambda e: e * 0),
    ("All your results are 1.", lambda e: e * 0 + 1),
    ("Your results are nan (0 / 0, or inf - inf).", lambda e: e * np.nan),
    ("Your result's rows and columns are exchanged.", lambda e: np.swapaxes(e, -1, -2)),
    ("Your results are in reverse order along dim 0.", lambda e: np.flip(e, 0)),
    ("Your results are in reverse order along dim 1.", lambda e: np.flip(e, 1)),
    ("Your results are in reverse order along dim 2.", lambda e: np.flip(e, 2)),
    ("Your results add up along dim 0 (a running sum).", lambda e: np.cumsum(e, 0)),
    ("Your results add up along dim 1 (a running sum).", lambda e: np.cumsum(e, 1)),
    ("Every entry of your result is the right first entry.", lambda e: e * 0 + e.flat[0]),
    ("Every entry of your result is the right last entry.", lambda e: e * 0 + e.flat[-1]),
    ("Every entry of your result is the mean of the right ones.", lambda e: e * 0 + e.mean()),
    ("Your results are divided by their sum.", lambda e: e / e.sum()),
    ("Your results are divided by the largest.", lambda e: e / e.max()),
    ("Large results are cut off at 1.", lambda e: np.minimum(e, 1)),
]  # fmt: skip


def _factor(trial, cases, arrays, tolerance) -> str:
    """A factor or a difference that is the same all over each result."""
    factors, offsets = [], []
    for e, r in arrays:
        big = np.abs(e) > 1e-9
        ratios = r[big] / e[big]
        one = ratios.size and np.allclose(ratios, ratios.flat[0], rtol=1e-3)
        rest = np.allclose(r[~big], 0, atol=1e-6)
        factors.append(float(ratios.flat[0]) if one and rest else None)
        gap = r - e
        offsets.append(float(gap.flat[0]) if np.ptp(gap) < 1e-4 else None)
    said = ""
    if None not in factors:
        said = _named(trial, cases, factors)
    if not said and None not in offsets:
        said = _named(trial, cases, offsets, plus=True)
    return said


def _named(trial, cases, numbers, plus: bool = False) -> str:
    """What the numbers are: a constant, or a size that the cases know."""
    neutral = 0.0 if plus else 1.0
    says = (
        "{} is added to all your results."
        if plus
        else ("Your results are the right ones times {}.")
    )
    if np.allclose(numbers, numbers[0], rtol=1e-3) and len(numbers) > 1:
        return says.format(f"{numbers[0]:.4g}")
    quantities = [_quantities(trial, case) for case in cases]
    for name in quantities[0]:
        if not all(name in q for q in quantities):
            continue
        sizes = np.array([q[name] for q in quantities], dtype=float)
        with np.errstate(all="ignore"):
            for form, value in [
                ("{}", sizes), ("1 / {}", 1 / sizes), ("-{}", -sizes),
                ("{}²", sizes**2), ("1 / {}²", 1 / sizes**2), ("2 · {}", 2 * sizes),
                ("({} - 1)", sizes - 1), ("({} + 1)", sizes + 1), ("√{}", sizes**0.5),
                ("1 / √{}", sizes**-0.5),
            ]:  # fmt: skip
                fits = np.allclose(value, numbers, rtol=1e-3, atol=1e-6)
                if fits and not np.allclose(value, neutral):
                    return says.format(form.format(name))
    return ""


def _quantities(trial, case) -> dict[str, float]:
    """The sizes and whole numbers of a case by their names, and products of two."""
    found: dict[str, float] = {}
    names = parameter_names(trial.exercise.reference, case)
    for name, value in zip(names, case, strict=False):
        if isinstance(value, torch.Tensor):
            for axis, size in enumerate(value.shape):
                found[f"the size of `{name}` along dim {axis}"] = size
            found[f"the number of entries of `{name}`"] = value.numel()
            if value.is_floating_point():
                found[f"the sum of `{name}`"] = float(value.sum())
                found[f"the mean of `{name}`"] = float(value.mean())
                found[f"the largest of `{name}`"] = float(value.max())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[f"`{name}`"] = value
        elif isinstance(value, list):
            found[f"the length of `{name}`"] = len(value)
    singles = list(found.items())
    for i, (a, x) in enumerate(singles):
        for b, y in singles[i + 1 :]:
            found[f"({a} times {b})"] = x * y
    return found


def _is_pair(value) -> bool:
    """Two whole numbers, which mean different things."""
    return (
        isinstance(value, np.ndarray)
        and value.shape == (2,)
        and value.dtype.kind == "i"
    )


def _of_parts(trial, cases, pairs) -> str:
    """Which part of a sequence of results is wrong, and how."""
    lengths = {len(opened(r)) if isinstance(opened(r), tuple) else -1 for _, r in pairs}
    expected = {len(e) for e, _ in pairs}
    if -1 in lengths:
        return f"{_kind(pairs[0][0])} is expected, but {_kind(pairs[0][1])} came."
    if lengths != expected:
        return f"{sorted(expected)[0]} entries are expected, but {sorted(lengths)[0]} came."
    tolerance = trial.exercise.tolerance
    wrong = sorted(
        {
            k
            for e, r in pairs
            for k, (a, b) in enumerate(zip(e, opened(r), strict=True))
            if not equal(a, b, tolerance)
        }
    )
    parts = [(e[wrong[0]], opened(r)[wrong[0]]) for e, r in pairs]
    n = len(pairs[0][0])
    if len(cases[0]) == 0:
        _, r = parts[0]
        before = " What comes before it is right." if wrong[0] else ""
        return (
            f"Entry {wrong[0]} (counted from 0) is {told(r)}, which is wrong.{before}"
        )
    which = f"The {('first', 'second', 'third')[min(wrong[0], 2)]} of the {n} results is wrong"
    if n > 3:
        which = f"Entry {wrong[0]} (counted from 0) of the {n} is wrong"
    which += (
        f", the other{'s are' if n > 2 else ' is'} right."
        if len(wrong) == 1
        else (", and not the only one.")
    )
    inner = [(e, r) for e, r in parts if not equal(e, r, tolerance)]
    said = relation(trial, cases, inner) if len(inner) == len(cases) else ""
    return f"{which} {said}".strip()


def _shape(arrays, cases, tolerance) -> str:
    """What is wrong with the shapes, where they differ; empty where they do not."""
    other = [i for i, (e, r) in enumerate(arrays) if e.shape != r.shape]
    if not other:
        return ""
    arrays, cases = [arrays[i] for i in other], [cases[i] for i in other]
    e, r = min(arrays, key=lambda pair: (pair[0].size < 2, pair[0].size))
    said = f"shape {shape_words(r.shape)} where {shape_words(e.shape)} is expected"
    if all(a.size == b.size for a, b in arrays):
        if all(equal(a.ravel(), b.ravel(), tolerance) for a, b in arrays):
            return f"Your numbers are right, but they come in the wrong shape: {said}."
        if all(b.shape == a.shape[::-1] for a, b in arrays):
            turned = all(equal(a.T, b, tolerance) for a, b in arrays)
            right = "Your numbers are right, but the" if turned else "The"
            return f"{right} axes of your result are in reverse order: {said}."
    if all(a.ndim == 0 for a, _ in arrays):
        return f"One number is expected, but your result has {said}."
    if all(b.ndim == 0 for _, b in arrays):
        return (
            f"Your result is one number, {said}. Is something summed over an axis too "
            "many?"
        )
    if any(a.ndim != b.ndim for a, b in arrays):
        more = "too many" if r.ndim > e.ndim else "too few"
        return f"Your result has {more} axes: {said}."
    inputs = [
        next((tuple(v.shape) for v in case if hasattr(v, "shape")), ())
        for case in cases
    ]
    if all(b.shape == i for (_, b), i in zip(arrays, inputs, strict=True)):
        return f"Your result is as large as the input: {said}."
    return f"Your result is {_gaps(arrays)}: {said}."


def _gaps(arrays) -> str:
    """Along which axes results of the right number of axes are too large or small."""
    parts = []
    for axis in range(arrays[0][0].ndim):
        gaps = {b.shape[axis] - a.shape[axis] for a, b in arrays}
        by = f"by {abs(next(iter(gaps)))} " if len(gaps) == 1 else ""
        if max(gaps) > 0 <= min(gaps):
            parts.append(f"{by}too large along dim {axis}")
        elif min(gaps) < 0 >= max(gaps):
            parts.append(f"{by}too small along dim {axis}")
    return " and ".join(parts) or "of the wrong size"


def _with_a_mistake(trial, answer: Answer, values: list[int]) -> str:
    """A known mistake together with one more change."""
    from .diagnosis import outcomes  # they need each other

    for known in trial.exercise.mistakes:
        theirs = outcomes(trial.exercise, known.does, trial.cases)
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
            return f"{known.says} And besides: {more}"
    return ""


def where_wrong(trial, pairs) -> str:
    """In which entries of the result the mistake shows."""
    masks = [
        differing(e, r, trial.exercise.tolerance)
        for e, r in pairs
        if isinstance(e, np.ndarray) and getattr(r, "shape", None) == e.shape and e.ndim
    ]
    if not masks or len(masks) < len(pairs):
        return ""
    for axis in range(masks[0].ndim):
        several = [m for m in masks if m.shape[axis] > 1]
        if 2 * len(several) < len(masks):
            continue
        for index, word in ((0, "first"), (-1, "last")):
            others = [np.delete(m, index % m.shape[axis], axis) for m in several]
            if not any(m.any() for m in others):
                return f"Only the {word} entry along dim {axis} is wrong."
            if not any(m.take(index, axis).any() for m in several):
                return f"Only the {word} entry along dim {axis} is right."
    shares = sorted(
        np.array_equal(np.sort(e, axis=None), np.sort(r, axis=None)) for e, r in pairs
    )
    if all(shares):
        return "Your result has the right numbers, but not in the right places."
    wrong, total = sum(int(m.sum()) for m in masks), sum(m.size for m in masks)
    if all(np.isnan(r).any() or np.isinf(r).any() for _, r in pairs):
        return "Your result has nan or infinite numbers in it."
    if wrong < total:
        return f"{wrong} of {total} entries are wrong."
    return ""


def when_wrong(trial, wrong: list[int]) -> str:
    """The property of the inputs that tells wrong cases from right ones, if any."""
    every = [_features(trial, case) for case in trial.cases]
    if len(wrong) in (0, len(every)):
        return ""
    named = [name for name in every[0] if all(name in f for f in every)]
    for name in named:
        if [i for i, f in enumerate(every) if f[name]] == list(wrong):
            return f"when {name}"
    return ""


def only_when_wrong(trial, wrong: list[int]) -> str:
    """A rare property that all wrong cases have, and some right ones, too."""
    every = [_features(trial, case) for case in trial.cases]
    best, said = 0.4, ""
    for name in every[0]:
        if all(name in f for f in every) and all(every[i][name] for i in wrong):
            others = sum(f[name] for f in every) - len(wrong)
            share = others / max(len(every) - len(wrong), 1)
            if share < best:
                best, said = share, name
    return said


def _features(trial, case) -> dict[str, bool]:
    """Properties of a case's arguments, simple ones first."""
    found: dict[str, bool] = {}
    names = parameter_names(trial.exercise.reference, case)
    numbers, tensors = {}, {}
    for name in parameter_names(trial.exercise.reference, ())[1:]:
        found[f"`{name}` is left to its default"] = name not in names[: len(case)]
    for name, value in zip(names, case, strict=False):
        if isinstance(value, bool):
            found[f"`{name}` is True"] = value
            found[f"`{name}` is False"] = not value
        elif isinstance(value, int | float):
            numbers[name] = value
            found[f"`{name}` is 0"] = value == 0
            found[f"`{name}` is not 0"] = value != 0
            found[f"`{name}` is 1"] = value == 1
            found[f"`{name}` is larger than 1"] = value > 1
        elif isinstance(value, list):
            found[f"`{name}` is empty"] = not value
            found[f"`{name}` has more than one entry"] = len(value) > 1
        elif isinstance(value, torch.Tensor):
            tensors[name] = value
            found |= _tensor_features(name, value)
    for a in numbers:
        for b in numbers:
            if a < b:
                found[f"`{a}` and `{b}` differ"] = numbers[a] != numbers[b]
                found[f"`{a}` is larger than `{b}`"] = numbers[a] > numbers[b]
                found[f"`{a}` is smaller than `{b}`"] = numbers[a] < numbers[b]
    for name, tensor in tensors.items():
        for a, k in numbers.items():
            if isinstance(k, int) and k > 0 and tensor.ndim > 1:
                rest = any(size % k for size in tensor.shape[-2:])
                found[f"the size of `{name}` is no multiple of `{a}`"] = rest
            for b, s in numbers.items():
                if a != b and isinstance(s, int) and s > 0 and tensor.ndim > 1:
                    rest = any((size - k) % s for size in tensor.shape[-2:])
                    found[f"the last window of `{a}` does not end at the edge"] = rest
    return found


def _tensor_features(name: str, value: torch.Tensor) -> dict[str, bool]:
    found = {}
    if value.ndim >= 2:
        found[f"`{name}` is not square"] = value.shape[-1] != value.shape[-2]
        found[f"`{name}` is square"] = value.shape[-1] == value.shape[-2]
        found[f"`{name}` is higher than wide"] = value.shape[-2] > value.shape[-1]
        found[f"`{name}` is wider than high"] = value.shape[-1] > value.shape[-2]
    for axis, size in enumerate(value.shape):
        found[f"`{name}` has a single entry along dim {axis}"] = size == 1
        found[f"`{name}` has more than one entry along dim {axis}"] = size > 1
    if value.is_floating_point() and value.numel():
        low, high = value.min(), value.max()
        found[f"`{name}` has negative numbers"] = bool(low < 0)
        found[f"`{name}` has negative numbers only"] = bool(high < 0)
        found[f"`{name}` holds very large numbers"] = bool(max(-low, high) > 100)
        found[f"`{name}` is 0 everywhere"] = bool(low == high == 0)
    found[f"`{name}` has an even number of rows"] = bool(
        value.ndim > 1 and value.shape[-2] % 2 == 0
    )
    return found
