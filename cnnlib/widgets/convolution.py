"""Convolution under the hand: every output cell with its window and its sum."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
import traitlets as t
from torch import Tensor

from cnnlib.drawing import palette
from cnnlib.drawing.format import number
from cnnlib.drawing.style import TIMES_KERNEL
from cnnlib.drawing.svg import GAP, Canvas, cell_size
from cnnlib.widgets import base

NINTH = 1 / 9
KERNELS = {
    "the slide's 2 \N{MULTIPLICATION SIGN} 2": [[0, 1], [2, 3]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur (mean)": [[NINTH] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical edges (Sobel)": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edges (Sobel)": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "all edges (Laplace)": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
}
LARGEST = {
    "input": 12,
    "kernel": 7,
    "second": 7,
}  # cells that still read when projected


def _check_sheet(name: str, values: Sequence | Tensor) -> list[list[float]]:
    """Return values as rows of floats; they must be (H, W), finite and not too many."""
    try:
        sheet = torch.as_tensor(values, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"expected {name} to be rows of numbers, but got {values!r}"
        ) from None
    if sheet.ndim != 2 or 0 in sheet.shape:
        raise ValueError(
            f"expected {name} to have shape (H, W), but got {tuple(sheet.shape)}"
        )
    if max(sheet.shape) > LARGEST[name]:
        raise ValueError(
            f"{name} may have at most {LARGEST[name]} cells a side to stay readable, "
            f"but got {tuple(sheet.shape)}"
        )
    if not sheet.isfinite().all():
        raise ValueError(f"expected {name} to be finite numbers")
    return sheet.tolist()


def _check_count(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected {name} to be an integer, but got {value!r}")
    if value < least:
        raise ValueError(f"expected {name} to be at least {least}, but got {value}")
    return value


class ConvolutionExplorer(base.Widget):
    """Input, kernel and output as sheets of numbers that answer to the hand.

    `input`, `kernel`, `stride`, `padding` and `dilation` follow what is done in the
    browser and may be set from Python; `output` (H', W') is computed from them.
    """

    _esm = base.source("common.js", "convolution.js")
    _page_state = ("input", "kernel", "stride", "padding", "dilation", "kernels")
    input = t.List(t.List(t.Float())).tag(sync=True)
    kernel = t.List(t.List(t.Float())).tag(sync=True)
    stride = t.Int(1).tag(sync=True)
    padding = t.Int(0).tag(sync=True)
    dilation = t.Int(1).tag(sync=True)
    kernels = t.Dict(KERNELS).tag(sync=True)

    @t.validate("input", "kernel")
    def _validate_sheet(self, proposal):
        return _check_sheet(proposal["trait"].name, proposal["value"])

    @property
    def output(self) -> Tensor:
        """What PyTorch makes of it, float32 (H', W'); RuntimeError if it refuses."""
        return F.conv2d(
            torch.tensor(self.input)[None, None],
            torch.tensor(self.kernel)[None, None],
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )[0, 0]

    def __repr__(self) -> str:
        return (
            f"ConvolutionExplorer(input={_size(self.input)}, "
            f"kernel={_size(self.kernel)}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation})"
        )

    def _refused(self) -> str:
        """Return why PyTorch refuses the present settings, "" if it does not."""
        try:
            _ = self.output
        except RuntimeError as error:
            return f"PyTorch refuses these settings: {error}"
        return ""

    def _shown(self) -> tuple[int, int]:
        """Return the output cell that the still explains: the middle one."""
        rows, columns = self.output.shape
        return (rows - 1) // 2, (columns - 1) // 2

    def _shown_terms(self) -> list[tuple[int, int, float, float]]:
        """Return (row, column, value, weight) of its window in the padded input."""
        top, left = (self.stride * place for place in self._shown())
        padded = F.pad(torch.tensor(self.input), [self.padding] * 4).tolist()
        places = [
            (top + self.dilation * a, left + self.dilation * b, w)
            for a, weights in enumerate(self.kernel)
            for b, w in enumerate(weights)
        ]
        return [(i, j, padded[i][j], w) for i, j, w in places]

    def _shown_sum(self) -> str:
        row, column = self._shown()
        terms = [f"{number(x)}\u00b7{_signed(w)}" for _, _, x, w in self._shown_terms()]
        total = number(self.output[row, column].item())
        return f"output[{row}, {column}] = {' + '.join(terms)} = {total}"

    def alt(self) -> str:
        """Return the still in words."""
        if reason := self._refused():
            return f"Convolution explorer. {reason}"
        output = self.output
        return (
            f"Convolution explorer: {_size(self.input)} input {_told(self.input)}, "
            f"{_size(self.kernel)} kernel {_told(self.kernel)}, stride {self.stride}, "
            f"padding {self.padding}, dilation {self.dilation} give the "
            f"{_size(output)} output {_told(output.tolist())}. One output cell and its "
            f"window are outlined: {self._shown_sum()}."
        )

    def _draw(self) -> Canvas:
        """Draw the three sheets, one window outlined."""
        if reason := self._refused():
            return base.sentence(reason)
        output, pad = self.output.tolist(), self.padding
        columns = len(self.input[0]) + 2 * pad
        cell = cell_size(columns + len(self.kernel[0]) + len(output[0]), 4 * GAP)
        height = cell * max(len(self.input) + 2 * pad, len(self.kernel), len(output))
        x_kernel = columns * cell + 2 * GAP
        x_output = x_kernel + len(self.kernel[0]) * cell + 2 * GAP
        canvas = Canvas()
        for x, name in ((0, "Input"), (x_kernel, "Kernel"), (x_output, "Output")):
            canvas.text(x, -20, name, anchor="start", font_weight="bold")
        corner = (pad * cell, pad * cell)
        canvas.padded_cells(*corner, self.input, (pad, pad), cell)
        look = (palette.KERNEL_PALE, palette.KERNEL)
        canvas.cells(x_kernel, 0, self.kernel, cell, *look)
        look = (palette.OUTPUT_PALE, palette.OUTPUT)
        canvas.cells(x_output, 0, output, cell, *look)
        canvas.text(x_kernel - GAP, height / 2, TIMES_KERNEL, 30)
        canvas.text(x_output - GAP, height / 2, "=", 30)
        terms, (row, column) = self._shown_terms(), self._shown()
        (top, left), (bottom, right) = terms[0][:2], terms[-1][:2]
        window = ((right - left + 1) * cell, (bottom - top + 1) * cell)
        mark = {"stroke": palette.WINDOW, "stroke_width": 5}
        canvas.rect(left * cell, top * cell, *window, **mark)
        canvas.rect(x_output + column * cell, row * cell, cell, cell, **mark)
        canvas.text(0, height + 36, self._shown_sum(), anchor="start")
        return canvas


def _size(values: Sequence) -> str:
    return f"{len(values)}\u00d7{len(values[0])}"


def _signed(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)


def _told(values: Sequence) -> str:
    rows = "; ".join(", ".join(number(v) for v in line) for line in values)
    return f"({rows})"


def convolution_explorer(
    input: Sequence | Tensor | None = None,
    kernel: Sequence | Tensor | str | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> ConvolutionExplorer:
    """Return sheets of numbers that show each output cell's window and sum.

    input (H, W), at most 12x12: the slide's 0..8 if None. kernel (kh, kw), at most
    7x7, or a name in `convolution.KERNELS`: the slide's 0..3 if None. Everything is
    computed in the browser, so it also works in an exported page.
    Raises TypeError or ValueError for other shapes, and ValueError for a setting that
    PyTorch refuses.
    """
    if isinstance(kernel, str):
        if kernel not in KERNELS:
            raise ValueError(
                f"expected kernel to be one of {list(KERNELS)}, but got {kernel!r}"
            )
        kernel = KERNELS[kernel]
    explorer = ConvolutionExplorer(
        input=_check_sheet(
            "input", torch.arange(9).reshape(3, 3) if input is None else input
        ),
        kernel=_check_sheet("kernel", [[0, 1], [2, 3]] if kernel is None else kernel),
        stride=_check_count("stride", stride, 1),
        padding=_check_count("padding", padding, 0),
        dilation=_check_count("dilation", dilation, 1),
    )
    if reason := explorer._refused():
        raise ValueError(reason)
    return explorer
