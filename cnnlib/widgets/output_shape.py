"""The output size of a convolution under the hand: n, k, s, p, d and the sweep."""

import traitlets as t

from cnnlib.drawing import palette
from cnnlib.drawing.svg import Canvas
from cnnlib.widgets import base

LIMITS = {"n": 32, "kernel_size": 16, "stride": 16, "padding": 16, "dilation": 16}
CELL, LEFT = 26, 120


def _refusal(n: int, k: int, s: int, p: int, d: int) -> str:
    """Return why PyTorch refuses these sizes, "" if it does not."""
    span = d * (k - 1) + 1
    if n < 1:
        return f"expected n to be at least 1, but got {n}"
    if k < 1:
        return f"expected kernel_size to be at least 1, but got {k}"
    if s < 1:
        return f"expected stride to be at least 1, but got {s}"
    if p < 0:
        return f"expected padding to be at least 0, but got {p}"
    if d < 1:
        return f"expected dilation to be at least 1, but got {d}"
    if span > n + 2 * p:
        return (
            f"the kernel spans {span} cells, but the padded input has only {n + 2 * p}"
        )
    return ""


class OutputShapeExplorer(base.Widget):
    """Sliders for n, kernel_size, stride, padding, dilation, with the sweep drawn.

    The traits follow the sliders and may be set from Python; `size` is the output's.
    """

    _esm = base.source("common.js", "output_shape.js")
    _page_state = ("n", "kernel_size", "stride", "padding", "dilation")
    n = t.Int(7).tag(sync=True)
    kernel_size = t.Int(3).tag(sync=True)
    stride = t.Int(2).tag(sync=True)
    padding = t.Int(1).tag(sync=True)
    dilation = t.Int(1).tag(sync=True)

    def _settings(self) -> tuple[int, int, int, int, int]:
        return self.n, self.kernel_size, self.stride, self.padding, self.dilation

    @property
    def size(self) -> int:
        """The output's size; ValueError with the reason where PyTorch refuses."""
        n, k, s, p, d = self._settings()
        if reason := _refusal(n, k, s, p, d):
            raise ValueError(reason)
        return (n + 2 * p - d * (k - 1) - 1) // s + 1

    def __repr__(self) -> str:
        told = (f"{name}={getattr(self, name)}" for name in self._page_state)
        return f"OutputShapeExplorer({', '.join(told)})"

    def alt(self) -> str:
        """Return the still in words."""
        n, k, s, p, d = self._settings()
        if reason := _refusal(n, k, s, p, d):
            return f"Output shape explorer. PyTorch refuses: {reason}."
        return (
            f"Output shape explorer: {n} input cells, kernel {k}, stride {s}, padding "
            f"{p} on each side, dilation {d}. The kernel's positions are drawn below "
            f"the padded input, one a line: {self._formula()}."
        )

    def _formula(self) -> str:
        n, k, s, p, d = self._settings()
        return (
            f"\u230a({n} + 2\u00b7{p} \u2212 {d}\u00b7({k} \u2212 1) \u2212 1) / {s}"
            f"\u230b + 1 = {self.size}"
        )

    def _draw(self) -> Canvas:
        """Draw the padded input and the kernel's positions below it."""
        n, k, s, p, d = self._settings()
        if reason := _refusal(n, k, s, p, d):
            return base.sentence(f"PyTorch refuses: {reason}.")
        canvas, total = Canvas(), n + 2 * p
        line = f"output size = {self._formula()}"
        canvas.text(0, -30, line, anchor="start", font_weight="bold")
        canvas.text(0, CELL / 2, "input", anchor="start")
        for j in range(total):
            fill = palette.INPUT if p <= j < p + n else palette.PAPER
            look = {"stroke": palette.MUTED, "stroke_dasharray": "4 3"}
            _cell(canvas, j, 0, fill, **look)
        for i in range(self.size):
            y = (i + 1) * (CELL + 4)
            canvas.text(0, y + CELL / 2, f"position {i}", anchor="start")
            for a in range(k):
                _cell(canvas, i * s + a * d, y, palette.KERNEL)
            x, width = LEFT + i * s * CELL, (d * (k - 1) + 1) * CELL
            look = {"stroke": palette.WINDOW, "stroke_width": 3}
            canvas.rect(x, y, width, CELL, **look)
            _cell(canvas, total + 1, y, palette.OUTPUT)
        return canvas


def _cell(canvas: Canvas, column: int, y: float, fill: str, **look: str) -> None:
    x, side = LEFT + column * CELL + 1.5, CELL - 3
    canvas.rect(x, y + 1.5, side, side, fill, **look)


def output_shape_explorer(
    n: int = 7,
    kernel_size: int = 3,
    stride: int = 2,
    padding: int = 1,
    dilation: int = 1,
) -> OutputShapeExplorer:
    """Return sliders that show how many places a kernel has along one side.

    n input cells, `padding` on each side as in PyTorch. Everything is computed in the
    browser, so it also works in an exported page. Raises TypeError for what is no
    integer, ValueError for what PyTorch refuses or what is too large to be drawn.
    """
    settings = {
        "n": n,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"expected {name} to be an integer, but got {value!r}")
        if value > LIMITS[name]:
            raise ValueError(
                f"expected {name} to be at most {LIMITS[name]} to be drawn, but "
                f"got {value}"
            )
    if reason := _refusal(*settings.values()):
        raise ValueError(reason)
    return OutputShapeExplorer(**settings)
