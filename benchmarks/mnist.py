"""MNIST for the benchmarks, as cnnlib and as torchvision read it."""

import struct
import tempfile
from pathlib import Path

import numpy as np

from cnnlib import data

_FILES = {"train": (60_000, "train"), "test": (10_000, "t10k")}


def root(tiny: bool = False) -> tuple[str, str]:
    """A folder that holds MNIST/raw, and what to call its content.

    MNIST where it is at hand; else, and for a tiny run, noise in MNIST's format, which
    takes as long to compute with.
    """
    found = {row[0]: row[1] for row in data.available()}["mnist"]
    if found and not tiny:
        return str(Path(found).parents[1]), "MNIST"
    folder = Path(tempfile.mkdtemp(prefix="cnnlib-noise-"))
    noise(folder, parts=100 if tiny else 1)
    return str(folder), "noise in MNIST's format"


def noise(folder: Path, parts: int) -> None:
    """Write a ``parts``-th of MNIST's number of images, all noise."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for count, prefix in _FILES.values():
        shape = (count // parts, 28, 28)
        images = random.integers(0, 256, shape, dtype=np.uint8)
        labels = random.integers(0, 10, shape[:1], dtype=np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            path = raw / f"{prefix}-{name}-ubyte"
            path.write_bytes(header + array.tobytes())


def example_dataset(root: str, train: bool = True):
    """The data set of PyTorch's MNIST example: decoded and normalized one by one."""
    from torchvision import datasets, transforms

    scale = transforms.Normalize((0.1307,), (0.3081,))
    change = transforms.Compose([transforms.ToTensor(), scale])
    return datasets.MNIST(root, train=train, transform=change)
