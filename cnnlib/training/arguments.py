"""What ``fit`` accepts: everything is checked before anything is computed."""

import math

from torch import nn

from cnnlib.data import ImageSet

from .evaluation import check_set

OPTIMIZERS = {  # name -> what is meant where nothing is said
    "adamw": {"lr": 0.003, "weight_decay": 0.01},
    "sgd": {"lr": 0.05, "weight_decay": 5e-4},
}
SCHEDULES = ("one_cycle", "constant")
PRECISIONS = ("float32", "bfloat16")


def checked(model, train: ImageSet, test: ImageSet | None, given: dict) -> dict:
    """The settings of a training, from ``fit``'s arguments, with defaults filled in."""
    _check_model(model)
    _check_sets(train, test)
    for name, known in (
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("precision", PRECISIONS),
    ):
        if given[name] not in known:
            raise ValueError(
                f"{name} must be one of {', '.join(known)}, got {given[name]!r}"
            )
    settings = {"optimizer": given["optimizer"]}
    for name, default in OPTIMIZERS[given["optimizer"]].items():
        settings[name] = default if given[name] is None else given[name]
        _check_number(name, settings[name])
    for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
        settings[name] = given[name]
        _check_count(name, given[name], least)
    for name in ("augment", "loss"):
        if given[name] is not None and not callable(given[name]):
            raise TypeError(f"{name} must be a function, got {given[name]!r}")
        settings[name] = _named(given[name])
    return settings | {n: given[n] for n in ("schedule", "precision")}


def _check_model(model) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError(f"{type(model).__name__} has no weights to train")


def _check_sets(train: ImageSet, test: ImageSet | None) -> None:
    check_set("train", train)
    if test is None:
        return
    check_set("test", test)
    for what in ("classes", "image_shape"):
        ours, theirs = getattr(train, what), getattr(test, what)
        if ours != theirs:
            raise ValueError(
                f"train and test must have the same {what}, but {train.name} has "
                f"{_short(ours)} and {test.name} has {_short(theirs)}"
            )


def _check_count(name: str, value, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def _check_number(name: str, value) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value) or value < 0 or (name == "lr" and value == 0):
        least = "above 0" if name == "lr" else "0 or above"
        raise ValueError(f"{name} must be {least}, got {value}")


def _named(function) -> str | None:
    """How a function is written down in a history."""
    if function is None:
        return None
    return getattr(function, "__name__", None) or repr(function)


def _short(values: tuple) -> str:
    text = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
    return f"({text})"
