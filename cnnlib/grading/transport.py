"""Cases on their way to the worker, and what it saw on the way back, as JSON.

JSON, because what comes back was written by somebody else's code: nothing in it is
ever executed, and whatever does not have the expected form is refused.
"""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import torch

from cnnlib.checks.calls import Answer, Outcome, Strange

_TEXTS = ("error", "message", "line", "note")
_MOST = 100_000  # numbers in one value


def encoded(value):
    """A case's argument, or a plain value, as what JSON can hold."""
    if isinstance(value, torch.Tensor):
        return {"tensor": encoded(value.numpy())}
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        return {"array": value.ravel().tolist(), "shape": value.shape, "kind": kind}
    if isinstance(value, tuple | list):
        name = "tuple" if isinstance(value, tuple) else "list"
        return {name: [encoded(part) for part in value]}
    if isinstance(value, Strange):
        return {"strange": value.type}
    return value


def decoded(value):
    """The inverse. Raises ValueError, TypeError or KeyError for anything else."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if "tensor" in value:
        return torch.from_numpy(decoded(value["tensor"]))
    if "array" in value:
        return _array(value)
    if "tuple" in value:
        return tuple(map(decoded, value["tuple"]))
    if "list" in value:
        return list(map(decoded, value["list"]))
    return Strange(str(value["strange"])[:50])


def _array(value: dict) -> np.ndarray:
    shape = tuple(int(side) for side in value["shape"])
    if math.prod(shape) > _MOST or min(shape, default=0) < 0 or len(shape) > 8:
        raise ValueError(f"shape {shape} is not possible")
    dtype = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}[value["kind"]]
    return np.array(value["array"], dtype=dtype).reshape(shape)


def encoded_answer(answer: Answer) -> dict:
    """What was seen of one exercise."""
    fields = asdict(answer)
    fields["outcomes"] = [
        {"value": encoded(o.value)} | {name: getattr(o, name) for name in _TEXTS}
        for o in answer.outcomes
    ]
    return fields


def decoded_answer(fields: dict) -> Answer:
    """The inverse, for fields that may be forged: kinds are made sure of."""
    usual = Answer()
    made = {
        name: type(getattr(usual, name))(fields[name])
        for name in ("changed", "repeatable", "printed", "stub", "signature")
    }
    made |= {name: bool(fields[name]) for name in ("stopped", "stuck")}
    outcomes = [
        Outcome(decoded(o["value"]), *(str(o[name])[:2000] for name in _TEXTS))
        for o in fields["outcomes"][:100]
    ]
    shortcuts = [str(name)[:50] for name in fields["shortcuts"][:20]]
    return Answer(outcomes=outcomes, shortcuts=shortcuts, **made)
