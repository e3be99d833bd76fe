"""The small package behind the lecture on convolutional neural networks.

Modules are loaded when they are first used: ``import cnnlib`` alone pulls in nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

__all__ = [
    "checks",
    "cli",
    "data",
    "drawing",
    "facts",
    "figures",
    "functional",
    "grading",
    "layers",
    "models",
    "runtime",
    "summary",
    "training",
    "widgets",
]


def __getattr__(name: str):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
