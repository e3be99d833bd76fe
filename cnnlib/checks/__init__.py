"""Exercises that know what went wrong: ``check``, ``predict`` and ``progress``.

``check(function)`` finds the exercise by the function's name, tries the function on
many small cases, and says what is wrong and why. An exercise is one entry in
``exercises/``: a reference, its cases, the mistakes that are known, and hints.

A process that runs somebody else's code imports ``calls`` and ``probes`` alone; they
know no answers. That is why the names here are loaded when they are first used.
"""

from importlib import import_module

_HOME = {
    "Report": "report",
    "Session": "session",
    "check": "session",
    "predict": "predictions",
    "progress": "session",
}

__all__ = ["Report", "Session", "check", "predict", "progress"]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
