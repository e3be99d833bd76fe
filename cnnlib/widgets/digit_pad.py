"""A pad to draw a digit on, answered stroke by stroke by a trained network."""

import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
import traitlets as t
from PIL import Image, ImageDraw
from torch import Tensor, nn

from cnnlib.data.digits import FIELD, center_digit
from cnnlib.drawing import palette
from cnnlib.drawing.format import probability
from cnnlib.drawing.svg import TYPE, Canvas
from cnnlib.widgets import base

SIDE, PEN = 280, 22  # the pad's units and its pen's width; pad.js has the same
LONGEST, INK = 200, 27  # as the network sees it: 2.4 pixels of ink in a digit of 20

# The seven that stands on the pad where no kernel runs.
EXAMPLE = [
    [[72, 66], [110, 62], [160, 60], [204, 60], [190, 96], [166, 144], [146, 228]],
    [[112, 146], [156, 142], [196, 138]],
]


def _paint(strokes: Sequence, side: int = 140) -> np.ndarray:
    """Draw strokes as white on black, uint8 (side, side).

    They are brought to one size first, so that the pen is as wide as MNIST's: inked as
    small as it was drawn, a tiny digit would become a blot when it is enlarged.
    """
    finer = 2 * side  # drawn larger and reduced, which smooths the edges
    strokes = _fitted(strokes)
    scale, radius = finer / SIDE, INK / 2 * finer / SIDE
    image = Image.new("L", (finer, finer))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        pen.line(points, fill=255, width=round(2 * radius))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image.reduce(2))


def _fitted(strokes: Sequence) -> list:
    """The strokes with their longer side as long as LONGEST, in the pad's middle."""
    points = np.array([point for stroke in strokes for point in stroke] or [[0, 0]])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = LONGEST / max(float((high - low).max()), 1)
    return [
        (SIDE / 2 + scale * (np.array(stroke) - (low + high) / 2)).tolist()
        for stroke in strokes
    ]


def _first_convolution(model: object) -> tuple[str, nn.Module] | None:
    """Return the name and module of the first 2-D convolution, None without one."""
    if not isinstance(model, nn.Module):
        return None
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        if hasattr(module, "kernel_size") and weight is not None and weight.ndim == 4:
            return name, module
    return None


def _as_gray(maps: Tensor) -> dict:
    """Stretch feature maps (C, H, W) to 0..255 together, so that they compare."""
    low, high = maps.min(), maps.max()
    spread = 255 * (maps - low) / (high - low).clamp(min=1e-12)
    gray = spread.round().to(torch.uint8).cpu().numpy()
    return {"shape": list(maps.shape), "bytes": gray.tobytes()}


def _check_strokes(strokes: Sequence) -> list:
    for stroke in strokes:
        for point in stroke:
            if len(point) != 2 or not all(0 <= v <= SIDE for v in point):
                raise ValueError(
                    f"expected strokes to be lists of (x, y) in 0..{SIDE}, but "
                    f"got {point}"
                )
    return [[list(point) for point in stroke] for stroke in strokes if len(stroke)]


class DigitPad(base.Widget):
    """A pad whose drawing a network names while it is drawn.

    `strokes` holds the drawing (lists of (x, y) in 0..280), from the hand or set from
    Python; `picture` uint8 (1, 28, 28) is what the network sees of it, `probabilities`
    (K,) what it answers, `milliseconds` how long that took here.
    """

    _esm = base.source("common.js", "pad.js", "digit_pad.js")
    _note = (
        "<p>This is a picture: the network needs a running kernel to answer. "
        "Run the cell to draw a digit of your own.</p>"
    )
    classes = t.List(t.Unicode()).tag(sync=True)
    # The browser holds the drawing already: no need to send it back.
    strokes = t.List().tag(sync=True, echo_update=False)
    answer = t.Dict().tag(sync=True)
    layer = t.Unicode().tag(sync=True)

    def __init__(self, model: Callable, classes: Sequence[str], maps: bool = True):
        self._model = model
        self._maps = _first_convolution(model) if maps else None
        self._serial = itertools.count()
        self.picture = torch.zeros(1, FIELD, FIELD, dtype=torch.uint8)
        self.probabilities: Tensor | None = None
        self.milliseconds = 0.0
        layer = self._maps[0] if self._maps else ""
        super().__init__(classes=list(classes), layer=layer)
        self._ask(center_digit(_paint(EXAMPLE)))  # a wrong model shows here, not later

    @t.validate("strokes")
    def _validate_strokes(self, proposal):
        return _check_strokes(proposal["value"])

    @t.observe("strokes")
    def _answer_strokes(self, change):
        started = time.perf_counter()
        answer = {"serial": next(self._serial)}
        self.picture, self.probabilities = center_digit(_paint(change["new"])), None
        try:
            if change["new"]:
                self.probabilities, maps = self._ask(self.picture)
                answer["probabilities"] = self.probabilities.tolist()
                if maps is not None:
                    answer["maps"] = _as_gray(maps)
        except Exception as error:  # shown on the pad, where one looks
            answer["error"] = f"The network failed: {type(error).__name__}: {error}"
        self.milliseconds = 1000 * (time.perf_counter() - started)
        self.answer = {**answer, "seen": self.picture.numpy().tobytes()}

    def _ask(self, picture: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return probabilities (K,) and the first layer's maps (C, H, W) or None."""
        kept: list[Tensor] = []
        hook = None
        if self._maps:
            hook = self._maps[1].register_forward_hook(
                lambda _module, _input, output: kept.append(output.detach()[0])
            )
        # One image is no work to share: threads that wait for each other on a busy
        # machine took 80 ms for what one does in less than 1 ms.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            answered = torch.as_tensor(self._predict(picture[None]))
        finally:
            torch.set_num_threads(threads)
            if hook is not None:
                hook.remove()
        if answered.shape != (1, len(self.classes)):
            raise ValueError(
                "expected model to answer one image with probabilities of shape "
                f"(1, {len(self.classes)}), but got {tuple(answered.shape)}"
            )
        return answered[0].detach().float().cpu(), kept[0].float() if kept else None

    def _predict(self, images: Tensor) -> Tensor:
        if not isinstance(self._model, nn.Module):
            return self._model(images)
        from cnnlib import training  # imports slowly, and callables do without it

        return training.predict(self._model, images)

    def __repr__(self) -> str:
        return f"DigitPad({type(self._model).__name__}, classes={list(self.classes)})"

    def _still_facts(self) -> tuple[list, Tensor, int]:
        """Return strokes, the network's probabilities and its answer, for the still."""
        strokes = self.strokes or EXAMPLE
        probabilities, _ = self._ask(center_digit(_paint(strokes)))
        return strokes, probabilities, int(probabilities.argmax())

    def alt(self) -> str:
        """Return the still in words."""
        _, probabilities, best = self._still_facts()
        example = "a drawing" if self.strokes else "an example, a seven,"
        return (
            f"Digit pad with {example} beside it the 28 by 28 picture that the network "
            f"sees and its answer: {self.classes[best]}, "
            f"{probability(float(probabilities[best]))}. Run the cell to draw."
        )

    def _draw(self) -> Canvas:
        """Draw the pad, the network's view and its answers."""
        strokes, probabilities, best = self._still_facts()
        canvas = Canvas()
        heads = {0: "Drawn", 310: "What the network sees", 600: "What it answers"}
        for x, head in heads.items():
            canvas.text(x, -20, head, anchor="start", font_weight="bold")
        frame = {"stroke": palette.INPUT, "stroke_width": 3}
        canvas.rect(0, 0, SIDE, SIDE, "#000", **frame)
        pen = {"stroke_linecap": "round", "stroke_linejoin": "round"}
        with canvas.group(fill="none", stroke="#fff", stroke_width=PEN, **pen):
            for stroke in strokes:
                canvas.add("polyline", points=" ".join(f"{x},{y}" for x, y in stroke))
        seen = center_digit(_paint(strokes))[0].numpy()
        dot = 196 / FIELD
        canvas.rect(310, 0, 196, 196, "#000", **frame)
        for y, x in np.argwhere(seen):
            gray = f"#{3 * f'{seen[y, x]:02x}'}"
            canvas.rect(310 + x * dot, y * dot, dot + 0.35, dot + 0.35, gray)
        step = SIDE / max(8, len(self.classes))
        for i, (name, p) in enumerate(zip(self.classes, probabilities, strict=True)):
            y, p = step * (i + 0.5), float(p)
            look = {"size": min(TYPE, 0.7 * step), "anchor": "start"}
            look |= {"font_weight": "bold"} if i == best else {}
            canvas.text(600, y, name, **look)
            top, high = y - step / 2 + 3, step - 6
            canvas.rect(650, top, 160, high, "#ececec", "#8c8c8c")
            canvas.rect(650, top, 160 * p, high, palette.OUTPUT)
            canvas.text(820, y, probability(p), **look)
        return canvas


def digit_pad(
    model: nn.Module | Callable[[Tensor], Tensor],
    classes: Sequence[str] | None = None,
    maps: bool = True,
) -> DigitPad:
    """Return a pad on which a digit is drawn and that `model` answers at every stroke.

    model: a network for 1x28x28 images, or any callable from uint8 (1, 1, 28, 28) to
    probabilities (1, K). classes: K names; the model's own, else the ten digits.
    maps: also show the feature maps of the network's first convolution.
    Raises TypeError for what cannot be called, ValueError for an answer of another
    shape.
    """
    if not callable(model):
        raise TypeError(
            f"expected model to be a network or a callable, but got {model!r}"
        )
    if classes is None:
        classes = getattr(model, "classes", None) or [str(digit) for digit in range(10)]
    if isinstance(classes, str) or not all(isinstance(c, str) for c in classes):
        raise TypeError(
            f"expected classes to be a sequence of names, but got {classes!r}"
        )
    return DigitPad(model, classes, maps)
