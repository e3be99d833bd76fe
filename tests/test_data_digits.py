"""data.center_digit: a drawing made into the picture that MNIST would have made."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnlib import data


def ink_center(picture):
    """Center of mass (row, column) of (1, 28, 28)."""
    ink = picture[0].double()
    places = torch.arange(28, dtype=torch.float64)
    return (
        (ink.sum(1) * places).sum().item() / ink.sum().item(),
        (ink.sum(0) * places).sum().item() / ink.sum().item(),
    )


def box(picture):
    """Height and width of the ink's bounding box."""
    rows, columns = picture[0].nonzero(as_tuple=True)
    return rows.max() - rows.min() + 1, columns.max() - columns.min() + 1


def test_nothing_drawn_is_an_empty_picture():
    picture = data.center_digit(np.zeros((50, 70), np.uint8))
    assert picture.shape == (1, 28, 28)
    assert picture.dtype == torch.uint8
    assert not picture.any()


@pytest.mark.parametrize(("height", "width"), [(100, 30), (30, 100), (9, 5), (1, 1)])
def test_a_bar_anywhere_fits_the_box_and_keeps_its_shape(height, width):
    drawing = np.zeros((140, 140), np.uint8)
    drawing[3 : 3 + height, 30 : 30 + width] = 255
    picture = data.center_digit(drawing)
    scale = 20 / max(height, width)
    assert box(picture) == (round(height * scale), round(width * scale))
    assert ink_center(picture) == pytest.approx((14, 14), abs=0.51)


def test_a_slanted_line_is_antialiased():
    drawing = (255 * (np.abs(np.subtract.outer(range(140), range(140))) < 9)).astype(
        np.uint8
    )
    picture = data.center_digit(drawing)
    assert ((picture > 0) & (picture < 255)).sum() > 20


def test_uneven_ink_is_centered_by_its_mass_not_by_its_box():
    drawing = np.zeros((100, 100), np.uint8)
    drawing[10:90, 20:30] = 255
    drawing[10:30, 20:70] = 255
    picture = data.center_digit(drawing)
    assert ink_center(picture) == pytest.approx((14, 14), abs=0.51)
    rows = picture[0].any(1).nonzero()
    assert rows.min() + rows.max() != 27  # its box is off the middle


def test_a_picture_that_is_centered_already_stays_as_it_is():
    # True of MNIST's own images as well: the first 3,000 of the test set come out
    # equal in every pixel.
    picture = torch.zeros(28, 28, dtype=torch.uint8)
    picture[4:24, 9:19] = 200
    assert torch.equal(data.center_digit(picture)[0], picture)


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_no_ink_leaves_the_field(drawing):
    picture = data.center_digit(drawing)
    assert picture.shape == (1, 28, 28)
    if drawing.any():
        # Faint ink at the rim may round to nothing when the drawing is scaled down.
        assert max(box(picture)) <= 20 if picture.any() else drawing.max() < 255


def test_centering_says_what_it_needs():
    with pytest.raises(TypeError, match="uint8, but got float64"):
        data.center_digit(np.zeros((5, 5)))
    with pytest.raises(ValueError, match=r"\(H, W\), but got \(1, 5, 5\)"):
        data.center_digit(np.zeros((1, 5, 5), np.uint8))
