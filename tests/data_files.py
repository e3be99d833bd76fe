"""Tiny files in the formats of the published data sets, for the tests of data."""

import hashlib
import pickle
import struct

import numpy as np
import pooch
from PIL import Image

from cnnlib.data import places
from cnnlib.data.published import PUBLISHED

RANDOM = np.random.default_rng(0)
TRAIN, TEST = 12, 5


def bare_machine(monkeypatch, tmp_path):
    """Nothing at hand, offline, with a cache of its own."""
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setenv("CNNLIB_OFFLINE", "1")
    monkeypatch.setattr(places, "checkout", lambda: None)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache")


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def mnist_files():
    files = {}
    for part, n in (("train", TRAIN), ("t10k", TEST)):
        images = RANDOM.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n) % 10)
    return files


def put_mnist(root, folder="MNIST"):
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    files = mnist_files()
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw, files


def cifar_files(n=20):
    """Batches of ``n`` images, as torchvision reads them, and the classes' names."""
    files = {}
    for name in PUBLISHED["cifar10"].files:
        pixels = RANDOM.integers(0, 256, (n, 3072), dtype=np.uint8)
        batch = {"data": pixels, "labels": [i % 10 for i in range(n)]}
        if name == "batches.meta":
            batch = {"label_names": list(PUBLISHED["cifar10"].classes)}
        files[name] = pickle.dumps(batch, protocol=2)
    return files


def put_cifar(root, monkeypatch, n=20):
    """CIFAR-10 in small, whose checksums torchvision is told."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True, exist_ok=True)
    files = cifar_files(n)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    know_cifar(files, monkeypatch)
    return folder


def know_cifar(files, monkeypatch):
    from torchvision.datasets import CIFAR10

    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    for kind, names in (
        ("train", PUBLISHED["cifar10"].files[:5]),
        ("test", ["test_batch"]),
    ):
        listed = [[name, sums[name]] for name in names]
        monkeypatch.setattr(CIFAR10, f"{kind}_list", listed)
    meta = CIFAR10.meta | {"md5": sums["batches.meta"]}
    monkeypatch.setattr(CIFAR10, "meta", meta)


def put_pictures(root, name, classes, n=3, size=32):
    for part in ("train", "test"):
        for c in classes:
            folder = root / name / part / c
            folder.mkdir(parents=True)
            for i in range(n):
                pixels = RANDOM.integers(0, 256, (size, size, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")
