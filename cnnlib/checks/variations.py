"""Small wrong functions that can be made from any exercise's reference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import torch

from .calls import parameter_names


def variations(exercise, cases) -> Iterator[tuple[str, object]]:
    """(sentence, function): arguments ignored, exchanged, turned or cut."""
    if exercise.probe == "training_steps" or not cases[0]:
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
