"""data.Augment: each change alone, on both kinds of pixels, reproducible."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib.data import Augment, normalize


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=16, channels=3, height=9, width=11):
    shape = (n, channels, height, width)
    return torch.randint(1, 256, shape, generator=generator(), dtype=torch.uint8)


def shifted(image, down, right, fill):
    """One image (C, H, W) moved, by slices."""
    _, H, W = image.shape
    result = torch.full_like(image, fill)
    result[:, max(down, 0) : H + min(down, 0), max(right, 0) : W + min(right, 0)] = (
        image[:, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)]
    )
    return result


def test_nothing_asked_nothing_done():
    images = noise()
    assert Augment()(images) is images
    assert repr(Augment()) == "Augment()"


def test_repr_shows_what_was_asked():
    augment = Augment(shift=2, flip=True, rotate=10)
    assert repr(augment) == "Augment(shift=2, flip=True, rotate=10)"


def test_flip_turns_about_half_of_the_images():
    images = noise(200)
    flipped = Augment(flip=True)(images, generator())
    same = (flipped == images).flatten(1).all(1)
    turned = (flipped == images.flip(3)).flatten(1).all(1)
    assert (same | turned).all()
    assert 70 < turned.sum() < 130


@pytest.mark.parametrize("make", [lambda x: x, normalize], ids=["uint8", "float"])
def test_shift_moves_whole_pixels_and_fills_with_black(make):
    images = make(noise(100))
    fill = 0 if images.dtype == torch.uint8 else -1
    moved = Augment(shift=2)(images, generator())
    found = set()
    for before, after in zip(images, moved, strict=True):
        matches = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(after, shifted(before, down, right, fill))
        ]
        assert len(matches) == 1
        found.update(matches)
    assert len(found) > 20  # of the 25 that there are


def test_float_and_uint8_are_moved_alike():
    augment = Augment(shift=3, flip=True, erase=2)
    floats = augment(normalize(noise()), generator(4))
    assert torch.equal(floats, normalize(augment(noise(), generator(4))))


def test_a_shift_by_more_than_the_image_leaves_black():
    moved = Augment(shift=50)(noise(64), generator())
    assert (moved.flatten(1).sum(1) == 0).any()


def test_erase_blackens_one_square_inside_each_image():
    images = noise(64)
    erased = Augment(erase=4)(images, generator())
    changed = erased != images
    assert (erased[changed] == 0).all()
    assert (changed.sum((1, 2, 3)) == 4 * 4 * 3).all()
    assert (changed.any(3).sum(2) == 4).all()
    assert (changed.any(2).sum(2) == 4).all()
    assert len({tuple(c[0].nonzero()[0].tolist()) for c in changed}) > 20


def test_rotate_by_little_keeps_the_center_and_blackens_corners():
    images = torch.full((32, 1, 21, 21), 200, dtype=torch.uint8)
    turned = Augment(rotate=45)(images, generator())
    assert (turned[:, :, 5:16, 5:16] == 200).all()
    assert (turned[:, 0, 0, 0] < 200).any()


def test_rotate_turns_by_the_angle_also_where_the_image_is_not_square():
    # A horizontal bar, turned by a known angle, points along that angle.
    images = torch.zeros(40, 1, 41, 81)
    images[:, :, 19:22, 25:56] = 2
    images -= 1
    turned = Augment(rotate=60)(images, generator(1)) + 1
    rows, columns = torch.meshgrid(
        torch.arange(41.0), torch.arange(81.0), indexing="ij"
    )
    y, x = rows - 20, columns - 40
    mass = turned[:, 0]
    covariance = [(mass * u * v).sum((1, 2)) for u, v in ((x, x), (y, y), (x, y))]
    spread = covariance[0] + covariance[1]
    before = images[0, 0] + 1
    # Turning keeps lengths: the spread about the center is what it was.
    expected = (before * (x * x + y * y)).sum()
    torch.testing.assert_close(spread, expected.expand(40), rtol=0.05, atol=0)
    angle = 0.5 * torch.atan2(2 * covariance[2], covariance[0] - covariance[1])
    assert angle.rad2deg().abs().max() < 61
    assert angle.rad2deg().max() > 40
    assert angle.rad2deg().min() < -40


def test_scale_changes_areas_both_ways():
    images = torch.full((64, 1, 40, 40), -1.0)
    images[:, :, 10:30, 10:30] = 1
    area = ((Augment(scale=0.3)(images, generator()) + 1) / 2).sum((1, 2, 3))
    assert 0.7**2 * 400 * 0.95 < area.min() < 300
    assert 520 < area.max() < 1.3**2 * 400 * 1.05


@settings(max_examples=30, deadline=None)
@given(
    shift=st.integers(0, 4),
    flip=st.booleans(),
    rotate=st.sampled_from([0.0, 15.0]),
    scale=st.sampled_from([0.0, 0.2]),
    erase=st.integers(0, 5),
    dtype=st.sampled_from([torch.uint8, torch.float32, torch.float64, torch.bfloat16]),
    n=st.integers(0, 3),
    channels=st.integers(1, 3),
)
def test_shape_dtype_and_range_stay_and_the_input_is_left_alone(
    shift, flip, rotate, scale, erase, dtype, n, channels
):
    images = noise(n, channels)
    if dtype != torch.uint8:
        images = normalize(images).to(dtype)
    before = images.clone()
    augment = Augment(shift, flip, rotate, scale, erase)
    result = augment(images, generator())
    assert torch.equal(images, before)
    assert (result.shape, result.dtype) == (images.shape, dtype)
    assert torch.equal(result, augment(images, generator()))
    if dtype != torch.uint8 and n:
        assert -1.01 <= result.min() <= result.max() <= 1.01


def test_each_image_is_cropped_at_a_place_of_its_own():
    images = noise(60, height=9, width=11)
    cropped = Augment(crop=7)(images, generator())
    assert cropped.shape == (60, 3, 7, 7)
    found = set()
    for before, after in zip(images, cropped, strict=True):
        places = [
            (top, left)
            for top in range(3)
            for left in range(5)
            if torch.equal(after, before[:, top : top + 7, left : left + 7])
        ]
        assert len(places) == 1
        found.update(places)
    assert len(found) > 12  # of the 15 that there are


def test_a_crop_is_shifted_into_what_lies_around_it():
    """The window may leave the image by the shift, and only there it is black."""
    images = noise(200, height=5, width=5)
    moved = Augment(crop=3, shift=1)(images, generator())
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1)  # (N, C, 5, 5, 3, 3)
    same = (windows == moved[:, :, None, None]).all(-1).all(-1).all(1)
    assert same.flatten(1).any(1).all()
    assert (moved == 0).any()


def test_a_crop_is_flipped_and_erased_within_itself():
    images = noise(50, height=9, width=9)
    result = Augment(crop=5, flip=True, erase=5)(images, generator())
    assert result.shape == (50, 3, 5, 5)
    assert (result == 0).all()
    with pytest.raises(ValueError, match="erase to fit into images of 5×5, but got 6"):
        Augment(crop=5, erase=6)(images)
    with pytest.raises(ValueError, match="crop to fit into images of 9×9, but got 10"):
        Augment(crop=10)(images)


def test_the_parts_of_a_batch_change_as_the_whole_would():
    augment = Augment(shift=2, flip=True, rotate=10, scale=0.1, erase=2, crop=7)
    images = normalize(noise(10))
    whole = augment(images, generator())
    for start, stop in ((0, 4), (4, 10), (9, 10)):
        part = augment(images[start:stop], generator(), share=(start, 10))
        torch.testing.assert_close(part, whole[start:stop])
    with pytest.raises(ValueError, match=r"with the 5 images in it, but got \(6, 10\)"):
        augment(images[:5], share=(6, 10))


def test_without_a_generator_the_global_seed_decides():
    augment, images = Augment(shift=2, flip=True), noise()
    torch.manual_seed(0)
    first = augment(images)
    torch.manual_seed(0)
    assert torch.equal(augment(images), first)
    assert not torch.equal(augment(images), first)


def test_a_batch_of_a_part_of_a_larger_tensor():
    wide = noise(16, 3, 9, 22)
    part = wide[:, :, :, ::2]
    expected = Augment(shift=1, flip=True)(part.contiguous(), generator())
    assert torch.equal(Augment(shift=1, flip=True)(part, generator()), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_generator_on_the_cpu_gives_the_same_on_a_gpu():
    augment = Augment(shift=2, flip=True, erase=3)
    there = augment(noise().cuda(), generator())
    assert there.is_cuda
    assert torch.equal(there.cpu(), augment(noise(), generator()))


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"shift": -1}, ValueError, "shift to be a number of pixels"),
        ({"shift": 1.5}, ValueError, "but got 1.5"),
        ({"erase": True}, ValueError, "erase to be a number of pixels"),
        ({"flip": 0.5}, TypeError, "flip to be True or False, but got 0.5"),
        ({"rotate": 200}, ValueError, "rotate .* at most 180, but got 200"),
        ({"rotate": "ten"}, TypeError, "rotate to be a number"),
        ({"scale": 1.0}, ValueError, "scale .* below 1, but got 1.0"),
        ({"scale": float("nan")}, ValueError, "scale"),
    ],
)
def test_amounts_that_make_no_sense_are_refused(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        Augment(**arguments)


@pytest.mark.parametrize(
    ("images", "error", "sentence"),
    [
        (torch.zeros(3, 8, 8), ValueError, r"\(N, C, H, W\), but got \(3, 8, 8\)"),
        (
            torch.zeros(1, 3, 8, 8).long(),
            TypeError,
            "uint8 or float, but got",
        ),
        ([[0.0]], TypeError, "images to be a tensor, but got list"),
        (
            torch.zeros(1, 3, 8, 4),
            ValueError,
            "erase to fit into images of 8×4",
        ),
    ],
)
def test_what_is_not_a_batch_is_refused(images, error, sentence):
    with pytest.raises(error, match=sentence):
        Augment(erase=5)(images)
