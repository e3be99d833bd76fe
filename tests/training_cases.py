"""Small sets and networks that the tests of training share, also across processes."""

import torch
from torch import nn

from cnnlib import data, models, runtime, training


def bars(n: int, size: int = 12, seed: int = 0) -> data.ImageSet:
    """n gray images with noise and a bright bar: lying (class 0) or standing (1)."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(
        0, 120, (n, 1, size, size), generator=generator, dtype=torch.uint8
    )
    labels = torch.arange(n) % 2
    places = torch.randint(0, size, (n,), generator=generator)
    for image, label, place in zip(images, labels, places, strict=True):
        line = image[0, :, place] if label else image[0, place]
        line.fill_(255)
    return data.ImageSet(images, labels, ("lying", "standing"), "bars")


def small(seed: int = 0, **kw) -> nn.Module:
    """A LeNet5 for bars."""
    runtime.seed(seed)
    return models.LeNet5(num_classes=2, image_size=12, **kw)


def with_norm(seed: int = 0) -> nn.Module:
    """Batch normalization of single numbers, which fails on a batch of one."""
    runtime.seed(seed)
    layers = (nn.Flatten(), nn.Linear(144, 8), nn.BatchNorm1d(8), nn.ReLU())
    return nn.Sequential(*layers, nn.Dropout(0.5), nn.Linear(8, 2))


def convolved(seed: int = 0, momentum: float | None = 0.1) -> nn.Module:
    """Batch normalization of maps and of single numbers, and nothing random.

    No bias before it: it would have no gradient but rounding, which AdamW enlarges.
    """
    runtime.seed(seed)
    maps = (nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4, momentum=momentum))
    rest = (nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 8, bias=False))
    return nn.Sequential(*maps, *rest, nn.BatchNorm1d(8, affine=False), nn.Linear(8, 2))


def fit(model, train, test=None, **kw) -> training.History:
    return training.fit(model, train, test, **{"progress": False, "epochs": 1} | kw)


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks hold the same numbers, bit for bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def course(history: training.History) -> tuple:
    """What two equal trainings have in common: all but the time they took."""
    untimed = [{k: v for k, v in r.items() if k != "seconds"} for r in history.records]
    return history.model, history.data, history.settings, history.losses, untimed


def _training(build, train, test=None, **settings):
    """A function that builds a network, trains it and returns it with its history."""

    def train_it(**more):
        model = build()
        return model, fit(model, train(), test and test(), **settings | more)

    return train_it


def _bars(*args, **kw):
    return lambda: bars(*args, **kw)


# Trainings that must be the same on one process and on many.
TRAININGS = {
    "plain": _training(small, _bars(70), _bars(31, seed=1), epochs=2, batch_size=16),
    "augmented": _training(
        small,
        _bars(35),
        epochs=2,
        batch_size=16,
        augment=data.Augment(shift=1, rotate=5, erase=3),
    ),
    "normalized": _training(
        convolved, _bars(50), _bars(20), epochs=2, batch_size=16, lr=0.01
    ),
    "averaged": _training(
        lambda: convolved(momentum=None), _bars(34), _bars(9), batch_size=16
    ),
    "odd batches": _training(small, _bars(33), _bars(1), epochs=2, batch_size=15),
    "three for two": _training(  # three processes, two images in the last batch
        convolved, _bars(18), _bars(2), epochs=3, batch_size=8
    ),
    "one image": _training(
        small, _bars(1), epochs=3, batch_size=8, augment=data.Augment(shift=2)
    ),
}
