"""When two plain values are equal, and where they differ."""

from __future__ import annotations

import numpy as np

from .calls import Outcome

WHOLE = 1e-3  # whole numbers may be floats, but are compared exactly


def equal(expected, received, tolerance: float) -> bool:
    """Are two plain values the same up to ``tolerance`` times the largest entry?"""
    if isinstance(expected, np.ndarray):
        return (
            isinstance(received, np.ndarray)
            and expected.shape == received.shape
            and not differing(expected, received, tolerance).any()
        )
    if isinstance(expected, tuple):
        received = opened(received)
        return (
            isinstance(received, tuple)
            and len(expected) == len(received)
            and all(
                equal(e, r, tolerance) for e, r in zip(expected, received, strict=True)
            )
        )
    return type(expected) is type(received) and expected == received


def opened(value):
    """An array as a tuple of its parts, to be compared with a ragged sequence."""
    if isinstance(value, np.ndarray) and value.ndim:
        return tuple(map(np.asarray, value))
    return value


def differing(expected: np.ndarray, received: np.ndarray, tolerance) -> np.ndarray:
    """Booleans: which entries of two arrays of one shape differ?"""
    whole = expected.dtype.kind in "biu"
    expected, received = expected.astype(float), received.astype(float)
    finite = np.abs(expected[np.isfinite(expected)])
    allowed = WHOLE if whole else tolerance * finite.max(initial=0) + 1e-6
    with np.errstate(invalid="ignore"):
        near = np.abs(expected - received) <= allowed
    same = (expected == received) | (np.isnan(expected) & np.isnan(received))
    return ~(near | same)


def same_outcome(one: Outcome, other: Outcome, tolerance: float) -> bool:
    """Do two calls end alike: with the same value, or with an exception?"""
    if one.error or other.error:
        return bool(one.error) and bool(other.error)
    return equal(one.value, other.value, tolerance)
