"""A training that is seen: about once a second a picture of how things stand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.data import ImageSet, normalize
from cnnlib.drawing import palette
from cnnlib.drawing.format import percent
from cnnlib.drawing.motion import Film
from cnnlib.drawing.svg import Canvas

from .evaluation import evaluation_mode
from .history import History

WIDTH, PLOT = 420, 110  # CSS pixels: a lane, and the height of its plots
ROW, TALL = 92, 60  # a row of pictures: from one to the next, and the pictures
MOST = 16  # frames of a film
WRONG = 6


@dataclass
class Frame:
    """What is seen at one moment; pixels are uint8 (n, h, w) or (n, h, w, 3)."""

    losses: list[tuple[int, float]]
    accuracies: list[float]
    weights: np.ndarray | None = None
    maps: np.ndarray | None = None
    wrong: list[tuple[np.ndarray, str, str]] = field(default_factory=list)
    errors: int | None = None


class Panel:
    """The loss so far, the test accuracy, the first layer and what is still wrong.

    ``look`` takes down how things stand, ``html`` draws it, and ``film`` all of the
    course with a control to step through it. Looking changes nothing: the network is
    asked about one image in evaluation mode, without gradients.
    """

    def __init__(
        self, history: History, epochs: int, steps: int, model: nn.Module, test
    ):
        self.history, self.epochs, self.steps = history, epochs, steps
        self.model, self.test = model, test if isinstance(test, ImageSet) else None
        self.glances: list[tuple[int, float]] = []
        self.frames: list[Frame] = []
        self.wrong: list[tuple[np.ndarray, str, str]] = []
        self.errors: int | None = None

    def measured(self, answers: Tensor | None) -> None:
        """The class (N,) that the network gave each test image after an epoch."""
        if self.test is None or answers is None:
            return
        labels = self.test.labels.to(answers.device)
        (where,) = (answers != labels).nonzero(as_tuple=True)
        self.errors = len(where)
        names = self.test.classes
        self.wrong = [
            (_pixels(self.test.images[i]), names[labels[i]], names[answers[i]])
            for i in where[:WRONG].tolist()
        ]

    def look(self, done: int | None = None, loss: float = 0.0) -> None:
        """Take down a frame, after ``done`` steps with the last one's ``loss``."""
        if done is not None:
            self.glances.append((done, loss))
        accuracies = [r["test_accuracy"] for r in self.history.records]
        frame = Frame(
            self._losses(),
            [a for a in accuracies if a is not None],
            wrong=self.wrong,
            errors=self.errors,
        )
        with suppress(Exception):  # an odd network is trained without these pictures
            self._look_inside(frame)
        self.frames.append(frame)
        if len(self.frames) > 4 * MOST:
            self.frames = self.frames[::2]

    def _losses(self) -> list[tuple[int, float]]:
        """The losses of finished epochs, thinned, then what was glanced at since."""
        losses = self.history.losses
        apart = max(1, self.steps * self.epochs // 120)
        known = [
            (n + len(part), sum(part) / len(part))
            for n in range(0, len(losses), apart)
            if (part := losses[n : n + apart])
        ]
        return known + [glance for glance in self.glances if glance[0] > len(losses)]

    def _look_inside(self, frame: Frame) -> None:
        layer = _first_layer(self.model)
        if layer is None:
            return
        weight = layer.weight.detach().float().cpu()
        shape = None if self.test is None else self.test.images.shape[1:]
        if (
            weight.ndim == 2
            and shape is not None
            and weight[0].numel() == shape.numel()
        ):
            weight = weight.view(-1, *shape)  # a dense layer: a template for each class
        if weight.ndim == 4:
            frame.weights = _signed(weight)
        if self.test is None:
            return
        device = layer.weight.device
        kept: list[Tensor] = []
        hook = layer.register_forward_hook(lambda _, __, out: kept.append(out))
        try:
            with torch.no_grad(), evaluation_mode(self.model):
                self.model(normalize(self.test.images[:1].to(device)))
        finally:
            hook.remove()
        if kept and kept[0].ndim == 4:
            frame.maps = _gray(kept[0][0].relu().float().cpu())

    def html(self) -> str:
        """The last frame."""
        return self._draw(self.frames[-1:])

    def film(self) -> str:
        """The course, at most MOST frames, to step through; it stands at the last."""
        every = -(-len(self.frames) // MOST)
        return self._draw(self.frames[::-every][::-1])

    def _draw(self, frames: list[Frame]) -> str:
        if not frames:
            return ""
        canvas = Canvas()
        film = Film(canvas, len(frames), 0.4, "")
        canvas.text(0, 0, f"{self.history.model} on {self.history.data}", 18,
                    anchor="start", font_weight="bold")  # fmt: skip
        losses = [loss for frame in frames for _, loss in frame.losses]
        highest = max(losses, default=0.0) or 1.0
        self._axes(canvas, highest)
        for n, frame in enumerate(frames):
            with canvas.group(**film.only(n)):
                self._frame(canvas, frame, highest)
        alt = f"Course of a training, {len(frames)} pictures. {self.history!r}"
        return film.picture(alt, len(frames) - 1).html

    def _axes(self, canvas: Canvas, highest: float) -> None:
        small = {"size": 14, "fill": palette.MUTED}
        for left, width, top in ((34, 210, f"{highest:.1f}"), (300, 120, "100 %")):
            canvas.line(left, 30, left, 30 + PLOT, palette.MUTED, 1.5)
            canvas.line(left, 30 + PLOT, left + width, 30 + PLOT, palette.MUTED, 1.5)
            canvas.text(left - 5, 36, top, anchor="end", **small)
            canvas.text(left - 5, 30 + PLOT - 4, "0", anchor="end", **small)

    def _frame(self, canvas: Canvas, frame: Frame, highest: float) -> None:
        total = self.epochs * self.steps
        look = {"fill": "none", "stroke_width": 2.5, "stroke_linejoin": "round"}
        points = [
            (34 + 210 * n / total, 30 + PLOT * (1 - loss / highest))
            for n, loss in frame.losses
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        canvas.add("polyline", points=line, stroke=palette.BLUE, **look)
        canvas.text(150, 40, "loss", 16, palette.BLUE)
        dots = [
            (300 + 120 * n / self.epochs, 30 + PLOT * (1 - a))
            for n, a in enumerate(frame.accuracies, 1)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        canvas.add("polyline", points=line, stroke=palette.VERMILLION, **look)
        for x, y in dots[-1:]:
            canvas.add("circle", cx=x, cy=y, r=4.5, fill=palette.VERMILLION)
        told = percent(frame.accuracies[-1]) if frame.accuracies else "…"
        words = f"test accuracy {told}"
        canvas.text(WIDTH, 18, words, 14, palette.WINDOW_INK, "end")
        y = PLOT + 46
        for title, pixels in (
            ("weights of the first layer", frame.weights),
            ("its maps of the first test image", frame.maps),
        ):
            if pixels is not None:
                self._row(canvas, y, title, pixels)
                y += ROW
        if frame.errors is not None:
            words = f"wrong: {frame.errors:,} of {len(self.test):,}"
            words += ", such as" if frame.wrong else ""
            canvas.text(0, y, words, 16, anchor="start")
            for i, (pixels, true, said) in enumerate(frame.wrong):
                x = i * (WIDTH + 12) / WRONG
                canvas.image(x, y + 14, pixels, TALL)
                words = (
                    [f"{true}→{said}"] if len(true + said) < 6 else [true, f"→{said}"]
                )
                for n, word in enumerate(words):
                    size = min(16, 116 / len(word))
                    canvas.text(x + TALL / 2, y + 86 + 16 * n, word, size)

    def _row(self, canvas: Canvas, y: float, title: str, pixels: np.ndarray) -> None:
        """Small pictures side by side, in as many rows as show them largest."""
        canvas.text(0, y, title, 16, anchor="start")
        sheets = [_sheet(pixels, rows) for rows in (1, 2, 4)]
        scales = [min(TALL / s.shape[0], WIDTH / s.shape[1]) for s in sheets]
        scale, sheet = max(zip(scales, sheets, strict=True), key=lambda pair: pair[0])
        high, wide = (scale * side for side in sheet.shape[:2])
        canvas.image(0, y + 14, sheet, wide, high)


def _first_layer(model: nn.Module) -> nn.Module | None:
    """The first module with weights of a convolution or of a dense layer."""
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.ndim in (2, 4):
            return module
    return None


def _sheet(pixels: np.ndarray, rows: int) -> np.ndarray:
    """Pictures (n, h, w, ...) in ``rows`` rows, with white lines between them."""
    finer = -(-24 // pixels.shape[1])  # so that the lines are thin beside a 3x3 kernel
    pixels = pixels.repeat(finer, axis=1).repeat(finer, axis=2)
    n, high, wide = pixels.shape[:3]
    gap, per_row = 2, -(-n // rows)
    size = (rows * (high + gap) - gap, per_row * (wide + gap) - gap)
    sheet = np.full((*size, *pixels.shape[3:]), 255, np.uint8)
    for i, one in enumerate(pixels):
        y, x = i // per_row * (high + gap), i % per_row * (wide + gap)
        sheet[y : y + high, x : x + wide] = one
    return sheet


def _signed(weight: Tensor) -> np.ndarray:
    """Filters (O, I, h, w) as pictures with gray for zero; colors where I is 3."""
    weight = weight[:32]
    if weight.shape[1] != 3:
        weight = weight[:, 0]
    scaled = 127.5 * (1 + weight / weight.abs().max().clamp(min=1e-12))
    pixels = scaled.round().to(torch.uint8)
    return (pixels.permute(0, 2, 3, 1) if pixels.ndim == 4 else pixels).numpy()


def _gray(maps: Tensor) -> np.ndarray:
    """Maps (C, H, W) from 0 as black to their common maximum as white."""
    maps = maps[:32]
    return (255 * maps / maps.max().clamp(min=1e-12)).to(torch.uint8).numpy()


def _pixels(image: Tensor) -> np.ndarray:
    """An image (C, H, W), uint8, as (H, W) or (H, W, 3)."""
    if len(image) not in (1, 3):
        image = image[:1]
    return image.permute(1, 2, 0).squeeze(2 if len(image) == 1 else ()).cpu().numpy()
