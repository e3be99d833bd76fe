"""A trained network in a file: its weights, and what it takes to build it again."""

import io
import os
from pathlib import Path

import torch
from torch import nn

from cnnlib import models, runtime

FORMAT = "cnnlib model 1"


def save(model: nn.Module, path: str | Path, classes=None) -> Path:
    """Write ``model`` to ``path``; return the path.

    The file holds the name of the model's class, the arguments that built it
    (``model.config``), its state dict and the names of its classes (``classes``,
    else ``model.classes``, which ``fit`` sets). It appears complete or not at all.
    Raises ValueError for a model that is not one of ``cnnlib.models``.
    """
    name, path = type(model).__name__, Path(path)
    if not isinstance(model, _known(name)):
        raise ValueError(
            f"model must be one of cnnlib.models, got {name}: for a network of your "
            "own, torch.save(model.state_dict(), path) keeps the weights"
        )
    if path.is_dir():
        raise ValueError(f"path must name a file, but {path} is a folder")
    classes = getattr(model, "classes", None) if classes is None else classes
    content = {
        "format": FORMAT,
        "model": name,
        "config": dict(model.config),
        "state_dict": model.state_dict(),
        "classes": None if classes is None else list(classes),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(content, path)
    return path


def load(path: str | Path, device: torch.device | str | None = None) -> nn.Module:
    """Return the model that ``save`` wrote, ready for use (evaluation mode).

    On ``device``, else on ``runtime.device()``; ``model.classes`` are the names of its
    classes, or None. Only weights are read: no code in the file is run. Raises
    FileNotFoundError if there is no such file, ValueError if it is not a model of ours.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    content = read(path, FORMAT, "a model file of training.save")
    name, config = content["model"], content["config"]
    try:
        with torch.random.fork_rng(
            devices=[]
        ):  # building draws weights, to be replaced
            model = _known(name)(**config)
        model.load_state_dict(content["state_dict"])
    except (TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} holds a model {name!r} that this version of cnnlib cannot "
            f"build: {reason[:300]}"
        ) from error
    model.classes = tuple(content["classes"]) if content["classes"] else None
    return model.to(runtime.device() if device is None else device).eval()


def read(path: Path, format: str, kind: str, packed: bytes | None = None) -> dict:
    """The dict in a file of ours (or in ``packed``, its bytes); no code in it is run.

    ValueError if it is something else than ``kind``, which ``format`` marks.
    """
    source = path if packed is None else io.BytesIO(packed)
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle and torch each have their own
        raise ValueError(
            f"{path} is not {kind}, or it is damaged ({type(error).__name__})"
        ) from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != format:
        what = f"its format is {found!r}" if found else "it holds something else"
        raise ValueError(f"{path} is not {kind}: {what}, not {format!r}")
    return content


def _known(name: str) -> type[nn.Module]:
    """The class of that name in ``cnnlib.models``; one that nothing is, if none."""
    found = getattr(models, name, None) if name in models.__all__ else None
    if isinstance(found, type) and issubclass(found, models.Network):
        return found
    return _Unknown


class _Unknown(nn.Module):
    def __init__(self, **config):
        raise ValueError("cnnlib.models has no network of that name")


def write_atomically(content, path: Path) -> None:
    """``torch.save`` under another name in the same folder, then renamed."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
