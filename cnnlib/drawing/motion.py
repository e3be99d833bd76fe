"""Steps of a picture that moves, as CSS inside its SVG.

All parts of a picture share one clock of ``count`` steps of ``seconds`` each, which
starts again at the end. Nothing here needs a script, and everything stands still for
readers who ask their system for reduced motion: they see what the parts look like
without animation, so that must be the first step.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnlib.drawing.svg import Canvas

MOST_FRAMES = 150  # a longer animation is neither watched nor small
STANDS = 0.8  # the share of a step that a gliding thing stands still

RESTS = "@media(prefers-reduced-motion:reduce){*{animation:none!important}}"
HIDDEN = ".h{opacity:0}"


def positive(seconds: float) -> float:
    """``seconds`` itself; ValueError when it is not more than 0."""
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}, expected more than 0")
    return seconds


def blink(name: str, parts: int) -> str:
    """Keyframes that show something in the first of ``parts`` steps only."""
    return f"@keyframes {name}{{0%{{opacity:1}}{100 / parts:.3f}%,100%{{opacity:0}}}}"


def at_step(name: str, n: int, count: int, seconds: float) -> dict[str, str]:
    """Attributes of a group seen in the n-th of ``count`` steps, as ``blink`` says."""
    if count == 1:
        return {}
    # A negative delay starts the common animation in the middle, at its own phase.
    delay = (n - count) * seconds if n else 0
    look = {"class_": name if n == 0 else f"{name} h"}
    return look | ({"style": f"animation-delay:{delay:g}s"} if n else {})


def glide(name: str, transforms: Sequence[str], end: str = "none") -> str:
    """Keyframes that stand at each CSS transform in turn and glide to the next.

    ``end`` is where the last one glides to: how the thing looks without animation.
    """
    count, steps = len(transforms), []
    for n, transform in enumerate(transforms):
        look = f"{{transform:{transform}}}"
        steps.append(f"{100 * n / count:.2f}%,{100 * (n + STANDS) / count:.2f}%{look}")
    return f"@keyframes {name}{{{''.join(steps)}100%{{transform:{end}}}}}"


class Film:
    """The steps of a picture whose first one shows the whole, and the others the way.

    It writes the CSS into the canvas. Raises ValueError when there are too many steps;
    ``advice`` says what to change then.
    """

    def __init__(self, canvas: Canvas, count: int, seconds: float, advice: str):
        if count > MOST_FRAMES:
            raise ValueError(
                f"the animation would have {count} steps, more than {MOST_FRAMES}: "
                f"{advice}"
            )
        self.canvas, self.count, self.seconds = canvas, count, positive(seconds)
        self.known: set[str] = set()
        self.total = f"{count * self.seconds:g}s infinite"
        steps = f".f{{animation:f {self.total} step-end}}"
        canvas.css += [HIDDEN, blink("f", count), steps, RESTS]

    def only(self, n: int) -> dict[str, str]:
        """Attributes of a group that is seen in step ``n`` only."""
        return at_step("f", n, self.count, self.seconds)

    def since(self, n: int) -> dict[str, str]:
        """Attributes of a group that is seen in the first step and again from ``n``."""
        if n <= 1:
            return {}
        if (name := f"k{n}") not in self.known:
            self.known.add(name)
            gone, back = 100 / self.count, 100 * n / self.count
            self.canvas.css.append(
                f"@keyframes {name}{{0%{{opacity:1}}{gone:.2f}%{{opacity:0}}"
                f"{back:.2f}%,100%{{opacity:1}}}}"
                f".{name}{{animation:{name} {self.total} step-end}}"
            )
        return {"class_": name}

    def gliding(self, name: str, transforms: Sequence[str]) -> dict[str, str]:
        """Attributes of a group that goes through one CSS transform a step."""
        self.canvas.css += [
            glide(name, transforms, transforms[0]),
            f".{name}{{transform:{transforms[0]};animation:{name} {self.total}}}",
        ]
        return {"class_": name}
