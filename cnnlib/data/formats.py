"""Two file formats, read with numpy alone: MNIST's IDX and CIFAR's pickled batches."""

import codecs
import gzip
import io
import math
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np

__all__ = ["read_cifar_batch", "read_idx"]

_GZIP = b"\x1f\x8b"
_UBYTE = 0x08  # the IDX type code of unsigned bytes, the only one that MNIST uses


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes, raw or gzipped, as a uint8 array.

    The format (https://yann.lecun.com/exdb/mnist): two zero bytes, a type code, the
    number of dimensions, each dimension as a big-endian 32-bit integer, then the
    values. ``ndim`` is what to expect: 3 for images (N, H, W), 1 for labels (N,).
    Raises ValueError, naming the file, if it is damaged or something else.
    """
    content = Path(path).read_bytes()
    if content[:2] == _GZIP:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file ({error}).") from None
    expected = bytes((0, 0, _UBYTE, ndim))
    if content[:4] != expected:
        raise ValueError(
            f"{path} is not an IDX file of {ndim}-dimensional bytes: it begins with "
            f"{content[:4].hex(' ') or 'nothing'}, not {expected.hex(' ')}."
        )
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(f"{path} is damaged: it ends within its header.")
    shape = struct.unpack(f">{ndim}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"{path} is damaged: its header announces {math.prod(shape):,} bytes "
            f"{shape}, but {len(content) - start:,} follow."
        )
    # A copy, because bytes are read-only and torch wants memory that it may write.
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def read_cifar_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one file of cifar-10-batches-py: images (N, 3, 32, 32) uint8, labels (N,).

    The file is a Python 2 pickle (https://www.cs.toronto.edu/~kriz/cifar.html). Only
    what such a file needs, numpy arrays and plain values, is allowed to be built, so
    that a forged file cannot run code. Raises ValueError, naming the file, if it is
    damaged or something else.
    """
    content = Path(path).read_bytes()
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        images = np.asarray(batch[b"data"])
        labels = np.asarray(batch[b"labels"], dtype=np.int64)
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise ValueError(
            f"{path} is not a CIFAR-10 batch, or is damaged "
            f"({type(error).__name__}: {error})."
        ) from None
    if (
        images.dtype != np.uint8
        or images.shape[1:] != (3 * 32 * 32,)
        or labels.shape != images.shape[:1]
    ):
        raise ValueError(
            f"{path} is damaged: CIFAR-10 has uint8 data (N, 3072) and N labels, "
            f"not {images.dtype} {images.shape} and {labels.shape}."
        )
    return images.reshape(-1, 3, 32, 32), labels


def _encode(text: str, encoding: str = "latin1") -> bytes:
    # What Python 3 writes for bytes in old pickle protocols; one codec is enough.
    if codecs.lookup(encoding).name != "iso8859-1":
        raise pickle.UnpicklingError(f"the encoding {encoding!r} is not expected")
    return text.encode("latin1")


# numpy's own function that rebuilds an array, wherever this version keeps it.
_RECONSTRUCT = np.empty(0).__reduce__()[0]

_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no business in it")
        return _ALLOWED[module, name]
