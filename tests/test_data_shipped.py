"""What ships: the embedded digits, the drawn pets and two photographs."""

import subprocess
import sys

import pytest
import torch

from cnnlib import data
from cnnlib.data import places


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def pets():
    return data.drawn_pets(400, size=32)


def test_digits_look_like_mnist(digits):
    train, test = digits
    assert (len(train), len(test)) == (1437, 360)
    for part in digits:
        assert part.image_shape == (1, 28, 28)
        assert part.classes == tuple("0123456789")
        assert part.name == "digits"
    assert min(test.counts().values()) >= 34
    assert set(train.counts().values()) <= set(range(139, 148))


def test_digits_are_centered_and_use_the_whole_range(digits):
    images = digits[0].images.float()[:, 0]
    positions = torch.arange(28.0)
    for axis in (1, 2):
        profile = images.sum(axis)
        center = (profile * positions).sum(1) / profile.sum(1)
        # At 14, as in MNIST and as the digit pad centers, to the nearest pixel.
        assert (center - 14).mean().abs() < 0.05
        assert (center - 14).abs().max() < 1.0
    assert images.amax((1, 2)).min() > 200
    assert images[:, [0, -1]].max() < 60  # nothing is cut off at the border


def test_digits_share_no_image_between_train_and_test(digits):
    train, test = ({bytes(i.numpy().tobytes()) for i in s.images} for s in digits)
    assert not train & test


def test_digits_at_another_size():
    train, _ = data.load("digits", size=32)
    assert train.image_shape == (1, 32, 32)
    assert train.images.max() > 200


def test_a_nearest_neighbor_reads_the_digits(digits):
    """Real digits: the nearest training image names more than 97 % of the test set."""
    train, test = (s.images.flatten(1).float() for s in digits)
    nearest = torch.cdist(test, train).argmin(1)
    hits = digits[0].labels[nearest] == digits[1].labels
    assert hits.float().mean() > 0.97


def test_pets_come_in_turn_at_the_size_asked(pets):
    assert pets.image_shape == (3, 32, 32)
    assert pets.classes == ("cat", "dog")
    assert pets.name == "drawn_pets"
    assert pets.labels[:4].tolist() == [0, 1, 0, 1]
    assert data.drawn_pets(1).image_shape == (3, 64, 64)


def test_pets_are_decided_by_the_seed(pets):
    again = data.drawn_pets(6, size=32)
    assert torch.equal(again.images, pets.images[:6])  # the first of many are the few
    other = data.drawn_pets(6, size=32, seed=1)
    assert (other.images != again.images).flatten(1).any(1).all()


def test_pets_are_the_same_at_every_size():
    small = data.drawn_pets(8, size=32).images.float()
    large = data.drawn_pets(8, size=64).images.float()
    shrunk = torch.nn.functional.avg_pool2d(large, 2)
    # Widths of lines are rounded to pixels and noise is drawn at its own scale.
    assert (shrunk - small).abs().mean() < 6


def test_pets_do_not_betray_themselves_by_their_colors(pets):
    """The mean color tells nothing: nearest class mean stays near one half."""
    color = pets.images.float().mean((2, 3))
    means = torch.stack([color[:200][pets.labels[:200] == k].mean(0) for k in (0, 1)])
    guess = torch.cdist(color[200:], means).argmin(1)
    accuracy = (guess == pets.labels[200:]).float().mean()
    assert 0.35 < accuracy < 0.65


def test_pets_in_all_backgrounds_and_poses_are_different_pictures(pets):
    assert len({i.numpy().tobytes() for i in pets.images}) == len(pets)
    spread = pets.images.float().std((1, 2, 3))
    assert spread.min() > 5  # no picture is empty


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ((0,), ValueError, "n to be at least 1, but got 0"),
        ((2.0,), TypeError, "n to be an int"),
        ((2, 31), ValueError, "size to be at least 32, but got 31"),
        ((2, True), TypeError, "size to be an int"),
    ],
)
def test_pets_refuse(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        data.drawn_pets(*arguments)


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photos(name):
    photo = data.photo(name)
    assert photo.dtype == torch.uint8
    assert photo.shape == (3, 427, 640)
    assert photo.is_contiguous()
    small = data.photo(name, size=48)
    assert small.shape == (3, 48, 48)
    center = photo[:, :, 106:533].float().mean((1, 2))
    assert (small.float().mean((1, 2)) - center).abs().max() < 2


def test_photos_name_their_authors_and_license():
    for word in ("danielbuechele", "vultilion", "creativecommons.org/licenses/by/2.0"):
        assert word in data.photo.__doc__


def test_a_photo_that_is_not_there():
    with pytest.raises(
        ValueError, match="name to be one of china, flower, but got 'cat'"
    ):
        data.photo("cat")
    with pytest.raises(ValueError, match="size to be at least 1 pixel, but got 0"):
        data.photo("china", size=0)


# --- scikit-learn ------------------------------------------------------------------


def test_scikit_learns_files_hold_what_its_own_loaders_give():
    from sklearn.datasets import load_digits, load_sample_image

    for name in ("china", "flower"):
        theirs = torch.tensor(load_sample_image(f"{name}.jpg"))
        assert data.photo(name).permute(1, 2, 0).equal(theirs)
    train, test = data.load("digits")
    theirs = load_digits()
    ink = torch.from_numpy(theirs.images).sum((1, 2))
    digits = torch.from_numpy(theirs.target)
    is_test = torch.zeros(len(digits), dtype=torch.bool)
    is_test[digits.argsort(stable=True)[::5]] = True
    for part, which in ((train, ~is_test), (test, is_test)):
        assert part.labels.equal(digits[which])
        pairs = torch.stack([ink[which], part.images.double().sum((1, 2, 3))])
        assert pairs.corrcoef()[0, 1] > 0.99  # the same pictures, enlarged


def test_scikit_learn_is_not_imported_for_its_files():
    code = "import sys; from cnnlib import data; data.photo(); data.load('digits')"
    code += "; print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr


def test_without_scikit_learn_it_is_named(monkeypatch):
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="scikit-learn"):
        data.photo()
