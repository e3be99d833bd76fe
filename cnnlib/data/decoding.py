"""One picture file to pixels; and, run as a program, many to a file of pixels.

Neither torch nor the rest of cnnlib is imported here, so that the program, of which
``readers`` starts one a processor core, is ready in a tenth of a second.
"""

import io
import json
import signal
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["decode", "to_planes", "upright_size"]

MODES = {1: "L", 3: "RGB"}
_TRANSPOSED = {5, 6, 7, 8}  # EXIF orientations that exchange height and width
_ORIENTATION = 0x0112


def decode(path, size: int, channels: int = 3) -> np.ndarray:
    """One picture as uint8 (size, size, 3), or (size, size) for one channel.

    Raises FileNotFoundError, or ValueError for what is not an image, naming the file.
    """
    return _decode(path, size, channels)[0]


def _decode(path, size: int, channels: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The pixels, and the width and height that the upright picture had."""
    mode = MODES[channels]
    try:
        with open(path, "rb") as file:  # in one piece: PIL reads JPEG byte by byte
            image = Image.open(io.BytesIO(file.read()))
        whole = image.size
        if mode == "L" or min(whole) >= 4 * size:
            # Lets JPEG decode large photographs at a fraction of their resolution.
            image.draft(mode, (2 * size, 2 * size))
        image.load()
        upright = ImageOps.exif_transpose(image) if _may_be_turned(image) else image
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist.") from None
    except Exception as error:  # PIL raises nearly anything for a damaged file
        raise _refuse(path, error) from None
    if (upright.width > upright.height) != (image.width > image.height):
        whole = whole[::-1]
    square = _to_mode(upright, mode)
    if square.size != (size, size):
        square = ImageOps.fit(square, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(square), whole


def to_planes(pixels: np.ndarray) -> np.ndarray:
    """(H, W, C) or (H, W), as PIL gives it, to (C, H, W), as networks read it."""
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def upright_size(path) -> tuple[int, int]:
    """Width and height of a picture as it is to be seen; its pixels are not decoded."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TRANSPOSED
    except Exception as error:
        raise _refuse(path, error) from None
    return (height, width) if turned else (width, height)


def _may_be_turned(image: Image.Image) -> bool:
    """False where asking is vain; it takes a fifth of the time of a small JPEG."""
    return image.format != "JPEG" or "exif" in image.info or "xmp" in image.info


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == mode:
        return image
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would clip
        values = np.asarray(image).astype(np.float64)
        image = Image.fromarray((values / 257).clip(0, 255).round().astype(np.uint8))
    elif image.has_transparency_data:
        # What is transparent is shown on white, as on a page.
        image = image.convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(page, image)
    return image.convert(mode)


def _refuse(path, error: Exception) -> ValueError:
    if isinstance(error, UnidentifiedImageError):
        return ValueError(f"{path} is not an image.")
    return ValueError(f"{path} cannot be read as an image ({error}).")


def _main() -> None:
    """Decode block after block of pictures into their places in one file.

    The first line of the input is ``[file, size]``; each line after it a block, ``[row,
    paths, measure]``. To each comes one line in answer: the CRC-32 of the block's
    pixels and, with ``measure``, the pictures' sizes; or what went wrong.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of the input is the end
    target, size = json.loads(sys.stdin.readline())
    with open(target, "r+b", buffering=0) as file:
        for line in sys.stdin:
            row, paths, measure = json.loads(line)
            print(json.dumps(_answer(file, size, row, paths, measure)), flush=True)


def _answer(file, size: int, row: int, paths: list[str], measure: bool) -> dict:
    pixels = np.empty((len(paths), 3, size, size), np.uint8)
    sizes = set()
    try:
        for i, path in enumerate(paths):
            array, whole = _decode(path, size, 3)
            pixels[i] = to_planes(array)
            sizes.add(whole)
    except (FileNotFoundError, ValueError) as error:
        return {"picture": str(error), "missing": isinstance(error, FileNotFoundError)}
    try:
        file.seek(row * 3 * size * size)
        left = memoryview(pixels).cast("B")
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        return {"disk": error.strerror or str(error)}
    return {"sum": zlib.crc32(pixels), "sizes": sorted(sizes) if measure else []}


if __name__ == "__main__":
    _main()
