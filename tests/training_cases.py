"""Small sets and networks that the tests of training share, also across processes."""

import os
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cnnlib import data, models, training

# For the processes that tests start: this folder and the repository.
PYTHONPATH = os.pathsep.join(str(p) for p in Path(__file__).resolve().parents[:2])


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
    torch.manual_seed(seed)
    return models.LeNet5(num_classes=2, image_size=12, **kw)


def with_norm(seed: int = 0) -> nn.Module:
    """Dropout, and batch normalization of single numbers, which needs two images."""
    torch.manual_seed(seed)
    layers = (nn.Flatten(), nn.Linear(144, 8), nn.BatchNorm1d(8), nn.ReLU())
    return nn.Sequential(*layers, nn.Dropout(0.5), nn.Linear(8, 2))


def convolved(seed: int = 0, momentum: float | None = 0.1) -> nn.Module:
    """Batch normalization of maps and of single numbers, and nothing random.

    No bias before it: its gradient would be nothing but rounding, which AdamW enlarges.
    """
    torch.manual_seed(seed)
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


def weighted_loss(logits, labels):
    """A mean over the weights of the labels, not over the images."""
    weight = torch.tensor([0.2, 3.0])
    return nn.functional.cross_entropy(logits, labels, weight=weight)


def _training(build, train, test=None, **settings):
    """A function that builds a network, trains it and returns it with its history."""

    def train_it():
        model = build()
        return model, fit(model, train(), test and test(), **settings)

    return train_it


def _bars(*args, **kw):
    return lambda: bars(*args, **kw)


def _loader():
    train = bars(35)
    tensors = TensorDataset(train.images, train.labels)
    return DataLoader(tensors, batch_size=16, shuffle=True)


# Trainings that must be the same on one process and on several.
TRAININGS = {
    "plain": _training(small, _bars(70), _bars(31, seed=1), epochs=2, batch_size=16),
    "augmented": _training(
        small,
        _bars(35),
        epochs=2,
        batch_size=16,
        augment=data.Augment(shift=1, rotate=5, erase=3),
    ),
    "weighted": _training(
        small, _bars(33), _bars(7), batch_size=16, loss=weighted_loss
    ),
    "from a loader": _training(small, _loader, _loader, epochs=2),
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
