"""Softmax and cross-entropy under the hand: logits, probabilities, loss, gradient."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import traitlets as t

from cnnlib.drawing import palette
from cnnlib.drawing.format import fixed
from cnnlib.drawing.svg import Canvas
from cnnlib.widgets import base


def _check_classes(classes: Sequence[str]) -> list[str]:
    if isinstance(classes, str) or not all(isinstance(c, str) for c in classes):
        raise TypeError(
            f"expected classes to be a sequence of names, but got {classes!r}"
        )
    if len(classes) < 2:
        raise ValueError(f"expected classes to name at least two, but got {classes!r}")
    return list(classes)


def _check_logits(logits: Sequence[float], count: int) -> list[float]:
    values = list(logits)
    if not all(isinstance(z, Real) and math.isfinite(z) for z in values):
        raise ValueError(f"expected logits to be finite numbers, but got {values}")
    if len(values) != count:
        raise ValueError(f"logits has {len(values)} numbers for {count} classes")
    return [float(z) for z in values]


def _check_target(target: int, count: int) -> int:
    if not isinstance(target, Integral) or not 0 <= target < count:
        raise ValueError(f"expected target to be in 0..{count - 1}, but got {target!r}")
    return int(target)


class SoftmaxExplorer(base.Widget):
    """Sliders for logits, with probabilities, loss and gradient computed beside them.

    `logits` and `target` follow the sliders and may be set from Python; `probabilities`
    (K,), `loss` and `gradient` (K,) are computed from them.
    """

    _esm = base.source("common.js", "softmax.js")
    _page_state = ("classes", "logits", "target")
    classes = t.List(t.Unicode()).tag(sync=True)
    logits = t.List(t.Float()).tag(sync=True)
    target = t.Int(0).tag(sync=True)

    @t.validate("logits")
    def _validate_logits(self, proposal):
        return _check_logits(proposal["value"], len(self.classes))

    @t.validate("target")
    def _validate_target(self, proposal):
        return _check_target(proposal["value"], len(self.classes))

    @property
    def probabilities(self) -> list[float]:
        """softmax(logits), shifted by the largest logit so that nothing overflows."""
        raised = [math.exp(z - max(self.logits)) for z in self.logits]
        return [e / sum(raised) for e in raised]

    @property
    def loss(self) -> float:
        """Cross-entropy, the negative log of the target's probability, in nats."""
        top = max(self.logits)
        log_sum = top + math.log(sum(math.exp(z - top) for z in self.logits))
        return log_sum - self.logits[self.target]

    @property
    def gradient(self) -> list[float]:
        """The loss's gradient with respect to the logits: p - y."""
        return [p - (i == self.target) for i, p in enumerate(self.probabilities)]

    def __repr__(self) -> str:
        logits = [round(z, 3) for z in self.logits]
        target = self.classes[self.target]
        return f"SoftmaxExplorer({self.classes}, logits={logits}, target={target!r})"

    def alt(self) -> str:
        """Return the still in words."""
        rows = zip(self.classes, self.logits, self.probabilities, strict=True)
        told = [f"{c}: logit {fixed(z, 1)}, probability {p:.2f}" for c, z, p in rows]
        return (
            f"Softmax explorer. {'; '.join(told)}. The right answer is "
            f"{self.classes[self.target]}, the loss is {self.loss:.3f}."
        )

    def _draw(self) -> Canvas:
        """Draw the rows of the widget: z, p as a bar, p - y."""
        canvas = Canvas()
        heads = {0: "Logits z", 250: "p = softmax(z)", 580: "gradient p \u2212 y"}
        for x, head in heads.items():
            canvas.text(x, 0, head, anchor="start", font_weight="bold")
        rows = zip(
            self.classes, self.logits, self.probabilities, self.gradient, strict=True
        )
        for i, (name, z, p, g) in enumerate(rows):
            y = 44 * (i + 1)
            mark = " (y = 1)" if i == self.target else ""
            words = {0: f"{name}: {fixed(z, 1)}{mark}", 480: f"{p:.2f}", 580: fixed(g)}
            for x, word in words.items():
                canvas.text(x, y, word, anchor="start")
            canvas.rect(250, y - 13, 220, 26, "#ececec", "#8c8c8c")
            canvas.rect(250, y - 13, 220 * p, 26, palette.OUTPUT)
        target = self.classes[self.target]
        loss = f"loss = \u2212log p({target}) = {fixed(self.loss, 3)}"
        y = 44 * (len(self.classes) + 1)
        canvas.text(0, y, loss, anchor="start", font_weight="bold")
        return canvas


def softmax_explorer(
    classes: Sequence[str] = ("cat", "dog", "bird"),
    logits: Sequence[float] = (2.0, 1.0, 0.1),
    target: int = 0,
) -> SoftmaxExplorer:
    """Return sliders for K logits with their softmax, loss and gradient.

    classes: K names; logits: K finite numbers; target: index of the
    right answer, 0..K-1.
    Everything is computed in the browser, so it also works in an exported page.
    Raises TypeError or ValueError when the three do not fit together.
    """
    classes = _check_classes(classes)
    return SoftmaxExplorer(
        classes=classes,
        logits=_check_logits(logits, len(classes)),
        target=_check_target(target, len(classes)),
    )
