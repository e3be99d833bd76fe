"""The training loop, on one page: what makes it fast is one line with its reason."""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from cnnlib import runtime
from cnnlib.data import ImageSet

from .arguments import checked
from .checkpoint import Checkpoint, describe
from .conditions import autocast, channels_last, optimizer_of, schedule_of, seeded
from .evaluation import loss_of
from .feeding import batches, placed
from .history import History
from .joining import team
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
    checkpoint: str | Path | None = None,
    resume: bool = False,
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
    loss:       ``loss(logits (B, K), labels (B,))``, a mean; unless told,
                ``model.loss`` where the model brings one, else cross-entropy
    precision:  "bfloat16" computes in 16 bits where autocast thinks it safe; "auto"
                does so where the processor computes in 16 bits
    progress:   whether to show a line that moves
    checkpoint: a file that is written after each epoch, every five minutes, and before
                Ctrl-C or SIGTERM has its way; ``resume=True`` goes on from there, on
                the CPU bit for bit, or starts anew where there is no such file

    An epoch trains on all images in a new order. Its last batch may be smaller, but a
    last batch of one image is left to other epochs: batch normalization cannot learn
    from a single image. ``seed`` decides order, augmentation and dropout: on the CPU
    the same weights, seed and number of threads give the same weights, bit for bit.
    torch's global generators of the CPU and the device used are put back afterwards.

    Under torchrun, the processes train together: ``batch_size`` is the whole batch, of
    which each computes a part, and order, augmentation by ``data.Augment``, statistics
    of batch normalization, losses and accuracies are those of one process. Dropout and
    other functions for ``augment`` draw differently in each process.

    Raises TypeError or ValueError for arguments that do not make sense or do not fit
    together, before training; FloatingPointError when the loss is no longer finite.
    """
    crew = team(device)  # of one, unless torchrun started more
    device = crew.device
    settings = checked(model, train, test, locals())
    runtime.keep_memory()  # 0.66x the time of LeNet's step at batch 256 on Linux
    loss = loss_of(model, loss)
    plan = {}
    if checkpoint is not None or crew.size > 1:
        plan = describe(model, train, test, settings, device)
        crew.agree(plan)
    model.to(device)
    train = placed(train, device)  # once, as uint8: the loop reads and moves nothing
    test = None if test is None else placed(test, device)
    sizes = _batch_sizes(len(train), batch_size)
    descent = optimizer_of(model, settings, device)
    pace = schedule_of(descent, settings, steps=epochs * len(sizes))
    cast = autocast(settings["precision"], device)
    generator = torch.Generator(device).manual_seed(seed)
    history = History(type(model).__name__, train.name, len(train), settings)
    parts = {"model": model, "optimizer": descent, "schedule": pace}
    keep = Checkpoint(checkpoint, resume, crew, plan, parts, generator, history)
    shown = progress and crew.first
    with (
        seeded(seed, device),
        channels_last(model, train, augment),
        keep as at,
        crew.joined(model) as network,
        Progress(history, epochs, len(sizes), shown, at.epoch, at.step) as bar,
    ):
        while at.epoch < epochs:
            at.begin(lambda: train.order(generator), len(sizes), device)
            network.train()
            # Cut, normalized and augmented as whole batches, where the images are.
            feed = batches(train, at, sizes, generator, augment, crew)
            for images, labels in feed:
                with cast:
                    logits = network(images)
                    part = crew.part_of_loss(loss, logits, labels, sizes[at.step])
                descent.zero_grad()
                crew.backward(part)
                descent.step()
                pace.step()
                # Kept as tensors: to ask for the numbers is to wait for the device.
                tally = at.tally[at.step]
                tally[0], tally[1] = part.detach(), (logits.argmax(1) == labels).sum()
                crew.add_up(tally)
                if bar.due():  # about once a second
                    value = _finite(tally[0].item(), at.epoch, settings)
                    bar.show(at.epoch, at.step, value)
                at.step += 1
                keep.step_done()
            losses, right = zip(*at.tally.tolist(), strict=True)
            mean = sum(x * n for x, n in zip(losses, sizes, strict=True)) / sum(sizes)
            history.losses += losses
            test_loss, test_accuracy = crew.measure(model, test, loss)
            history.records.append(
                {
                    "epoch": at.epoch + 1,
                    "train_loss": _finite(mean, at.epoch, settings),
                    "train_accuracy": sum(right) / sum(sizes),
                    "test_loss": test_loss,
                    "test_accuracy": test_accuracy,
                    "seconds": at.stop(),
                }
            )
            at.end()
            bar.epoch_done()
            keep.epoch_done()
    model.classes = train.classes
    return history


def _batch_sizes(images: int, batch_size: int) -> list[int]:
    """How many images each step of an epoch trains on."""
    full, rest = divmod(images, batch_size)
    sizes = [batch_size] * full
    if rest > 1 or (rest and not sizes):
        sizes.append(rest)
    return sizes


def _finite(value: float, epoch: int, settings: dict) -> float:
    if math.isfinite(value):
        return value
    raise FloatingPointError(
        f"the loss became {value} in epoch {epoch + 1}, and such a training does not "
        f"recover: build the model anew and try a lower lr than {settings['lr']:g}"
    )
