"""data.ImageSet: what it refuses, how it is picked from, how batches are cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib.data import Augment, ImageSet, denormalize, normalize


def numbered(n=10, classes=("a", "b")):
    """Images whose every pixel is their own number, so that they can be followed."""
    images = torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, 3, 4, 5)
    return ImageSet(images.contiguous(), torch.arange(n) % len(classes), classes, "toy")


def numbers(images):
    return images[:, 0, 0, 0].tolist()


def test_normalize_maps_black_to_minus_one_and_white_to_one():
    values = torch.tensor([0, 51, 255], dtype=torch.uint8)
    expected = torch.tensor([-1.0, -0.6, 1.0])
    torch.testing.assert_close(normalize(values), expected)
    torch.testing.assert_close(denormalize(normalize(values)), values / 255)


def test_denormalize_clamps():
    assert denormalize(torch.tensor([-3.0, 3.0])).tolist() == [0.0, 1.0]


def test_normalize_wants_uint8_and_denormalize_floats():
    with pytest.raises(TypeError, match="uint8 tensor, not a tensor of float32"):
        normalize(torch.zeros(3))
    with pytest.raises(TypeError, match="float tensor, not a tensor of uint8"):
        denormalize(torch.zeros(3, dtype=torch.uint8))
    with pytest.raises(TypeError, match="not ndarray"):
        normalize(np.zeros(3))


def test_an_image_set_says_what_it_is():
    s = numbered(1234)
    assert repr(s) == "ImageSet 'toy': 1,234 images of 3×4×5, 2 classes (a, b), on cpu"
    many = numbered(10, tuple("abcdefghij"))
    assert "10 classes (a, b, …, j)" in repr(many)
    assert s.image_shape == (3, 4, 5)
    assert len(s) == 1234
    assert s.counts() == {"a": 617, "b": 617}


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"images": torch.zeros(2, 1, 4, 4)}, TypeError, "images must be a uint8"),
        ({"images": torch.zeros(2, 4, 4).byte()}, ValueError, r"\(N, C, H, W\), not"),
        ({"labels": torch.zeros(2)}, TypeError, "labels must be an int64 tensor"),
        ({"labels": torch.zeros(3).long()}, ValueError, r"labels must have shape \(2,"),
        (
            {"labels": torch.tensor([0, 2])},
            ValueError,
            r"labels must be in 0..1 .* 0..2",
        ),
        ({"labels": torch.tensor([-1, 0])}, ValueError, r"not -1..0"),
        ({"classes": "ab"}, TypeError, "classes must be a tuple of names"),
        ({"classes": (0, 1)}, TypeError, "classes must be strings"),
        ({"classes": ("a", "a")}, ValueError, "classes must differ"),
        ({"name": None}, TypeError, "name must be a string"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, error, sentence):
    good = {
        "images": torch.zeros(2, 1, 4, 4, dtype=torch.uint8),
        "labels": torch.tensor([0, 1]),
        "classes": ["a", "b"],
        "name": "toy",
    }
    assert ImageSet(**good).classes == ("a", "b")
    with pytest.raises(error, match=sentence):
        ImageSet(**{**good, **change})


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(2, 5), [2, 3, 4]),
        (slice(None, None, 4), [0, 4, 8]),
        ([7, 0, -1], [7, 0, 9]),
        ([], []),
        (torch.tensor([3, 3]), [3, 3]),
        (torch.tensor([3], dtype=torch.uint8), [3]),
        (np.array([1, 2]), [1, 2]),
        (torch.arange(10) > 7, [8, 9]),
    ],
)
def test_a_part_is_a_set(index, expected):
    part = numbered()[index]
    assert isinstance(part, ImageSet)
    assert numbers(part.images) == expected
    assert part.labels.tolist() == [i % 2 for i in expected]
    assert (part.classes, part.name) == (("a", "b"), "toy")


@pytest.mark.parametrize(
    ("index", "error", "sentence"),
    [
        (3, TypeError, r"one image is \.images\[i\]"),
        ("x", TypeError, "index must be a slice, a list"),
        ([0.5], TypeError, "not torch.float32"),
        ([10], IndexError, "reaches from 10 to 10 in a set of 10"),
        ([-11], IndexError, "reaches from -11"),
        ([True, False], IndexError, "2 bools for a set of 10"),
    ],
)
def test_an_index_that_picks_nothing_is_refused(index, error, sentence):
    with pytest.raises(error, match=sentence):
        numbered()[index]


def test_a_set_is_not_iterated_image_by_image():
    with pytest.raises(TypeError, match="batches"):
        list(numbered())


def test_per_class_takes_as_many_of_each_in_order_of_the_classes():
    s = numbered(30, ("a", "b", "c"))
    some = s.per_class(4, seed=1)
    assert some.counts() == {"a": 4, "b": 4, "c": 4}
    assert some.labels.tolist() == sorted(some.labels.tolist())
    assert len(set(numbers(some.images))) == 12
    assert numbers(some.images) == numbers(s.per_class(4, seed=1).images)
    assert numbers(some.images) != numbers(s.per_class(4, seed=2).images)
    with pytest.raises(ValueError, match="'toy' has only 10 images of class 'a'"):
        s.per_class(11)
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        s.per_class(0)


def test_the_center_of_each_image():
    images = torch.arange(2 * 7 * 9, dtype=torch.uint8).view(2, 1, 7, 9)
    s = ImageSet(images, torch.tensor([0, 1]), ("a", "b"), "toy")
    center = s.center_crop(3)
    assert torch.equal(center.images, images[:, :, 2:5, 3:6])
    assert center.images.is_contiguous()
    assert torch.equal(center.labels, s.labels)
    assert s.center_crop(7).image_shape == (1, 7, 7)
    with pytest.raises(ValueError, match="n is 8, more than an image of 7×9 has"):
        s.center_crop(8)
    with pytest.raises(TypeError, match=r"n must be an int, not 2\.0"):
        s.center_crop(2.0)


def test_shuffled_keeps_images_with_their_labels():
    s = numbered(50)
    mixed = s.shuffled(seed=3)
    order = numbers(mixed.images)
    assert sorted(order) == list(range(50)) != order
    assert mixed.labels.tolist() == [i % 2 for i in order]
    assert numbers(s.shuffled(seed=3).images) == order


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_are_cut_where_the_set_is():
    moved = numbered().to("cuda")
    assert "on cuda" in repr(moved)
    generator = torch.Generator().manual_seed(0)
    here = numbered().batches(4, shuffle=True, generator=generator)
    generator = torch.Generator().manual_seed(0)
    there = moved.batches(4, shuffle=True, generator=generator)
    for (x, y), (gpu_x, gpu_y) in zip(here, there, strict=True):
        assert gpu_x.is_cuda
        assert gpu_y.is_cuda
        assert torch.equal(gpu_x.cpu(), x)
        assert torch.equal(gpu_y.cpu(), y)


def test_to_where_it_is_copies_nothing():
    s = numbered()
    assert s.to("cpu").images.data_ptr() == s.images.data_ptr()


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), shuffle=st.booleans())
def test_batches_hold_every_image_once(n, batch_size, shuffle):
    batches = list(numbered(n).batches(batch_size, shuffle=shuffle))
    assert [len(y) for _, y in batches[:-1]] == [batch_size] * (len(batches) - 1)
    images = torch.cat([x for x, _ in batches])
    labels = torch.cat([y for _, y in batches])
    assert images.dtype == torch.float32
    seen = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
    assert sorted(seen.tolist()) == list(range(n))
    assert torch.equal(labels, seen % 2)


def test_batches_follow_their_generator():
    def labels(seed):
        generator = torch.Generator().manual_seed(seed)
        s = numbered(100)
        return [
            x[:, 0, 0, 0].tolist()
            for x, _ in s.batches(9, shuffle=True, generator=generator)
        ]

    assert labels(0) == labels(0) != labels(1)


def test_each_epoch_has_its_own_order():
    s, generator = numbered(100), torch.Generator().manual_seed(0)
    first, second = (
        next(s.batches(100, shuffle=True, generator=generator))[0] for _ in range(2)
    )
    assert not torch.equal(first, second)


def test_an_order_is_every_index_once_and_follows_its_generator():
    def order(seed):
        return numbered(100).order(torch.Generator().manual_seed(seed))

    assert order(0).dtype == torch.int64
    assert sorted(order(0).tolist()) == list(range(100))
    assert torch.equal(order(0), order(0))
    assert not torch.equal(order(0), order(1))


def test_shuffling_is_going_through_a_drawn_order():
    s = numbered(100)
    order = s.order(torch.Generator().manual_seed(4))
    shuffled = s.batches(9, shuffle=True, generator=torch.Generator().manual_seed(4))
    for (x, y), (same_x, same_y) in zip(
        s.batches(9, order=order), shuffled, strict=True
    ):
        assert torch.equal(x, same_x)
        assert torch.equal(y, same_y)


def test_batches_go_through_the_images_that_an_order_names():
    batches = list(numbered().batches(2, order=torch.tensor([7, 0, 9, 7, 2])))
    assert [labels.tolist() for _, labels in batches] == [[1, 0], [1, 1], [0]]
    seen = torch.cat([(x[:, 0, 0, 0] + 1) * 127.5 for x, _ in batches])
    assert seen.round().tolist() == [7, 0, 9, 7, 2]
    assert list(numbered().batches(2, order=torch.empty(0, dtype=torch.int64))) == []


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"order": torch.arange(3), "shuffle": True}, ValueError, "not both"),
        ({"order": [1, 2]}, TypeError, "order must be an int64 tensor, not list"),
        ({"order": torch.ones(2)}, TypeError, "not a tensor of float32"),
        ({"order": torch.zeros(2, 1).long()}, ValueError, r"shape \(M,\), not \(2, 1"),
        ({"order": torch.tensor([0, 10])}, IndexError, "from 0 to 10 in a set of 10"),
        ({"order": torch.tensor([-1])}, IndexError, "reaches from -1 to -1"),
    ],
)
def test_an_order_that_names_no_images_is_refused_at_the_call(
    arguments, error, sentence
):
    with pytest.raises(error, match=sentence):
        numbered().batches(2, **arguments)


def test_batches_augment_whole_normalized_batches():
    seen = []

    def darken(images):
        seen.append(images.shape)
        return images - 1

    images, _ = next(numbered(8).batches(8, augment=darken))
    assert seen == [(8, 3, 4, 5)]
    assert images[0].unique().tolist() == [-2.0]


def test_an_augment_draws_from_the_generator_of_the_batches():
    def run():
        generator = torch.Generator().manual_seed(5)
        s = ImageSet(
            torch.randint(0, 256, (20, 1, 9, 9), generator=generator).byte(),
            torch.zeros(20, dtype=torch.int64),
            ("a",),
            "toy",
        )
        augment = Augment(shift=3, flip=True)
        return torch.cat(
            [x for x, _ in s.batches(7, generator=generator, augment=augment)]
        )

    assert torch.equal(run(), run())


def test_batches_refuse_at_the_call_and_not_at_the_first_batch():
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        numbered().batches(0)
    with pytest.raises(TypeError, match=r"batch_size must be an int, not 2\.5"):
        numbered().batches(2.5)
    with pytest.raises(TypeError, match="augment must be callable"):
        numbered().batches(2, augment="flip")
