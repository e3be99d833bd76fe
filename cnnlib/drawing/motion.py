"""Steps of a picture that moves, as CSS inside its SVG.

All parts of a picture share one clock of ``count`` steps of ``seconds`` each, which
starts again at the end. Nothing here needs a script, and everything stands still for
readers who ask their system for reduced motion: they see what the parts look like
without animation, so that must be the first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import Canvas

MOST_FRAMES = 150  # a longer animation is neither watched nor small
STANDS = 0.8  # the share of a step that a gliding thing stands still


class Film:
    """The steps of a picture that moves, written as CSS into its canvas.

    With a ``count`` of 1 nothing moves. Raises ValueError when there are too many steps
    (``advice`` says what to change then) or ``seconds`` are not more than 0.
    """

    def __init__(self, canvas: Canvas, count: int, seconds: float, advice: str):
        if not seconds > 0:
            raise ValueError(f"seconds is {seconds}, expected more than 0")
        if count > MOST_FRAMES:
            raise ValueError(
                f"the animation would have {count} steps, more than {MOST_FRAMES}: "
                f"{advice}"
            )
        self.canvas, self.count, self.seconds = canvas, count, seconds
        self.known: set[str] = set()
        self.total = f"{count * seconds:g}s infinite"
        if count > 1:
            rests = "@media(prefers-reduced-motion:reduce){*{animation:none!important}}"
            canvas.css += [".h{opacity:0}", rests]

    def picture(self, alt: str, first: int = 0) -> Picture:
        """The finished canvas, with controls; it stands at step ``first`` if not 0."""
        moves = {"steps": self.count, "seconds": self.seconds, "first": first}
        return replace(self.canvas.picture(alt), **moves)

    def part(self, n: int, parts: int) -> dict[str, str]:
        """Attributes of a group that is seen in the n-th of equal ``parts`` only."""
        if parts == 1:
            return {}
        name = "f" if parts == self.count else "g"
        gone = f"{{opacity:1}}{100 / parts:.3f}%,100%{{opacity:0}}"
        self._add(name, f"@keyframes {name}{{0%{gone}}}", " step-end")
        # A negative delay starts the common animation in the middle, at its own phase.
        delay = (n - parts) * self.seconds * self.count / parts if n else 0
        look = {"class_": name if n == 0 else f"{name} h"}
        return look | ({"style": f"animation-delay:{delay:g}s"} if n else {})

    def only(self, n: int) -> dict[str, str]:
        """Attributes of a group that is seen in step ``n`` only."""
        return self.part(n, self.count)

    def since(self, n: int) -> dict[str, str]:
        """Attributes of a group that is seen in the first step and again from ``n``."""
        if n <= 1:
            return {}
        gone, back = 100 / self.count, 100 * n / self.count
        frames = f"0%{{opacity:1}}{gone:.2f}%{{opacity:0}}{back:.2f}%,100%{{opacity:1}}"
        self._add(f"k{n}", f"@keyframes k{n}{{{frames}}}", " step-end")
        return {"class_": f"k{n}"}

    def between(self, n: int, end: int) -> dict[str, str]:
        """Attributes of a group that is seen from step ``n`` until before ``end``."""
        start, stop = 100 * n / self.count, 100 * end / self.count
        frames = (
            f"0%{{opacity:0}}{start:.2f}%{{opacity:1}}{stop:.2f}%,100%{{opacity:0}}"
        )
        name = f"b{n}-{end}"
        self._add(name, f"@keyframes {name}{{{frames}}}", " step-end")
        return {"class_": f"{name} h"}

    def from_then_on(self, n: int) -> dict[str, str]:
        """Attributes of a group that is not seen before step ``n``."""
        if n == 0:
            return {}
        frames = f"0%{{opacity:0}}{100 * n / self.count:.2f}%,100%{{opacity:1}}"
        self._add(f"o{n}", f"@keyframes o{n}{{{frames}}}", " step-end")
        return {"class_": f"o{n} h"}

    def gliding(self, name: str, transforms: Sequence[str]) -> dict[str, str]:
        """Attributes of a group that stands at each CSS transform for one step.

        At the end it glides back to the first one, where it stands without animation.
        """
        first, steps = transforms[0], []
        if self.count == 1:
            return {}
        for n, transform in enumerate(transforms):
            begin, end = 100 * n / self.count, 100 * (n + STANDS) / self.count
            steps.append(f"{begin:.2f}%,{end:.2f}%{{transform:{transform}}}")
        frames = f"{''.join(steps)}100%{{transform:{first}}}"
        self._add(name, f".{name}{{transform:{first}}}@keyframes {name}{{{frames}}}")
        return {"class_": name}

    def _add(self, name: str, css: str, timing: str = "") -> None:
        """Write the keyframes of a class once, and that it follows them."""
        if name not in self.known:
            self.known.add(name)
            rule = f".{name}{{animation:{name} {self.total}{timing}}}"
            self.canvas.css.append(css + rule)
