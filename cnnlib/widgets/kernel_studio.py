"""A photo under a kernel, while one drags: its numbers, or the photo."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
import traitlets as t
from PIL import Image
from torch import Tensor

from cnnlib.data import photo
from cnnlib.drawing import palette
from cnnlib.drawing.format import sizes
from cnnlib.drawing.style import TIMES_KERNEL
from cnnlib.drawing.svg import Canvas
from cnnlib.widgets import base
from cnnlib.widgets.convolution import KERNELS, _check_count, _check_sheet

WIDE, HIGH = 320, 240  # pixels: what a browser filters sixty times a second
CONTRAST = 6  # white is at most so many times the mean; kernel_studio.js has the same
NINE = {name: kernel for name, kernel in KERNELS.items() if len(kernel) == 3}


class KernelStudio(base.Widget):
    """A photo, one or two 3x3 kernels, ReLU, stride and pooling, and what comes out.

    ``kernel``, ``second`` ([] for none), ``relu``, ``stride`` and ``pool`` follow what
    is done in the browser and may be set from Python; ``output`` (H', W') is what they
    make of the first photo.
    """

    _esm = base.source("common.js", "kernel_studio.js")
    _page_state = (
        "photos",
        "size",
        "kernels",
        "kernel",
        "second",
        "relu",
        "stride",
        "pool",
    )
    photos = t.Dict().tag(sync=True)
    size = t.Dict().tag(sync=True)
    kernels = t.Dict(NINE).tag(sync=True)
    kernel = t.List(t.List(t.Float())).tag(sync=True)
    second = t.List(t.List(t.Float())).tag(sync=True)
    relu = t.Bool(False).tag(sync=True)
    stride = t.Int(1).tag(sync=True)
    pool = t.Int(1).tag(sync=True)

    def __init__(self, photos: Mapping[str, Image.Image], **settings):
        first = next(iter(photos.values()))
        self._gray = np.asarray(first)
        super().__init__(
            photos={name: _address(image) for name, image in photos.items()},
            size={"width": first.width, "height": first.height},
            **settings,
        )

    @t.validate("kernel", "second")
    def _validate_kernel(self, proposal):
        name, values = proposal["trait"].name, proposal["value"]
        if name == "second" and len(values) == 0:
            return []
        return _check_kernel(name, values)

    @property
    def output(self) -> Tensor:
        """What PyTorch makes of the first photo, float32 (H', W')."""
        x = torch.from_numpy(self._gray.astype(np.float32))[None, None]
        kernels = [self.kernel, *([self.second] if self.second else [])]
        for n, kernel in enumerate(kernels, 1):
            stride = self.stride if n == len(kernels) else 1
            x = F.conv2d(x, torch.tensor(kernel)[None, None], stride=stride)
            x = x.relu() if self.relu else x
        return F.max_pool2d(x, self.pool)[0, 0]

    def __repr__(self) -> str:
        steps = [f"kernel={self.kernel}"]
        steps += [f"second={self.second}"] if self.second else []
        return (
            f"KernelStudio({', '.join(steps)}, relu={self.relu}, "
            f"stride={self.stride}, pool={self.pool})"
        )

    def alt(self) -> str:
        """Return the still in words."""
        known = [name for name, kernel in NINE.items() if kernel == self.kernel]
        then = [
            *(["a second kernel"] if self.second else []),
            *(["ReLU"] if self.relu else []),
            *([f"stride {self.stride}"] if self.stride > 1 else []),
            *([f"{self.pool}\u00d7{self.pool} max pooling"] if self.pool > 1 else []),
        ]
        name = next(iter(self.photos))
        with_what = f", with {', '.join(then)}" if then else ""
        return (
            f"Kernel studio: the photo {name!r}, {sizes(self._gray.shape)}, the kernel "
            f"{known[0] if known else self.kernel}{with_what}, and the output, "
            f"{sizes(self.output.shape)}."
        )

    def _draw(self) -> Canvas:
        """Draw the photo, the kernel and the output."""
        canvas, (rows, columns) = Canvas(), self._gray.shape
        wide, cell = 330.0, 50.0
        high, right = wide * rows / columns, wide + 3 * cell + 130
        for x, name in ((0.0, "Photo"), (wide + 65, "Kernel"), (right, "Output")):
            canvas.text(x, -20, name, anchor="start", font_weight="bold")
        canvas.image(0, 0, self._gray, wide, high)
        look = (palette.KERNEL_PALE, palette.KERNEL)
        canvas.cells(wide + 65, high / 2 - 1.5 * cell, self.kernel, cell, *look)
        canvas.text(wide + 32, high / 2, TIMES_KERNEL, 30)
        canvas.text(right - 32, high / 2, "=", 30)
        output = self.output
        size = output.abs()
        limit = max(1.0, min(float(size.max()), CONTRAST * float(size.mean())))
        low = -limit if (output < 0).any() else 0.0
        gray = 255 * (output.clamp(low, limit) - low) / (limit - low)
        drawn = gray.round().to(torch.uint8).numpy()
        canvas.image(right, 0, drawn, wide, wide * drawn.shape[0] / drawn.shape[1])
        return canvas


def _address(image: Image.Image) -> str:
    """A gray picture as a data address: a fifth of its bytes as numbers."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _check_kernel(name: str, values) -> list[list[float]]:
    kernel = _check_sheet(name, values)
    if (len(kernel), len(kernel[0])) != (3, 3):
        shape = (len(kernel), len(kernel[0]))
        raise ValueError(f"expected {name} to have shape (3, 3), but got {shape}")
    return kernel


def _as_gray(name: str, image: Tensor) -> Image.Image:
    """An image (C, H, W) in gray, no larger than the studio."""
    if not isinstance(image, Tensor) or image.dtype != torch.uint8:
        kind = getattr(image, "dtype", type(image).__name__)
        raise TypeError(f"expected photo {name!r} to be a uint8 tensor, but got {kind}")
    if image.ndim != 3 or len(image) not in (1, 3) or min(image.shape[1:]) < 3:
        raise ValueError(
            f"expected photo {name!r} to have shape (1 or 3, H, W), at least 3 pixels "
            f"a side, but got {tuple(image.shape)}"
        )
    pixels = image.permute(1, 2, 0).cpu().numpy()
    picture = Image.fromarray(pixels.squeeze()).convert("L")
    picture.thumbnail((WIDE, HIGH))
    return picture


def kernel_studio(
    photos: Mapping[str, Tensor] | None = None,
    kernel="vertical edges (Sobel)",
    *,
    second=None,
    relu: bool = False,
    stride: int = 1,
    pool: int = 1,
) -> KernelStudio:
    """Return a photo with a kernel over it: drag the numbers, or the photo.

    photos: names and images, uint8 (1 or 3, H, W), shown in gray and no larger than
    320x240; the two that come with scikit-learn if None. kernel, second: 3x3, or names
    of ``KERNELS``; ``second`` is laid over what the first one made. relu: after each
    kernel. stride: of the last kernel. pool: the side of the max pooling behind it.
    In the browser one can also take a photo of one's own, or the webcam's picture,
    which stay there. Everything is computed there, so it also works in an exported
    page. Raises TypeError or ValueError for other images, kernels or settings.
    """
    if photos is None:
        photos = {"temple": photo("china"), "flower": photo("flower")}
    if not isinstance(photos, Mapping) or not photos:
        raise TypeError(f"expected photos to map names to images, but got {photos!r}")
    chosen = {"kernel": kernel, "second": [] if second is None else second}
    for name, value in chosen.items():
        if isinstance(value, str):
            if value not in NINE:
                raise ValueError(
                    f"expected {name} to be one of {list(NINE)}, but got {value!r}"
                )
            chosen[name] = NINE[value]
        elif len(value):
            chosen[name] = _check_kernel(name, value)
    return KernelStudio(
        {str(name): _as_gray(name, image) for name, image in photos.items()},
        relu=bool(relu),
        stride=_check_count("stride", stride, 1),
        pool=_check_count("pool", pool, 1),
        **chosen,
    )
