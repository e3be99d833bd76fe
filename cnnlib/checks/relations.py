"""How wrong values follow from the right ones: rounded, transposed, twice as large."""

from __future__ import annotations

import numpy as np
import torch

from .calls import Strange, parameter_names
from .compare import differing, equal, opened
from .report import shape_words, told
from .trial import Trial


def relation(trial: Trial, cases, pairs) -> str:
    """How the received values follow from the expected ones, in all wrong cases."""
    first = pairs[0][0]
    if isinstance(first, tuple) or _is_pair(first) or trial.exercise.parts:
        pairs = [(opened(e), opened(r)) for e, r in pairs]
        return _of_parts(trial, cases, pairs)
    return _of_arrays(trial, cases, pairs)


def _of_arrays(trial: Trial, cases, pairs) -> str:
    tolerance = trial.exercise.tolerance
    if not all(isinstance(v, np.ndarray) for pair in pairs for v in pair):
        return (
            f"The result has another structure: {kind(pairs[0][0])} is expected, but "
            f"{kind(pairs[0][1])} came."
        )
    shaped = _shape(pairs, cases, tolerance)
    if shaped:
        return shaped
    arrays = [(e.astype(float), r.astype(float)) for e, r in pairs]
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
    ("Every entry is the right first one.", lambda e: e * 0 + e.flat[0]),
    ("Every entry is the right last one.", lambda e: e * 0 + e.flat[-1]),
    ("Every entry of your result is the right mean.", lambda e: e * 0 + e.mean()),
    ("Your results are divided by their sum.", lambda e: e / e.sum()),
    ("Your results are divided by the largest.", lambda e: e / e.max()),
    ("Large results are cut off at 1.", lambda e: np.minimum(e, 1)),
]  # fmt: skip


def _factor(trial: Trial, cases, arrays, tolerance) -> str:
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


def _named(trial: Trial, cases, numbers, plus: bool = False) -> str:
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


def _quantities(trial: Trial, case) -> dict[str, float]:
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


def _of_parts(trial: Trial, cases, pairs) -> str:
    """Which part of a sequence of results is wrong, and how."""
    lengths = {len(r) if isinstance(r, tuple) else -1 for _, r in pairs}
    expected = {len(e) for e, _ in pairs}
    if -1 in lengths:
        return f"{kind(pairs[0][0])} is expected, but {kind(pairs[0][1])} came."
    if lengths != expected:
        return f"{min(expected)} entries are expected, but {min(lengths)} came."
    tolerance = trial.exercise.tolerance
    wrong = sorted({k for e, r in pairs for k in _wrong_parts(e, r, tolerance)})
    first, n = wrong[0], len(pairs[0][0])
    parts = [(e[first], r[first]) for e, r in pairs]
    if len(cases[0]) == 0:
        return _in_a_list(*pairs[0], first)
    said = f"{_part(trial, first, n)} is wrong"
    rest = "the other is" if n == 2 else "the others are"
    said += f", {rest} right." if len(wrong) == 1 else ", and not the only one."
    inner = [(e, r) for e, r in parts if not equal(e, r, tolerance)]
    e, r = inner[0]
    more = _of_arrays(trial, cases, inner) if len(inner) == len(cases) else ""
    if trial.exercise.parts and getattr(e, "ndim", 1) == 0:
        said += f" It is {told(r)}, where {told(e)} is expected."
    return f"{said} {more}".strip()


def _wrong_parts(expected: tuple, received: tuple, tolerance: float) -> list[int]:
    """Which parts differ; numbers are compared with the largest of them in view."""
    if all(np.ndim(part) == 0 for part in (*expected, *received)):
        return np.flatnonzero(
            differing(np.stack(expected), np.stack(received), tolerance)
        ).tolist()
    pairs = zip(expected, received, strict=True)
    return [k for k, (e, r) in enumerate(pairs) if not equal(e, r, tolerance)]


def _in_a_list(expected: tuple, received: tuple, first: int) -> str:
    """What is wrong in a list that does not depend on any argument."""
    if sorted(map(told, expected)) == sorted(map(told, received)):
        return (
            "Your entries are right, but not in the right order; the first that is out "
            f"of place is entry {first} (counted from 0)."
        )
    e, r = expected[first], received[first]
    said = f"Entry {first} (counted from 0) is {told(r)}, which is wrong."
    if np.shape(e) != np.shape(r):
        return f"{said} It should have {np.size(e)} numbers, as a tuple."
    return said + (" What comes before it is right." if first else "")


def _part(trial: Trial, index: int, n: int) -> str:
    """What a part of a result is called."""
    if trial.exercise.parts:
        return f"The {trial.exercise.parts[index]}"
    if n <= 3:
        return f"The {('first', 'second', 'third')[index]} of the {n} results"
    return f"Entry {index} (counted from 0) of the {n}"


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


def where_wrong(trial: Trial, pairs) -> str:
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


def kind(value) -> str:
    """What a plain value is, in words."""
    if isinstance(value, np.ndarray):
        return (
            f"an array of shape {shape_words(value.shape)}"
            if value.ndim
            else "a number"
        )
    if isinstance(value, tuple):
        return f"a sequence of {len(value)}"
    return f"a {value.type}" if isinstance(value, Strange) else "None"
