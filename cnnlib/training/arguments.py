"""What ``fit`` accepts: everything is checked before anything is computed."""

import math
import re
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from cnnlib.data import ImageSet

from .evaluation import check_set, loss_of
from .feeding import trained_shape

OPTIMIZERS = {  # name -> what is meant where nothing is said
    "adamw": {"lr": 0.003, "weight_decay": 0.01},
    "sgd": {"lr": 0.05, "weight_decay": 5e-4},
}
SCHEDULES = ("one_cycle", "constant")
PRECISIONS = ("float32", "bfloat16", "auto")


def checked(model, train: ImageSet, test: ImageSet | None, given: dict) -> dict:
    """The settings of a training, from ``fit``'s arguments, with defaults filled in."""
    _check_model(model)
    _check_sets(train, test, given["augment"])
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
    team = given["crew"].size  # each process gets an image of the batch
    for name, least in (("epochs", 1), ("batch_size", team), ("seed", 0)):
        settings[name] = given[name]
        _check_count(name, given[name], least)
    for name in ("augment", "loss"):
        if given[name] is not None and not callable(given[name]):
            raise TypeError(f"{name} must be a function, got {given[name]!r}")
    settings["augment"] = _named(given["augment"])
    loss = loss_of(model, given["loss"])
    usual = given["loss"] is None and loss is F.cross_entropy
    settings["loss"] = None if usual else _named(loss)
    settings["schedule"] = given["schedule"]
    settings["precision"] = _precision(given["precision"], given["device"])
    _check_checkpoint(given["checkpoint"], given["resume"])
    return settings


def _precision(asked: str, device: torch.device) -> str:
    """What "auto" means on this device."""
    if asked != "auto":
        return asked
    return "bfloat16" if computes_in_bfloat16(device) else "float32"


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies 16-bit numbers itself, hence faster."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # since Ampere
    if device.type == "cpu":
        names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, name, bool)() for name in names)
    return False


def _check_model(model) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError(f"{type(model).__name__} has no weights to train")


def _check_sets(train: ImageSet, test: ImageSet | None, augment) -> None:
    check_set("train", train)
    if test is None:
        return
    check_set("test", test)
    for what, ours, theirs in (
        ("classes", train.classes, test.classes),
        ("image_shape", trained_shape(train, augment), test.image_shape),
    ):
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


def _check_checkpoint(checkpoint, resume) -> None:
    if checkpoint is not None and not isinstance(checkpoint, (str, Path)):
        raise TypeError(f"checkpoint must be the path of a file, got {checkpoint!r}")
    if not isinstance(resume, bool):
        raise TypeError(f"resume must be True or False, got {resume!r}")
    if checkpoint is None and resume:
        raise ValueError("resume=True goes on from a file: pass checkpoint, its path")
    if checkpoint is not None and Path(checkpoint).is_dir():
        raise ValueError(f"checkpoint must name a file, but {checkpoint} is a folder")


def _named(function) -> str | None:
    """How a function is written down in a history."""
    if function is None:
        return None
    return getattr(function, "__name__", None) or without_addresses(repr(function))


def without_addresses(text: str) -> str:
    """A ``repr`` that is the same in the next process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _short(values: tuple) -> str:
    text = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
    return f"({text})"
