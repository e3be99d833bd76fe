"""The settings of a training, checked before anything is computed."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

OPTIMIZERS = {  # the defaults of each
    "adamw": {"lr": 0.003, "weight_decay": 0.01},
    "sgd": {"lr": 0.05, "weight_decay": 5e-4},
}
SCHEDULES = ("one_cycle", "constant")
PRECISIONS = ("float32", "bfloat16", "auto")


@dataclass
class Settings:
    """The arguments of ``fit`` that decide the course of a training.

    Defaults that depend on others (the learning rate on the optimizer) are filled in,
    and "auto" becomes the precision that it means on ``device``. Raises TypeError or
    ValueError, naming the argument, for values that make no sense.
    """

    epochs: int
    batch_size: int
    optimizer: str | Optimizer
    lr: float | None
    weight_decay: float | None
    schedule: str | None
    scheduler: LRScheduler | None
    augment: Callable | None
    loss: Callable
    precision: str
    seed: int
    device: torch.device

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            _check_integer(name, getattr(self, name), least)
        if self.augment is not None and not callable(self.augment):
            raise TypeError(
                f"expected augment to be a function or None, but got {self.augment!r}"
            )
        _check_choice("precision", self.precision, PRECISIONS)
        if self.precision == "auto":
            fast = computes_in_bfloat16(self.device)
            self.precision = "bfloat16" if fast else "float32"
        if isinstance(self.optimizer, Optimizer):
            self._check_own_optimizer()
        else:
            self._check_named_optimizer()

    def _check_named_optimizer(self):
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.scheduler is not None:
            raise ValueError(
                "expected scheduler together with a torch optimizer of your own, but "
                f"got it with {self.optimizer!r}: use schedule= instead"
            )
        if self.schedule is None:
            self.schedule = "one_cycle"
        _check_choice("schedule", self.schedule, SCHEDULES)
        for name, default in OPTIMIZERS[self.optimizer].items():
            if getattr(self, name) is None:
                setattr(self, name, default)
            _check_number(name, getattr(self, name), above_zero=name == "lr")

    def _check_own_optimizer(self):
        for name in ("lr", "weight_decay", "schedule"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"expected no {name} with a torch optimizer of your own, which has "
                    f"its own, but got {getattr(self, name)!r}"
                )
        if self.scheduler is not None and not isinstance(self.scheduler, LRScheduler):
            raise TypeError(
                "expected scheduler to be one of torch.optim.lr_scheduler, which is "
                f"stepped after each batch, but got {self.scheduler!r}"
            )

    def build_optimizer(
        self, model: nn.Module, steps: int
    ) -> tuple[Optimizer, LRScheduler]:
        """The optimizer of the model's weights, and its scheduler over ``steps``."""
        if isinstance(self.optimizer, Optimizer):
            return self.optimizer, self.scheduler or _constant(self.optimizer)
        weights = [p for p in model.parameters() if p.requires_grad]
        options = {"lr": self.lr, "weight_decay": self.weight_decay}
        # All weights in one call: 0.96 times the time of LeNet's step on a CPU.
        options["fused"] = self.device.type in ("cpu", "cuda")
        if self.optimizer == "sgd":
            optimizer = SGD(weights, momentum=0.9, nesterov=True, **options)
        else:
            optimizer = AdamW(weights, **options)
        if self.schedule == "constant":
            return optimizer, _constant(optimizer)
        scheduler = OneCycleLR(
            optimizer, self.lr, total_steps=steps, cycle_momentum=False
        )
        return optimizer, scheduler

    def autocast(self):
        """The context in which the forward pass and the loss are computed."""
        wanted = self.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=wanted)

    def to_dict(self) -> dict:
        """The settings as numbers and strings, as ``History`` and checkpoints keep."""
        names = ("epochs", "batch_size", "lr", "weight_decay", "precision", "seed")
        values = {name: getattr(self, name) for name in names}
        for name in ("optimizer", "schedule", "scheduler", "augment", "loss"):
            values[name] = _name_of(getattr(self, name))
        return values


def _constant(optimizer: Optimizer) -> LRScheduler:
    return LambdaLR(optimizer, lambda step: 1.0)


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies 16-bit numbers itself, and so faster."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # since Ampere
    if device.type == "cpu":
        names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, name, bool)() for name in names)
    return False


def _name_of(value) -> str | None:
    """The name by which a setting is recorded."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Optimizer | LRScheduler):
        return type(value).__name__
    name = getattr(value, "__name__", None) or repr(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", name)  # differs in the next process


def _check_choice(name: str, value, known) -> None:
    if not isinstance(value, str) or value not in known:
        choices = ", ".join(map(repr, known))
        raise ValueError(f"expected {name} to be one of {choices}, but got {value!r}")


def _check_integer(name: str, value, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected {name} to be an int, but got {value!r}")
    if value < least:
        raise ValueError(f"expected {name} to be at least {least}, but got {value}")


def _check_number(name: str, value, above_zero: bool) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected {name} to be a number, but got {value!r}")
    if not math.isfinite(value) or value < 0 or (above_zero and value == 0):
        least = "above 0" if above_zero else "0 or more"
        raise ValueError(f"expected {name} to be {least}, but got {value}")
