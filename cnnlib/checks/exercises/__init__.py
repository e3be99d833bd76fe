"""The exercises, one module a notebook; each entry of ``EXERCISES`` is one exercise."""

from functools import cache
from importlib import import_module

from ..exercise import Exercise

NOTEBOOKS = {
    "convolution": "01_convolution",
    "pooling": "02_pooling",
    "softmax_loss": "03_softmax_loss",
    "lenet": "04_lenet",
    "alexnet": "05_alexnet",
    "vgg": "06_vgg",
    "cats_vs_dogs": "07_cats_vs_dogs",
}


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises by name, in the lecture's order."""
    modules = [import_module(f".{name}", __name__) for name in NOTEBOOKS]
    return {e.name: e for module in modules for e in module.EXERCISES}


def names_of(notebook: str) -> list[str]:
    """The names of a notebook's exercises; ``notebook`` is a key of ``NOTEBOOKS``."""
    return [name for name, e in exercises().items() if e.notebook == notebook]
