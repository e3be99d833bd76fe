"""The training loop, on one page: what makes it fast is one line with its reason."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from cnnlib import runtime
from cnnlib.data import ImageSet

from .arguments import checked
from .evaluation import check_fits, device_of, evaluate
from .history import History
from .progress import Progress


def fit(
    model: nn.Module,
    train: ImageSet,
    test: ImageSet | None = None,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float | None = None,
    optimizer: str = "adamw",
    weight_decay: float | None = None,
    augment: Callable[[Tensor], Tensor] | None = None,
    device: torch.device | str | None = None,
    seed: int = 0,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    schedule: str = "one_cycle",
    precision: str = "float32",
    progress: bool = True,
) -> History:
    """Train ``model`` in place on ``train`` and return the course of the training.

    The model is left on ``device`` (``runtime.device()`` unless told), in evaluation
    mode, with ``model.classes`` set to the names of the classes.

    test:       measured after each epoch; never trained on
    lr:         the highest learning rate; 0.003 for "adamw", 0.05 for "sgd"
    optimizer:  "adamw" (Loshchilov and Hutter 2019, arXiv:1711.05101) or "sgd" with
                Nesterov momentum 0.9; ``weight_decay`` is 0.01 and 0.0005 unless told
    schedule:   "one_cycle" (Smith 2018, arXiv:1803.09820: up to ``lr``, then down to
                almost 0) or "constant"
    augment:    changes each training batch (float32 in [-1, 1]), as ``data.Augment``
    loss:       ``loss(logits (B, K), labels (B,))``, a mean; cross-entropy unless told
    precision:  "bfloat16" computes in 16 bits where autocast thinks it safe
    progress:   whether to show a line that moves

    An epoch trains on all images in a new order. Its last batch may be smaller, but a
    last batch of one image is left to other epochs: batch normalization cannot learn
    from a single image. ``seed`` decides order, augmentation and dropout: on the CPU
    the same weights, seed and number of threads give the same weights, bit for bit.
    torch's global generators of the CPU and the device used are put back afterwards.

    Raises TypeError or ValueError for arguments that do not make sense or do not fit
    together, before training; FloatingPointError when the loss is no longer finite.
    """
    settings = checked(model, train, test, locals())
    runtime.keep_memory()  # 0.66x the time of LeNet's step at batch 256 on Linux
    device = torch.device(runtime.device() if device is None else device)
    model.to(device)
    train = train.to(device)  # once, as uint8: the loop itself reads and moves nothing
    test = None if test is None else test.to(device)
    loss = F.cross_entropy if loss is None else loss
    sizes = _batch_sizes(len(train), batch_size)
    descent = _optimizer(model, settings, device)
    pace = _schedule(descent, settings, steps=epochs * len(sizes))
    cast = _autocast(precision, device)
    generator = torch.Generator(device).manual_seed(seed)
    history = History(type(model).__name__, train.name, len(train), settings)
    bar = Progress(history, epochs, len(sizes), shown=progress)
    with _seeded(seed, device), _channels_last(model, train), bar:
        for epoch in range(epochs):
            start = time.perf_counter()
            model.train()
            losses = torch.zeros(len(sizes), device=device)
            right = torch.zeros((), dtype=torch.int64, device=device)
            # Cut, normalized and augmented as whole batches, where the images are.
            batches = train.batches(
                batch_size, shuffle=True, generator=generator, augment=augment
            )
            for step, (images, labels) in zip(range(len(sizes)), batches, strict=False):
                with cast:
                    logits = model(images)
                    value = loss(logits, labels)
                descent.zero_grad()
                value.backward()
                descent.step()
                pace.step()
                # Kept as tensors: to ask for the numbers is to wait for the device.
                losses[step] = value.detach()
                right += (logits.argmax(1) == labels).sum()
                if bar.due():  # about once a second
                    bar.show(epoch, step, _finite(losses[step].item(), epoch, settings))
            history.losses += losses.tolist()
            mean = _finite(_mean(history.losses, sizes), epoch, settings)
            measured = evaluate(model, test, loss=loss) if test else None
            history.records.append(
                {
                    "epoch": epoch + 1,
                    "train_loss": mean,
                    "train_accuracy": right.item() / sum(sizes),
                    "test_loss": measured.loss if measured else None,
                    "test_accuracy": measured.accuracy if measured else None,
                    "seconds": time.perf_counter() - start,
                }
            )
            bar.epoch_done()
    model.classes = train.classes
    return history


def _batch_sizes(images: int, batch_size: int) -> list[int]:
    """How many images each step of an epoch trains on."""
    full, rest = divmod(images, batch_size)
    sizes = [batch_size] * full
    if rest > 1 or (rest and not sizes):
        sizes.append(rest)
    return sizes


def _mean(losses: list[float], sizes: list[int]) -> float:
    """The last epoch's loss an image, from its losses a batch."""
    epoch = losses[-len(sizes) :]
    return sum(x * n for x, n in zip(epoch, sizes, strict=True)) / sum(sizes)


def _finite(value: float, epoch: int, settings: dict) -> float:
    if math.isfinite(value):
        return value
    raise FloatingPointError(
        f"the loss became {value} in epoch {epoch + 1}, and such a training does not "
        f"recover: build the model anew and try a lower lr than {settings['lr']:g}"
    )


def _optimizer(model: nn.Module, settings: dict, device: torch.device):
    weights = [p for p in model.parameters() if p.requires_grad]
    options = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
    # All weights in one call: 0.96x the time of LeNet's step on a CPU.
    options["fused"] = device.type in ("cpu", "cuda")
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(weights, momentum=0.9, nesterov=True, **options)
    return torch.optim.AdamW(weights, **options)


def _schedule(descent: torch.optim.Optimizer, settings: dict, steps: int):
    if settings["schedule"] == "one_cycle":
        return OneCycleLR(
            descent, settings["lr"], total_steps=steps, cycle_momentum=False
        )
    return LambdaLR(descent, lambda step: 1.0)


def _autocast(precision: str, device: torch.device):
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Dropout draws from torch's global generator: seeded here, then put back."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def _channels_last(model: nn.Module, train: ImageSet) -> Iterator[None]:
    """Weights with their channels innermost, which a CPU's convolutions like better.

    The time of a step falls to 0.9x for LeNet, 0.8x and 0.74x for the small AlexNet
    and VGG at batch 128 (measured on 2 cores, medians of interleaved steps).

    A model whose forward cannot work so (``view`` of a feature map) is trained as it
    is. On leaving, the layout is the usual one and the model in evaluation mode.
    """
    check_fits(model, train)
    try:
        if device_of(model).type in ("cpu", "cuda"):
            model.to(memory_format=torch.channels_last)
            try:
                check_fits(model, train)
            except ValueError:
                model.to(memory_format=torch.contiguous_format)
        yield
    finally:
        model.to(memory_format=torch.contiguous_format).eval()
