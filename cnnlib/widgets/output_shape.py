"""The output size of a convolution under the hand: n, k, s, p, d and the sweep."""

import traitlets as t

from cnnlib.drawing import palette
from cnnlib.widgets import base

LIMITS = {"n": 32, "kernel_size": 16, "stride": 16, "padding": 16, "dilation": 16}
CELL, LEFT = 26, 130


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

    _esm = base.source("common.js", "shape.js", "output_shape.js")
    _css = base.styles("common.css", "output_shape.css")
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

    def still(self) -> str:
        """Return the padded input and the kernel's positions as a drawing."""
        n, k, s, p, d = self._settings()
        if reason := _refusal(n, k, s, p, d):
            words = f"PyTorch refuses: {reason}."
            return base.drawing(40 + 9 * len(words), 70, base.text(20, 42, words))
        total, right = n + 2 * p, LEFT + (n + 2 * p) * CELL
        line = f"output size = {self._formula()}"
        parts = [base.text(20, 36, line, 20, font_weight="bold")]
        parts.append(base.text(20, 78, "input"))
        for j in range(total):
            real = p <= j < p + n
            look = {"stroke": palette.MUTED, "stroke_dasharray": "4 3"}
            parts.append(_cell(j, 60, palette.INPUT if real else palette.PAPER, **look))
        for i in range(self.size):
            y = 60 + (i + 1) * (CELL + 4)
            parts.append(base.text(20, y + 18, f"position {i}"))
            parts += [_cell(i * s + a * d, y, palette.KERNEL) for a in range(k)]
            outline = {"fill": "none", "stroke": palette.WINDOW, "stroke_width": 3}
            x, width = LEFT + i * s * CELL, (d * (k - 1) + 1) * CELL
            parts.append(base.rect(x, y, width, CELL, **outline))
            parts.append(_cell(total + 1, y, palette.OUTPUT))
        bottom = 80 + (self.size + 1) * (CELL + 4)
        return base.drawing(max(right + 80, 40 + 11 * len(line)), bottom, *parts)


def _cell(column: int, y: float, fill: str, **look: str) -> str:
    x, side = LEFT + column * CELL + 1.5, CELL - 3
    return base.rect(x, y + 1.5, side, side, fill=fill, **look)


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
