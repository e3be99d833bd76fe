"""For which inputs an answer is wrong: what these share, and the others do not."""

from __future__ import annotations

import torch

from .calls import parameter_names
from .trial import Trial


def when_wrong(trial: Trial, wrong: list[int]) -> str:
    """The property of the inputs that tells wrong cases from right ones, if any."""
    every = [_features(trial, case) for case in trial.cases]
    if len(wrong) in (0, len(every)):
        return ""
    named = [name for name in every[0] if all(name in f for f in every)]
    for name in named:
        if [i for i, f in enumerate(every) if f[name]] == list(wrong):
            return f"when {name}"
    return ""


def only_when_wrong(trial: Trial, wrong: list[int]) -> str:
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


def _features(trial: Trial, case) -> dict[str, bool]:
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
