"""Every way in which the lecture writes a number, a size or a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real

MINUS = "\N{MINUS SIGN}"


def number(value: float) -> str:
    """A number as a cell shows it: 19, −1, 0.25, 3.1e+06."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.6g}"
    return ("0" if text == "-0" else text).replace("-", MINUS)


def fixed(value: float, digits: int = 2, sign: bool = False) -> str:
    """A number with that many decimals, "−0.25", and never "−0.00"."""
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}".replace("-", MINUS)


def count(value: float) -> str:
    """A whole number with commas, "61,706"; any other as ``number`` writes it."""
    return f"{value:,.0f}" if float(value).is_integer() else number(value)


def short(value: float) -> str:
    """A count in three digits: 61,706 is "61.7 K", 1.006e9 is "1.01 G"."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def memory(size: float) -> str:
    """Bytes in three digits and the decimal units of drives and papers: "14.4 GB"."""
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= 0.9995 * factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.0f} B"


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1: 0.987 is "98.7 %"."""
    return f"{100 * share:.{digits}f} %"


def probability(p: float) -> str:
    """A probability in whole percents; what is not quite certain is "> 99 %"."""
    return "> 99 %" if 0.995 < p < 1 else percent(p, 0)


def sizes(shape: Iterable[int] | Real | None) -> str:
    """(6, 28, 28) is "6×28×28"; a number stands for itself, nothing is a dash."""
    if isinstance(shape, Real):
        return str(shape)
    return "×".join(map(str, shape or ())) or "–"


def listed(items: Sequence[str]) -> str:
    """Items as in a sentence: "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
