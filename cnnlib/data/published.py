"""The published sets as they lie in a folder: recognized, read and checked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .folders import load_split
from .formats import read_cifar_batch, read_idx
from .imageset import ImageSet
from .listing import class_files
from .sources import CIFAR10, FASHION_MNIST, MNIST, Source, find_file

__all__ = ["PUBLISHED", "find", "read"]

Sets = tuple[ImageSet, ImageSet]

GARMENTS = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
OBJECTS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
PETS = ("cat", "dog")


@dataclass(frozen=True)
class Published:
    """A data set that has to be found: its files, its classes, and its stand-in."""

    source: Source
    classes: tuple[str, ...]
    stand_in: str
    description: str
    folders: tuple[str, ...] = ()  # image folders that hold it as well


PUBLISHED = {
    "mnist": Published(
        MNIST,
        tuple("0123456789"),
        "digits",
        "70,000 handwritten digits (LeCun, Cortes and Burges)",
    ),
    "fashion_mnist": Published(
        FASHION_MNIST,
        GARMENTS,
        "digits",
        "70,000 garments (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)",
    ),
    "cifar10": Published(
        CIFAR10,
        OBJECTS,
        "drawn_pets",
        "60,000 small photographs in ten classes (Krizhevsky 2009)",
        ("cifar10",),
    ),
    "cats_vs_dogs": Published(
        CIFAR10,
        PETS,
        "drawn_pets",
        "the 12,000 cats and dogs of CIFAR-10",
        ("cats_vs_dogs", "cifar10"),
    ),
}


def find(name: str, place: Path) -> Path | None:
    """The folder below ``place`` that holds the set, if one does."""
    published = PUBLISHED[name]
    for folder in published.folders:
        if all((place / folder / part).is_dir() for part in ("train", "test")):
            return place / folder
    if not published.source.missing(place):
        return place / published.source.folder
    return None


def read(name: str, folder: Path, size: int | None) -> Sets:
    """Train and test sets from the folder that ``find`` gave.

    ``size`` applies to image folders only. Raises ValueError for damaged files.
    """
    published = PUBLISHED[name]
    if folder.name in published.folders:
        return _read_folder(name, folder, published.classes, size)
    if published.source is CIFAR10:
        parts = (CIFAR10.makes[:5], CIFAR10.makes[5:6])
        return tuple(_read_cifar(name, folder, part) for part in parts)
    return tuple(_read_idx(name, folder, part) for part in ("train", "t10k"))


def _read_folder(name, folder, classes, size) -> Sets:
    parts = []
    for part in ("train", "test"):
        files = class_files(folder / part, least=1, only=classes)
        absent = [c for c in classes if c not in files]
        if absent:
            raise ValueError(f"{folder / part} has no class folder {absent[0]!r}.")
        parts.append(files)
    return load_split(*parts, folder, name, size)


def _read_idx(name: str, folder: Path, part: str) -> ImageSet:
    files = [
        find_file(folder / f"{part}-{what}-ubyte")
        for what in ("images-idx3", "labels-idx1")
    ]
    images, labels = read_idx(files[0], ndim=3), read_idx(files[1], ndim=1)
    if len(images) != len(labels):
        raise ValueError(
            f"{files[0]} has {len(images):,} images, but {files[1].name} has "
            f"{len(labels):,} labels."
        )
    classes = PUBLISHED[name].classes
    _check_labels(labels, len(classes), files[1])
    images = torch.from_numpy(images)[:, None]
    return ImageSet(images, torch.from_numpy(labels).to(torch.int64), classes, name)


def _read_cifar(name: str, folder: Path, part: tuple[str, ...]) -> ImageSet:
    images, labels = [], []
    for file in part:
        batch = read_cifar_batch(find_file(folder / file))
        _check_labels(batch[1], len(OBJECTS), folder / file)
        images.append(batch[0])
        labels.append(batch[1])
    images, labels = np.concatenate(images), np.concatenate(labels)
    classes = PUBLISHED[name].classes
    if classes != OBJECTS:
        wanted = [OBJECTS.index(c) for c in classes]
        chosen = np.isin(labels, wanted)
        images = images[chosen]
        labels = np.searchsorted(wanted, labels[chosen])
    return ImageSet(torch.from_numpy(images), torch.from_numpy(labels), classes, name)


def _check_labels(labels: np.ndarray, classes: int, file: Path) -> None:
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"{file} is damaged: labels must be in 0..{classes - 1}, "
            f"not {labels.min()}..{labels.max()}."
        )
