"""How long does an epoch of LeNet-5 on MNIST take, in this loop and in others?

    python -m benchmarks.epoch [--batch-size 128] [--images 60000]

The same model, batch size and optimizer (AdamW) everywhere. "compute alone" is the
limit: forward, backward and step on one batch that is already there, as often as an
epoch has steps, in the same layout and with the same memory settings as fit. The
others train on torchvision's MNIST as PyTorch's example prepares it.
"""

import contextlib
import logging
import os
import sys
import time
import warnings

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset

from benchmarks import measuring, mnist
from benchmarks.measuring import Turn
from cnnlib import data, models, runtime, training

LR = 0.003


def fit(root: str, images: int, batch_size: int, precision: str = "float32") -> Turn:
    train = data.load("mnist", root=root)[0][:images]
    model = models.LeNet5()

    def turn() -> float:
        return training.fit(
            model,
            train,
            epochs=1,
            batch_size=batch_size,
            lr=LR,
            precision=precision,
            progress=False,
        ).seconds

    return turn


def fit_in_16_bits(root: str, images: int, batch_size: int) -> Turn:
    return fit(root, images, batch_size, "bfloat16")


def compute(
    root: str, images: int, batch_size: int, precision: str = "float32"
) -> Turn:
    train = data.load("mnist", root=root)[0][:batch_size]
    device = runtime.device()
    runtime.reuse_freed_memory()
    model = models.LeNet5().to(device, memory_format=torch.channels_last)
    batch = data.normalize(train.images.to(device))
    labels = train.labels.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), LR, fused=True)
    cast = contextlib.nullcontext()
    if precision == "bfloat16":
        cast = torch.autocast(device.type, torch.bfloat16)
    full, rest = divmod(images, batch_size)

    def step(images, labels) -> None:
        with cast:
            loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def turn() -> float:
        start = time.perf_counter()
        for _ in range(full):
            step(batch, labels)
        if rest > 1:
            step(batch[:rest], labels[:rest])
        _finish(device)
        return time.perf_counter() - start

    return turn


def compute_in_16_bits(root: str, images: int, batch_size: int) -> Turn:
    return compute(root, images, batch_size, "bfloat16")


def example(root: str, images: int, batch_size: int, workers: int = 0) -> Turn:
    """The loop of github.com/pytorch/examples, mnist/main.py, in our words."""
    device = runtime.device()
    loader = _loader(root, images, batch_size, device, workers)
    model = models.LeNet5().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), LR)

    def turn() -> float:
        start = time.perf_counter()
        model.train()
        for i, (pixels, labels) in enumerate(loader):
            pixels, labels = pixels.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(pixels), labels)
            loss.backward()
            optimizer.step()
            if i % 10 == 0:
                print(f"{i}/{len(loader)} loss {loss.item():.6f}", file=_NOWHERE)
        _finish(device)
        return time.perf_counter() - start

    return turn


def example_with_workers(root: str, images: int, batch_size: int) -> Turn:
    return example(root, images, batch_size, workers=2)


def lightning(root: str, images: int, batch_size: int) -> Turn:
    import lightning
    from lightning.pytorch.callbacks import Callback

    device = runtime.device()
    loader = _loader(root, images, batch_size, device)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = models.LeNet5()

        def training_step(self, batch, index):
            pixels, labels = batch
            loss = F.cross_entropy(self.model(pixels), labels)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), LR)

    class Clock(Callback):
        def on_train_epoch_start(self, trainer, module):
            self.start = time.perf_counter()

        def on_train_epoch_end(self, trainer, module):
            _finish(device)
            self.seconds = time.perf_counter() - self.start

    module = Module()

    def turn() -> float:
        clock = Clock()
        lightning.Trainer(
            max_epochs=1,
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[clock],
        ).fit(module, loader)
        return clock.seconds

    return turn


def fastai(root: str, images: int, batch_size: int) -> Turn:
    dataset = _some(root, images)
    import fastai.callback.progress  # noqa: F401 - brings no_bar
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import Adam

    device = runtime.device()
    few = Subset(dataset, range(2))  # it wants something to validate on
    loaders = DataLoaders.from_dsets(
        dataset, few, bs=batch_size, num_workers=0, device=device
    )
    learner = Learner(loaders, models.LeNet5(), F.cross_entropy, opt_func=Adam, lr=LR)

    class Clock(Callback):
        def before_train(self):
            self.start = time.perf_counter()

        def after_train(self):
            _finish(device)
            self.seconds = time.perf_counter() - self.start

    def turn() -> float:
        clock = Clock()
        with learner.no_bar(), learner.no_logging():
            learner.fit(1, cbs=[clock])
        return clock.seconds

    return turn


def skorch(root: str, images: int, batch_size: int) -> Turn:
    from skorch import NeuralNetClassifier

    device = runtime.device()
    dataset = _some(root, images)
    net = NeuralNetClassifier(
        models.LeNet5,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=LR,
        batch_size=batch_size,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
        device=device.type,
        verbose=0,
    ).initialize()
    return lambda: measuring.seconds(net.partial_fit, dataset, None)


def _some(root: str, images: int) -> Subset:
    """The example's data set, or the first of its images."""
    dataset = mnist.example_dataset(root)
    return Subset(dataset, range(min(images, len(dataset))))


def _loader(root, images, batch_size, device, workers: int = 0) -> DataLoader:
    more = {"num_workers": workers, "persistent_workers": workers > 0}
    if device.type == "cuda":  # as the example does it there
        more = {"num_workers": 1, "persistent_workers": True, "pin_memory": True}
    if more["num_workers"] and sys.platform == "linux":  # a contestant would spawn
        more["multiprocessing_context"] = "fork"
    return DataLoader(_some(root, images), batch_size, shuffle=True, **more)


def _finish(device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


_NOWHERE = open(os.devnull, "w")  # noqa: SIM115 - as long as the process

CONTESTANTS = {
    "compute alone": compute,
    "cnnlib fit": fit,
    "compute alone, bfloat16": compute_in_16_bits,
    "cnnlib fit, bfloat16": fit_in_16_bits,
    "PyTorch's example": example,
    "PyTorch's example, 2 workers": example_with_workers,
    "Lightning": lightning,
    "fastai": fastai,
    "skorch": skorch,
}


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--images", type=int, default=60_000)
    options = parser.parse_args(arguments)
    images = 600 if options.tiny else options.images
    root, what = mnist.root(options.tiny)
    times, absent = measuring.take_turns(
        CONTESTANTS,
        1 if options.tiny else options.repeat,
        options.threads,
        root=root,
        images=images,
        batch_size=options.batch_size,
    )
    rows, values = [], {}
    for name, seconds in times.items():
        limit = measuring.ratio(seconds, times["compute alone"])
        ours = measuring.ratio(seconds, times["cnnlib fit"])
        middle = measuring.spread(seconds)
        values[name] = limit
        rows.append(
            [name, measuring.told(middle), measuring.told(limit), measuring.told(ours)]
        )
    notes = [
        f"{what}, {images:,} images in batches of {options.batch_size}, "
        f"{options.repeat} rounds."
    ]
    notes += [f"Not measured: {name} ({why})." for name, why in absent.items()]
    own = measuring.ratio(
        times["cnnlib fit, bfloat16"], times["compute alone, bfloat16"]
    )
    notes.append(f"fit over compute alone in bfloat16: {measuring.told(own)}.")
    table = {
        "title": "An epoch of LeNet-5",
        "columns": ["loop", "seconds", "× compute alone", "× fit"],
        "rows": rows,
        "notes": notes,
    }
    chart = {
        "kind": "bars",
        "title": "An epoch of LeNet-5 on MNIST, in multiples of its compute",
        "values": values,
        "unit": "×",
    }
    question = "How long does an epoch take, in this loop and in others?"
    measuring.write(
        "epoch", {"question": question, "tables": [table], "charts": [chart]}, options
    )


if __name__ == "__main__":
    main()
