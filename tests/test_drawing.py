"""drawing: how numbers are written, and colors that are told apart."""

import matplotlib
import numpy as np
import pytest

from cnnlib.drawing import format, palette, style


@pytest.mark.parametrize(
    ("value", "text", "signed"),
    [(0.25, "0.25", "+0.25"), (-0.7, "−0.70", "−0.70"), (-0.001, "0.00", "0.00")],
)
def test_fixed_decimals_with_a_minus_sign_and_never_minus_zero(value, text, signed):
    assert format.fixed(value) == text
    assert format.fixed(value, sign=True) == signed


@pytest.mark.parametrize(
    ("shape", "text"), [((6, 28, 28), "6×28×28"), (120, "120"), ((), "–"), (None, "–")]
)
def test_sizes_are_joined_by_times(shape, text):
    assert format.sizes(shape) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (18_816, "18.8 kB"),
        (999_600, "1 MB"),
        (14.4e9, "14.4 GB"),
        (5.37e12, "5.37 TB"),
    ],
)
def test_memory_is_written_in_decimal_units(size, text):
    assert format.memory(size) == text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (19, "19"),
        (-1, "−1"),
        (0.25, "0.25"),
        (-0.0, "0"),
        (1e3, "1000"),
        (1 / 3, "0.333"),
    ],
)
def test_numbers_as_cells_show_them(value, words):
    assert format.number(value) == words


def contrast(a: str, b: str) -> float:
    """WCAG's contrast ratio of two colors."""

    def luminance(color):
        rgb = np.asarray(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_words_and_numbers_stand_out():
    pale = (palette.INPUT_PALE, palette.KERNEL_PALE, palette.OUTPUT_PALE, palette.PAPER)
    inks = (
        palette.INPUT_INK,
        palette.KERNEL_INK,
        palette.OUTPUT_INK,
        palette.WINDOW_INK,
    )
    assert min(contrast(palette.INK, color) for color in pale) > 7
    assert min(contrast(ink, palette.PAPER) for ink in (*inks, palette.MUTED)) > 4.5
    assert contrast(palette.KERNEL_INK, palette.INPUT_PALE) > 4.5  # the small weights
    assert min(contrast(style.ink_on(c), c) for c in (*pale, *inks, "#777777")) > 4.4


def test_lines_differ_by_more_than_color():
    looks = style.series(9)
    assert len(looks) == 9
    first = looks[: len(style.SERIES)]
    assert len({look["marker"] for look in first}) == len(first)
    assert len({str(look["linestyle"]) for look in first}) == len(first)


def test_a_network_keeps_its_color_wherever_it_is_drawn():
    names = ["VGG in small", "LeNet-5", "LeNet-5, batch norm", "linear", "mine"]
    vgg, lenet, normed, linear, mine = style.series(names)
    (other,) = style.series(["LeNet"])
    assert lenet == other
    assert normed["color"] == lenet["color"]
    assert normed["marker"] != lenet["marker"]
    assert len({look["color"] for look in (vgg, lenet, linear, mine)}) == 4
    assert len({look["marker"] for look in style.series(names)}) == 5
    assert [look["color"] for look in style.series(3)] == [
        look["color"] for look in style.SERIES[:3]
    ]
