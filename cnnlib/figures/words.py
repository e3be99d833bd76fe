"""Numbers and lists as the captions and the alt texts say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def percent(share: float) -> str:
    """A share in 0..1 as text: 0.987 -> "98.7 %"."""
    return f"{100 * share:.1f} %"


def listed(items: Sequence[str]) -> str:
    """Items as in a sentence: ["a", "b", "c"] -> "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def named(values, what: str) -> dict:
    """``values`` as a non-empty dict name -> value; ValueError names ``what``."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{what} must be a dict from name to value, not {type(values).__name__}"
        )
    if not values:
        raise ValueError(f"{what} is empty: there is nothing to draw")
    return dict(values)


def short(count: float) -> str:
    """A count with three digits: 61,706 -> "61.7 K", 1.006e9 -> "1.01 G"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(count) >= 0.9995 * size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g}"
