"""A training in a file: written so that nothing is lost, read so that it goes on."""

import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from cnnlib.data import ImageSet

from .arguments import without_addresses
from .files import read, write_atomically
from .history import History
from .signals import Signals

FORMAT = "cnnlib checkpoint 1"
EVERY = 300.0  # seconds: what a long epoch loses at most


@dataclass
class Position:
    """Where a training stands between two steps.

    epoch, step: what comes next, both from 0
    order:       (N,) int64, the images of this epoch in turn; None between epochs
    tally:       (steps, 2): each step's loss and how many images were right
    seconds:     how long this epoch took, up to the last ``stop``
    """

    epoch: int = 0
    step: int = 0
    order: Tensor | None = None
    tally: Tensor | None = None
    seconds: float = 0.0
    started: float = field(default=0.0, repr=False)

    def begin(self, order, steps: int, device: torch.device) -> None:
        """Start the epoch, or go on with it; ``order()`` draws a new order."""
        self.started = time.perf_counter() - self.seconds
        if self.order is None:
            self.order, self.tally = order(), torch.zeros(steps, 2, device=device)

    def stop(self) -> float:
        """How many seconds the epoch has taken."""
        self.seconds = time.perf_counter() - self.started
        return self.seconds

    def end(self) -> None:
        """The epoch is over."""
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0
        self.order = self.tally = None

    def state_dict(self) -> dict:
        return {k: v for k, v in vars(self).items() if k != "started"}

    def load_state_dict(self, state: dict, device: torch.device) -> None:
        vars(self).update(state)
        if self.tally is not None:
            self.tally = self.tally.to(device)


class Checkpoint:
    """Keeps a training in the file ``path``; with ``path=None``, does nothing.

    As a context: on entering, takes up what an earlier run left, if ``resume`` says so.
    While it lasts, SIGINT and SIGTERM are kept waiting until the step is over and the
    file is written. Of many processes the first one writes.

    ``parts`` have a ``state_dict``: the model, the optimizer, the schedule.
    """

    def __init__(self, path, resume, team, training, parts, generator, history):
        self.path = None if path is None else Path(path)
        self.resume, self.team, self.training = resume, team, training
        self.parts, self.generator, self.history = parts, generator, history
        self.at, self.written = Position(), time.monotonic()
        self.signals = Signals(patience=0.0 if team.first else 5.0)

    def __enter__(self) -> Position:
        if self.path is not None:
            if self.team.first:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                for killed in self.path.parent.glob(f".{self.path.name}.*.tmp"):
                    killed.unlink(missing_ok=True)
            if self.resume:
                self._read()
            self.signals.hold()
        return self.at

    def __exit__(self, kind, error, trace) -> None:
        self.signals.release()

    def step_done(self) -> None:
        """Write if it is long ago, or if a signal wants this process to end."""
        if self.path is None:
            return
        if self.signals.waiting:
            self._write()
            self.signals.deliver()
        elif time.monotonic() - self.written > EVERY:
            self._write()

    def epoch_done(self) -> None:
        """Write, and let a signal that came meanwhile have its way."""
        if self.path is None:
            return
        self._write()
        if self.signals.waiting:
            self.signals.deliver()

    def _write(self) -> None:
        self.written = time.monotonic()
        if not self.team.first:
            return
        if self.at.order is not None:
            self.at.stop()
        content = {name: part.state_dict() for name, part in self.parts.items()}
        content |= {
            "format": FORMAT,
            "training": self.training,
            "random": _random_states(self.team.device, self.generator),
            "position": self.at.state_dict(),
            "history": self.history.to_dict(),
        }
        write_atomically(content, self.path)

    def _read(self) -> None:
        """Take up the training in the file; a file that is not there is none."""
        here = self.team.first and self.path.is_file()
        packed = self.team.tell(self.path.read_bytes() if here else None)
        if packed is None:
            return
        content = read(self.path, FORMAT, "a checkpoint of training.fit", packed)
        _compare(self.path, content["training"], self.training)
        for name, part in self.parts.items():
            part.load_state_dict(content[name])
        _restore_random(content["random"], self.team.device, self.generator)
        self.at.load_state_dict(content["position"], self.team.device)
        vars(self.history).update(vars(History.from_dict(content["history"])))


def describe(
    model: nn.Module,
    train: ImageSet,
    test: ImageSet | None,
    settings: dict,
    device: torch.device,
) -> dict:
    """What makes a training this one and no other, as texts and numbers to compare."""
    weights = [
        (name, tuple(t.shape), t.requires_grad)
        for name, t in (*model.named_parameters(), *model.named_buffers())
    ]
    plan = without_addresses(f"{model!r} {weights}").encode()
    count = sum(p.numel() for p in model.parameters())
    return {
        "model": f"{type(model).__name__} ({count:,} weights, {zlib.crc32(plan):08x})",
        "train": _describe_set(train),
        "test": None if test is None else _describe_set(test),
        "device": device.type,
        **settings,
    }


def _describe_set(data: ImageSet) -> str:
    """Name, size, and a sum over the labels and about a hundred of the images."""
    some = data.images[:: max(1, len(data) // 100)].cpu().contiguous()
    seen = zlib.crc32(data.labels.cpu().contiguous().numpy())
    seen = zlib.crc32(some.numpy(), zlib.crc32(repr(data.classes).encode(), seen))
    shape = "x".join(map(str, data.image_shape))
    return f"{data.name!r} ({len(data):,} images of {shape}, {seen:08x})"


def _compare(path: Path, there: dict, here: dict) -> None:
    different = [
        f"{name} is {there.get(name)} there and {here.get(name)} here"
        for name in (*here, *(n for n in there if n not in here))
        if there.get(name) != here.get(name)
    ]
    if different:
        raise ValueError(
            f"the checkpoint {path} is of another training, which cannot go on as this "
            f"one: {'; '.join(different)}. Pass what it was made with, or another file"
        )


def _random_states(device: torch.device, generator: torch.Generator) -> dict:
    states = {"cpu": torch.get_rng_state(), "batches": generator.get_state()}
    if device.type == "cuda":
        states["device"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["device"] = torch.mps.get_rng_state()
    return states


def _restore_random(states: dict, device: torch.device, generator) -> None:
    torch.set_rng_state(states["cpu"])
    generator.set_state(states["batches"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["device"], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states["device"])
