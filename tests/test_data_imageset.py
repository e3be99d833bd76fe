"""data.ImageSet: what it refuses, how it is picked from, how batches are cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset, random_split

from cnnlib.data import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Augment,
    ImageSet,
    denormalize,
    normalize,
)


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
    with pytest.raises(TypeError, match=r"uint8 tensor, but got .* torch\.float32"):
        normalize(torch.zeros(3))
    with pytest.raises(TypeError, match=r"float tensor, but got .* torch\.uint8"):
        denormalize(torch.zeros(3, dtype=torch.uint8))
    with pytest.raises(TypeError, match="but got ndarray"):
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
        ({"images": torch.zeros(2, 1, 4, 4)}, TypeError, "images to be a uint8"),
        ({"images": torch.zeros(2, 4, 4).byte()}, ValueError, r"\(N, C, H, W\), but"),
        ({"labels": torch.zeros(2)}, TypeError, "labels to be an int64 tensor"),
        ({"labels": torch.zeros(3).long()}, ValueError, r"labels to have shape \(2,"),
        (
            {"labels": torch.tensor([0, 2])},
            ValueError,
            "labels from 0 to 1, .* but got 0 to 2",
        ),
        ({"labels": torch.tensor([-1, 0])}, ValueError, "but got -1 to 0"),
        ({"classes": "ab"}, TypeError, "classes to be a tuple of names"),
        ({"classes": (0, 1)}, TypeError, "classes to be strings"),
        ({"classes": ("a", "a")}, ValueError, "classes to have different names"),
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
    ("index", "error"),
    [
        ([10], IndexError),
        ([-11], IndexError),
        ([True, False], IndexError),
        (torch.zeros(2, 2).long(), TypeError),
        (10, IndexError),
        (-11, IndexError),
    ],
)
def test_an_index_that_selects_nothing_is_refused(index, error):
    with pytest.raises(error):
        numbered()[index]


# --- as a Dataset of PyTorch's ------------------------------------------------------


def test_one_image_and_its_label():
    s = numbered()
    assert isinstance(s, Dataset)
    image, label = s[3]
    assert torch.equal(image, normalize(s.images[3]))
    assert (label, type(label)) == (1, int)
    assert torch.equal(s[-1][0], s[9][0])
    assert [label for _, label in s] == s.labels.tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_makes_the_same_batches(workers):
    s = numbered(10)
    loader = DataLoader(s, batch_size=4, num_workers=workers)
    for (x, y), (same_x, same_y) in zip(loader, s.batches(4), strict=True):
        assert torch.equal(x, same_x)
        assert torch.equal(y, same_y)


def test_a_random_split_of_pytorchs():
    s = numbered(10)
    parts = random_split(s, [7, 3], torch.Generator().manual_seed(0))
    seen = torch.cat([x for part in parts for x, _ in DataLoader(part, 2)])
    values = ((seen[:, 0, 0, 0] + 1) * 127.5).round()
    assert sorted(values.tolist()) == list(range(10))


def test_normalize_for_pretrained_weights():
    images = torch.randint(0, 256, (2, 3, 4, 5)).byte()
    ours = normalize(images, IMAGENET_MEAN, IMAGENET_STD)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    torch.testing.assert_close(ours, (images / 255 - mean) / std)
    assert torch.equal(normalize(images), normalize(images, [0.5] * 3, [0.5] * 3))


def test_per_class_takes_as_many_of_each_in_order_of_the_classes():
    s = numbered(30, ("a", "b", "c"))
    some = s.per_class(4, seed=1)
    assert some.counts() == {"a": 4, "b": 4, "c": 4}
    assert some.labels.tolist() == sorted(some.labels.tolist())
    assert len(set(numbers(some.images))) == 12
    assert numbers(some.images) == numbers(s.per_class(4, seed=1).images)
    assert numbers(some.images) != numbers(s.per_class(4, seed=2).images)
    with pytest.raises(
        ValueError, match=r"from 1 to 10, .* class 'a' in 'toy', but got 11"
    ):
        s.per_class(11)
    with pytest.raises(ValueError, match="but got 0"):
        s.per_class(0)


def test_the_center_of_each_image():
    images = torch.arange(2 * 7 * 9, dtype=torch.uint8).view(2, 1, 7, 9)
    s = ImageSet(images, torch.tensor([0, 1]), ("a", "b"), "toy")
    center = s.center_crop(3)
    assert torch.equal(center.images, images[:, :, 2:5, 3:6])
    assert center.images.is_contiguous()
    assert torch.equal(center.labels, s.labels)
    assert s.center_crop(7).image_shape == (1, 7, 7)
    with pytest.raises(ValueError, match="from 1 to 7 for images of 7×9, but got 8"):
        s.center_crop(8)


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
    with pytest.raises(ValueError, match="batch_size to be at least 1, but got 0"):
        numbered().batches(0)
