"""Models and unfinished trainings in files, which appear complete or not at all."""

import io
import os
import time
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from cnnlib import models, runtime

from .history import History
from .processes import Processes

MODEL, TRAINING = "cnnlib model 1", "cnnlib checkpoint 2"
INTERVAL = 300.0  # seconds between two checkpoints within an epoch


def save(model: nn.Module, path: str | Path, classes=None) -> Path:
    """Write ``model``, one of ``cnnlib.models``, to ``path`` and return the path.

    The file holds the name of the model's class, the arguments that built it
    (``model.config``), its state dict and the names of its classes: ``classes``, by
    default ``model.classes``, which ``fit`` sets. Raises ValueError for another model,
    for a number of classes that is not the model's, and if ``path`` is a folder.
    """
    name, path = type(model).__name__, Path(path)
    if _network_class(name) is not type(model) or model.config is None:
        raise ValueError(
            f"expected model to be one of cnnlib.models, but got {name}: "
            "for a network of your own, or one that with_batch_norm has changed, "
            "torch.save(model.state_dict(), path) keeps the weights"
        )
    if path.is_dir():
        raise ValueError(f"expected path to name a file, but {path} is a folder")
    classes = getattr(model, "classes", None) if classes is None else classes
    content = {
        "format": MODEL,
        "model": name,
        "config": dict(model.config),
        "state_dict": model.state_dict(),
        "classes": _checked_classes(classes, model),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(content, path)
    return path


def load(path: str | Path, device: torch.device | str | None = None) -> nn.Module:
    """Return the model that ``save`` wrote, in evaluation mode.

    It is on ``device``, by default ``runtime.device()``; ``model.classes`` are the
    names of its classes, or None. Nothing in the file is executed. Raises
    FileNotFoundError if there is no such file, ValueError if it is damaged or does not
    hold a model of ``cnnlib.models``.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    content = _read(path, MODEL, "a model file of training.save")
    try:
        name = content["model"]
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn
            model = _network_class(name)(**content["config"])
        model.load_state_dict(content["state_dict"])
        model.classes = _checked_classes(content["classes"], model)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(
            f"{path} holds a model that this version of cnnlib cannot build: "
            f"{reason[:300]}"
        ) from error
    return model.to(runtime.device(device)).eval()


def _checked_classes(classes, model: nn.Module) -> tuple[str, ...] | None:
    if classes is None:
        return None
    if isinstance(classes, str) or len(classes) != model.num_classes:
        raise ValueError(
            f"expected classes to be {model.num_classes} names, one for each output of "
            f"{type(model).__name__}, but got {classes!r}"
        )
    return tuple(map(str, classes))


def _network_class(name: str) -> type[nn.Module] | None:
    """The network of that name in ``cnnlib.models``, if there is one."""
    found = getattr(models, name, None) if name in models.__all__ else None
    is_network = isinstance(found, type) and issubclass(found, models.Network)
    return found if is_network else None


class Checkpoint:
    """An unfinished training in the file ``path``; with ``path=None``, nowhere.

    The file is a dictionary: the state dicts of the model, the optimizer and the
    scheduler, the epoch and step that come next, and what was measured so far. Of
    several processes the first one writes and reads.
    """

    def __init__(self, path, processes: Processes, parts: dict, history: History):
        self.path = None if path is None else Path(path)
        self.processes, self.parts, self.history = processes, parts, history
        self.written = time.monotonic()

    def due(self) -> bool:
        """Whether the last checkpoint is more than five minutes old."""
        return self.path is not None and time.monotonic() - self.written > INTERVAL

    def save(self, epoch: int, step: int, measured: Tensor | None = None) -> None:
        """Write the training; ``epoch`` and ``step`` are those to go on with."""
        self.written = time.monotonic()
        if self.path is None or not self.processes.first:
            return
        content = {name: part.state_dict() for name, part in self.parts.items()}
        content |= {"epoch": epoch, "step": step, "measured": measured}
        content |= {"format": TRAINING, "history": self.history.to_dict()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _write(content, self.path)

    def load(self) -> tuple[int, int, Tensor | None]:
        """Restore the training; return the epoch, the step and what it measured.

        Without a file the training starts at the beginning. Raises ValueError if the
        file is damaged or of another training.
        """
        here = self.path.is_file() if self.processes.first else False
        packed = self.processes.broadcast(self.path.read_bytes() if here else None)
        if packed is None:
            return 0, 0, None
        content = _read(self.path, TRAINING, "a checkpoint of training.fit", packed)
        try:
            history = History(**content["history"])
            self._check_same_training(history)
            for name, part in self.parts.items():
                part.load_state_dict(content[name])
            vars(self.history).update(vars(history))
            measured = content["measured"]
            if measured is not None:
                measured = measured.to(self.processes.device)
            return content["epoch"], content["step"], measured
        except (KeyError, TypeError, RuntimeError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise ValueError(
                f"the checkpoint {self.path} does not fit this training: {reason[:300]}"
            ) from error

    def _check_same_training(self, there: History) -> None:
        """Raise ValueError unless the file's training has this one's settings."""
        kinds = ("model", "data", "images")
        saved, ours = (
            {kind: getattr(h, kind) for kind in kinds} | h.settings
            for h in (there, self.history)
        )
        different = [
            f"{name} is {saved.get(name)} there and {value} here"
            for name, value in ours.items()
            if saved.get(name) != value
        ]
        if different:
            raise ValueError(
                f"the checkpoint {self.path} is of another training: "
                f"{'; '.join(different)}. Pass the settings that it was made with, or "
                "the path of another file"
            )


def _read(path: Path, format: str, kind: str, packed: bytes | None = None) -> dict:
    """The dictionary in a file, or in its bytes ``packed``; nothing is executed.

    Raises ValueError if it is not ``kind``, which ``format`` marks.
    """
    source = path if packed is None else io.BytesIO(packed)
    try:
        with zipfile.ZipFile(source) as parts:  # torch does not look at the checksums
            if bad := parts.testzip():
                raise ValueError(f"the checksum of {bad} is wrong")
        if packed is not None:
            source.seek(0)
        content = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # zipfile, pickle and torch each raise their own
        raise ValueError(
            f"{path} is not {kind}, or it is damaged ({type(error).__name__})"
        ) from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != format:
        what = f"its format is {found!r}" if found else "it holds something else"
        raise ValueError(f"{path} is not {kind}: {what}, not {format!r}")
    return content


def _write(content: dict, path: Path) -> None:
    """``torch.save`` under another name in the same folder, then rename."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
