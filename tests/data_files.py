"""Tiny files in the formats of the published data sets, for the tests of data."""

import gzip
import pickle
import struct

import numpy as np
from PIL import Image

from cnnlib.data import download, places, published

RANDOM = np.random.default_rng(0)
TRAIN, TEST = 12, 5


def bare_machine(monkeypatch, tmp_path):
    """Nothing at hand, offline, with a cache of its own."""
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setenv("CNNLIB_OFFLINE", "1")
    monkeypatch.setattr(places, "_checkout", lambda: None)
    monkeypatch.setattr(places, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "_failed", {})


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


def put_mnist(root, folder="MNIST", zipped=False):
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    files = mnist_files()
    for name, content in files.items():
        if zipped:
            (raw / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (raw / name).write_bytes(content)
    return raw, files


def cifar_batch(n, shift=0):
    pixels = RANDOM.integers(0, 256, (n, 3072), dtype=np.uint8)
    labels = [(i + shift) % 10 for i in range(n)]
    # Protocol 2, as Python 2 wrote it, with bytes for the keys.
    return (
        pickle.dumps({b"data": pixels, b"labels": labels}, protocol=2),
        pixels,
        labels,
    )


def put_cifar(root):
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name in published.CIFAR10.makes:
        (folder / name).write_bytes(cifar_batch(20)[0])
    return folder


def put_pictures(root, name, classes, n=3, size=32):
    for part in ("train", "test"):
        for c in classes:
            folder = root / name / part / c
            folder.mkdir(parents=True)
            for i in range(n):
                pixels = RANDOM.integers(0, 256, (size, size, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")
