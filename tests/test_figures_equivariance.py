import pytest
import torch

from cnnlib import figures


def camera(shift: int):
    """A strip of 12×20 pixels seen by a camera, before and after it turned."""
    wide = torch.linspace(0, 1, 12 * 30).view(12, 30)
    before, after = wide[:, 5:25], wide[:, 5 + shift : 25 + shift]
    return before, after, before - 0.5, after - 0.5


def test_moved_says_how_far_and_where_to():
    picture = figures.moved(*camera(4), shift=4, patch=(2, 8))
    assert "4 pixels to the left" in picture.alt
    picture = figures.moved(*camera(-3), shift=-3, patch=(2, 8))
    assert "3 pixels to the right" in picture.alt
    assert picture.mime == "image/jpeg"


def test_moved_takes_answers_that_are_all_zero():
    before, after, *_ = camera(1)
    zero = torch.zeros(10, 18)
    assert figures.moved(before, after, zero, zero, shift=1, patch=(0, 1)).alt


@pytest.mark.parametrize(
    ("shift", "patch"), [(4, (2, 3)), (4, (10, 8)), (4, (2, 18)), (-4, (2, 14))]
)
def test_moved_refuses_a_patch_outside(shift, patch):
    with pytest.raises(ValueError, match="patch"):
        figures.moved(*camera(shift), shift=shift, patch=patch)


def test_moved_refuses_shapes_that_differ():
    before, after, *answers = camera(2)
    with pytest.raises(ValueError, match="shapes differ"):
        figures.moved(before, after[:, 1:], *answers, shift=2, patch=(2, 8))
