"""What figures accept: values under names."""

from __future__ import annotations

from collections.abc import Mapping


def named(values, what: str) -> dict:
    """``values`` as a non-empty dict from name to value; errors name ``what``."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"expected {what} to be a dict from name to value, but got "
            f"{type(values).__name__}"
        )
    if not values:
        raise ValueError(f"expected {what} to hold something to draw, but it is empty")
    return dict(values)
