"""The one door to every data set: look, download, or fall back, and say so."""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .digits import load_digits
from .download import DownloadError, fetch
from .folders import class_files, load_folder, load_split
from .formats import read_cifar_batch, read_idx
from .imageset import ImageSet
from .pets import load_drawn_pets
from .pictures import check_size
from .places import landing_place, offline, search_places
from .sources import CIFAR10, FASHION_MNIST, MNIST, Source, find_file

__all__ = ["NAMES", "available", "load"]

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
class _Published:
    """A data set that has to be found: its files, its classes, and its stand-in."""

    source: Source
    classes: tuple[str, ...]
    stand_in: str
    folders: tuple[str, ...] = ()  # image folders that hold it as well


_PUBLISHED = {
    "mnist": _Published(MNIST, tuple("0123456789"), "digits"),
    "fashion_mnist": _Published(FASHION_MNIST, GARMENTS, "digits"),
    "cifar10": _Published(CIFAR10, OBJECTS, "drawn_pets", ("cifar10",)),
    "cats_vs_dogs": _Published(
        CIFAR10, PETS, "drawn_pets", ("cats_vs_dogs", "cifar10")
    ),
}
_SHIPPED: dict[str, tuple[Callable[[int | None], Sets], str]] = {
    "digits": (
        lambda size: load_digits(),
        "scikit-learn's 1,797 real handwritten digits",
    ),
    "drawn_pets": (load_drawn_pets, "cats and dogs drawn by the lecture's generator"),
}
NAMES = (*_PUBLISHED, *_SHIPPED)


def load(
    name: str | os.PathLike,
    *,
    size: int | None = None,
    root: str | os.PathLike | None = None,
    download: bool = True,
    fallback: bool = True,
) -> Sets:
    """The train and the test set by name, or from a folder of images.

    name: mnist, fashion_mnist, cifar10, cats_vs_dogs (CIFAR-10's two classes), digits,
        drawn_pets; or the path of a folder with ``train/<class>/*`` and
        ``test/<class>/*``, or just ``<class>/*``
    size: bring every image to size × size pixels
    root: look only in this folder (and download to it)
    download, fallback: what may be done if the set is not at hand

    Looks in the folder that CNNLIB_DATA names, in the repository's ``data/``, in the
    user's cache; then downloads, unless CNNLIB_OFFLINE=1; then falls back, saying so
    in one line: to ``digits`` for mnist and fashion_mnist, to ``drawn_pets`` for
    cifar10 and cats_vs_dogs. The sets' ``name`` says what they are.

    Raises ValueError for an unknown name or damaged files, FileNotFoundError for a
    folder that does not exist, and for a set not at hand if ``fallback=False``.
    """
    if size is not None:
        check_size(size)
    if not isinstance(name, (str, os.PathLike)):
        raise TypeError(f"name must be a string or a path, not {name!r}.")
    if name in _SHIPPED:
        return _sized(_SHIPPED[name][0](size), size)
    if name in _PUBLISHED:
        return _sized(_load_published(name, size, root, download, fallback), size)
    return load_folder(_as_folder(name), size)


def _as_folder(name: str | os.PathLike) -> Path:
    path = Path(name).expanduser()
    looks_like_a_path = isinstance(name, os.PathLike) or len(path.parts) != 1
    if path.exists() or looks_like_a_path:
        return path
    close = difflib.get_close_matches(name.lower().replace("-", "_"), NAMES, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"Unknown data set {name!r}: known are {', '.join(NAMES)}, and the path of "
        f"a folder of images is taken, too.{hint}"
    )


def _load_published(name, size, root, may_download, fallback) -> Sets:
    published = _PUBLISHED[name]
    for place in search_places(root):
        found = _look(name, place)
        if found is not None:
            return _read(name, found, size)
    try:
        if not may_download:
            raise DownloadError("download=False")
        if offline():
            raise DownloadError("CNNLIB_OFFLINE=1")
        place = landing_place(root)
        fetch(published.source, place)
        return _read(name, place / published.source.folder, size)
    except OSError as error:
        reason = str(error)
    if not fallback:
        raise FileNotFoundError(f"{name} is not at hand ({reason}): {_advice(name)}.")
    stand_in = published.stand_in
    read, description = _SHIPPED[stand_in]
    print(
        f"{name} is not at hand ({reason}); using {stand_in} instead, {description}. "
        f"For the real one, {_advice(name)}."
    )
    return read(size)


def _advice(name: str) -> str:
    source = _PUBLISHED[name].source
    return (
        f"run once with a network ({source.megabytes} MB), or let CNNLIB_DATA name "
        f"a folder that holds {source.folder}"
    )


def _look(name: str, place: Path) -> Path | None:
    """The folder below ``place`` that holds the set, if one does."""
    published = _PUBLISHED[name]
    for folder in published.folders:
        if all((place / folder / part).is_dir() for part in ("train", "test")):
            return place / folder
    if not published.source.missing(place):
        return place / published.source.folder
    return None


def _read(name: str, folder: Path, size: int | None) -> Sets:
    published = _PUBLISHED[name]
    if folder.name in published.folders:
        return _read_folder(name, folder, published.classes, size)
    if published.source is CIFAR10:
        parts = (CIFAR10.makes[:5], CIFAR10.makes[5:6])
        return tuple(_read_cifar(name, folder, part) for part in parts)
    return tuple(_read_idx(name, folder, part) for part in ("train", "t10k"))


def _read_folder(name, folder, classes, size) -> Sets:
    parts = []
    for part in ("train", "test"):
        files = class_files(folder / part)
        absent = [c for c in classes if c not in files]
        if absent:
            raise ValueError(f"{folder / part} has no class folder {absent[0]!r}.")
        parts.append({c: files[c] for c in classes})
    return load_split(*parts, name, size)


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
    classes = _PUBLISHED[name].classes
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
    classes = _PUBLISHED[name].classes
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


def _sized(sets: Sets, size: int | None) -> Sets:
    """Resize what was not read at the wanted size."""
    if size is None or all(s.images.shape[2:] == (size, size) for s in sets):
        return sets
    return tuple(
        ImageSet(_resize(s.images, size), s.labels, s.classes, s.name) for s in sets
    )


def _resize(images: torch.Tensor, size: int) -> torch.Tensor:
    pieces = []
    for piece in images.split(1000):  # float32 takes four times the memory
        larger = F.interpolate(
            piece.float(), size=(size, size), mode="bilinear", antialias=True
        )
        pieces.append(larger.round_().clamp_(0, 255).to(torch.uint8))
    return torch.cat(pieces)


class Availability(tuple):
    """One row (name, where it was found or None, what it is) for each known set."""

    def __repr__(self) -> str:
        lines = [("name", "found in", "what it is")]
        lines += [(name, str(where or "—"), what) for name, where, what in self]
        widths = [max(len(line[i]) for line in lines) for i in (0, 1)]
        return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in lines)


def available(root: str | os.PathLike | None = None) -> Availability:
    """A table of the known data sets and the folders where they were found.

    Rows are ``(name, folder or None, description)``; what ships with the lecture is
    "built in". Nothing is read or downloaded.
    """
    rows = []
    places = search_places(root)
    for name, published in _PUBLISHED.items():
        found = (_look(name, place) for place in places)
        where = next((str(f) for f in found if f is not None), None)
        rows.append((name, where, published.source.title))
    rows += [(name, "built in", text) for name, (_, text) in _SHIPPED.items()]
    return Availability(rows)
