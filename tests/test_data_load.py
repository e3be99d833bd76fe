"""data.load: where it looks, what it finds and what it falls back on."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from data_files import (
    TEST,
    TRAIN,
    bare_machine,
    idx,
    put_cifar,
    put_mnist,
    put_pictures,
)

from cnnlib import data
from cnnlib.data import places

REAL = os.environ.get("CNNLIB_DATA")
CHECKOUT = places.checkout


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    bare_machine(monkeypatch, tmp_path)


def test_importing_data_leaves_alone_what_not_every_set_needs():
    code = "import sys, cnnlib.data; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = set(run.stdout.split())
    assert "cnnlib.data" in loaded
    assert not loaded & {"sklearn", "torchvision", "matplotlib", "pooch", "requests"}


# --- published sets -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")]
)
def test_mnist_as_torchvision_stores_it(tmp_path, name, folder):
    _, files = put_mnist(tmp_path, folder)
    train, test = data.load(name, root=tmp_path)
    assert (len(train), len(test)) == (TRAIN, TEST)
    assert train.image_shape == (1, 28, 28)
    assert train.images.numpy().tobytes() == files["train-images-idx3-ubyte"][16:]
    assert train.labels.tolist() == [i % 10 for i in range(TRAIN)]
    assert train.name == name


@pytest.mark.parametrize("kind", ["cut", "longer", "text", "empty", "labels", "fewer"])
def test_a_damaged_file_is_named(tmp_path, kind):
    raw, files = put_mnist(tmp_path)
    name = "train-images-idx3-ubyte" if kind != "labels" else "train-labels-idx1-ubyte"
    content = files[name]
    damaged = {
        "cut": content[:-1],
        "longer": content + b"x",
        "text": b"<html>please log in</html>" * 9,
        "empty": b"",
        "labels": idx(np.full(TRAIN, 77)),
        "fewer": idx(np.zeros((TRAIN - 1, 28, 28))),
    }
    (raw / name).write_bytes(damaged[kind])
    with pytest.raises(ValueError, match=r"raw.* is damaged") as info:
        data.load("mnist", root=tmp_path)
    assert str(info.value).count("\n") == 0


def test_a_damaged_cifar_batch_is_not_opened(tmp_path, monkeypatch):
    folder = put_cifar(tmp_path, monkeypatch)
    forged = pickle.dumps(pytest.fail)
    (folder / "data_batch_3").write_bytes(forged)
    with pytest.raises(ValueError, match="cifar-10-batches-py is damaged"):
        data.load("cifar10", root=tmp_path)


def test_cats_and_dogs_are_two_classes_of_cifar(tmp_path, monkeypatch):
    put_cifar(tmp_path, monkeypatch)
    train, test = data.load("cats_vs_dogs", root=tmp_path)
    assert train.classes == ("cat", "dog")
    assert train.name == "cats_vs_dogs"
    assert train.counts() == {"cat": 10, "dog": 10}
    whole, _ = data.load("cifar10", root=tmp_path)
    cats = whole[whole.labels == 3]
    assert torch.equal(train[train.labels == 0].images, cats.images)
    assert len(test) == 4


def test_cats_and_dogs_are_found_in_folders(tmp_path):
    put_pictures(tmp_path, "cifar10", ("cat", "deer", "dog"))
    train, test = data.load("cats_vs_dogs", root=tmp_path)
    assert train.counts() == test.counts() == {"cat": 3, "dog": 3}
    assert train.name == "cats_vs_dogs"
    put_pictures(tmp_path, "cats_vs_dogs", ("cat", "dog"), n=2, size=40)
    train, _ = data.load("cats_vs_dogs", root=tmp_path)
    assert train.counts() == {"cat": 2, "dog": 2}
    assert train.image_shape == (3, 32, 32)
    assert data.load("cats_vs_dogs", root=tmp_path, size=24)[1].image_shape[1] == 24


def test_a_folder_of_cifar_needs_all_of_its_classes(tmp_path):
    put_pictures(tmp_path, "cifar10", ("cat", "dog"))
    with pytest.raises(ValueError, match="has no class folder 'airplane'"):
        data.load("cifar10", root=tmp_path)


# --- where it looks -----------------------------------------------------------------


def test_places_come_in_order(tmp_path, monkeypatch):
    names = ("named", "checkout", "cache")
    for i, name in enumerate(names):
        folder = tmp_path / name
        raw, _ = put_mnist(folder / "data" if name == "checkout" else folder)
        (raw / "t10k-labels-idx1-ubyte").write_bytes(idx(np.full(TEST, i)))
    which = []
    for setting in range(3):
        if setting == 0:
            monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "named"))
        else:
            monkeypatch.delenv("CNNLIB_DATA", raising=False)
        here = tmp_path / "checkout" if setting < 2 else None
        monkeypatch.setattr(places, "checkout", lambda here=here: here)
        which.append(data.load("mnist")[1].labels[0].item())
    assert which == [0, 1, 2]


def test_this_repository_is_recognized_as_one():
    root = Path(__file__).resolve().parents[1]
    if root not in Path(places.__file__).resolve().parents:
        pytest.skip("cnnlib is not imported from this repository")
    assert CHECKOUT() == root


def test_a_folder_that_does_not_exist_is_named(tmp_path, monkeypatch):
    with pytest.raises(
        FileNotFoundError, match=r"root to name a folder, but got .*nowhere"
    ):
        data.load("mnist", root=tmp_path / "nowhere")
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="CNNLIB_DATA to name a folder"):
        data.load("mnist")


def test_size_resizes_what_has_a_size_of_its_own(tmp_path):
    put_mnist(tmp_path)
    train, _ = data.load("mnist", root=tmp_path, size=14)
    whole, _ = data.load("mnist", root=tmp_path)
    assert train.image_shape == (1, 14, 14)
    means = (s.images.float().mean((1, 2, 3)) for s in (train, whole))
    torch.testing.assert_close(*means, atol=2, rtol=0)


def test_available_says_what_is_where(tmp_path):
    put_mnist(tmp_path)
    put_pictures(tmp_path, "cats_vs_dogs", ("cat", "dog"), n=1)
    table = data.available(tmp_path)
    where = {name: found for name, found, _ in table}
    assert where["mnist"] == str(tmp_path / "MNIST" / "raw")
    assert where["cats_vs_dogs"] == str(tmp_path / "cats_vs_dogs")
    assert where["cifar10"] is None
    assert where["digits"] == "built in"
    assert tuple(where) == data.NAMES
    assert repr(table).count("\n") == len(data.NAMES)


# --- names --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mnits", "Did you mean 'mnist'"),
        ("Cats-vs-Dogs", "mean 'cats_vs_dogs'"),
        ("xyz", "but got 'xyz'"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, hint):
    with pytest.raises(ValueError, match=hint) as info:
        data.load(name)
    for known in (*data.NAMES, "folder of images"):
        assert known in str(info.value)


def test_names_and_sizes_are_checked():
    with pytest.raises(TypeError, match="name to be a string or a path, but got 3"):
        data.load(3)
    with pytest.raises(ValueError, match="size to be at least 1 pixel, but got -1"):
        data.load("mnist", size=-1)
    with pytest.raises(TypeError, match="size to be an int"):
        data.load("mnist", size=28.0)


# --- falling back -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stand_in"),
    [
        ("mnist", "digits"),
        ("fashion_mnist", "digits"),
        ("cats_vs_dogs", "drawn_pets"),
        ("cifar10", "drawn_pets"),
    ],
)
def test_what_is_not_at_hand_is_stood_in_for_in_one_visible_line(
    name, stand_in, capsys
):
    train, test = data.load(name)
    assert train.name == test.name == stand_in
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    for word in (f"{name} is not at hand", "CNNLIB_OFFLINE=1", stand_in, "CNNLIB_DATA"):
        assert word in line


def test_a_download_may_be_forbidden(capsys, monkeypatch):
    monkeypatch.setenv("CNNLIB_OFFLINE", "0")
    assert data.load("mnist", download=False)[0].name == "digits"
    assert "download=False" in capsys.readouterr().out


def test_what_stands_in_takes_the_size(capsys):
    assert data.load("mnist", size=20)[0].image_shape == (1, 20, 20)


def test_without_fallback_it_is_an_error(capsys):
    with pytest.raises(FileNotFoundError, match=r"mnist is not at hand .* CNNLIB_DATA"):
        data.load("mnist", fallback=False)
    assert capsys.readouterr().out == ""


def test_an_incomplete_set_is_not_at_hand(tmp_path):
    raw, _ = put_mnist(tmp_path)
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError):
        data.load("mnist", root=tmp_path, fallback=False)


# --- the real ones, where they are --------------------------------------------------


def real(name):
    if not REAL:
        pytest.skip("CNNLIB_DATA is not set: no real data at hand")
    if dict(row[:2] for row in data.available(REAL))[name] is None:
        pytest.skip(f"CNNLIB_DATA holds no {name}")
    return data.load(name, root=REAL)


def test_real_mnist():
    train, test = real("mnist")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert list(train.counts().values())[:3] == [5923, 6742, 5958]
    # The mean and deviation that everybody normalizes MNIST with.
    pixels = train.images.float() / 255
    assert pixels.mean().item() == pytest.approx(0.1307, abs=1e-4)
    assert pixels.std().item() == pytest.approx(0.3081, abs=1e-4)


def test_real_cats_and_dogs():
    train, test = real("cats_vs_dogs")
    assert train.counts() == {"cat": 5000, "dog": 5000}
    assert test.counts() == {"cat": 1000, "dog": 1000}
    assert train.image_shape == (3, 32, 32)
