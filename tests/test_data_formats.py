"""MNIST's IDX files and CIFAR's pickles: read, and refused when they are damaged."""

import gzip
import os
import pickle

import numpy as np
import pytest
from data_files import TEST, TRAIN, bare_machine, cifar_batch, idx, put_cifar, put_mnist

from cnnlib import data
from cnnlib.data.formats import read_cifar_batch, read_idx


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    bare_machine(monkeypatch, tmp_path)


@pytest.mark.parametrize("zipped", [False, True])
def test_mnist_is_read_from_raw_and_gzipped_files(tmp_path, zipped):
    _, files = put_mnist(tmp_path, zipped=zipped)
    train, test = data.load("mnist", root=tmp_path)
    assert (len(train), len(test)) == (TRAIN, TEST)
    assert train.name == test.name == "mnist"
    assert train.classes == tuple("0123456789")
    assert train.labels.tolist() == [i % 10 for i in range(TRAIN)]
    pixels = train.images.numpy().tobytes()
    assert pixels == files["train-images-idx3-ubyte"][16:]


def test_fashion_mnist_has_its_own_folder_and_names(tmp_path):
    put_mnist(tmp_path, "FashionMNIST")
    train, _ = data.load("fashion_mnist", root=tmp_path)
    assert train.name == "fashion_mnist"
    assert train.classes[9] == "ankle boot"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda c: c[:-1], "announces .* bytes .* but .* follow"),
        (lambda c: c + b"x", "announces"),
        (lambda c: b"<html>" + c, "it begins with 3c 68 74 6d, not 00 00 08 03"),
        (lambda c: b"", "it begins with nothing"),
        (lambda c: c[:9], "ends within its header"),
        (lambda c: gzip.compress(c)[:50], "damaged gzip"),
        (lambda c: gzip.compress(c)[:-9] + b"123456789", "damaged gzip"),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, damage, sentence):
    raw, files = put_mnist(tmp_path)
    name = "train-images-idx3-ubyte"
    (raw / name).write_bytes(damage(files[name]))
    with pytest.raises(ValueError, match=sentence) as info:
        data.load("mnist", root=tmp_path)
    assert str(raw / name) in str(info.value)


def test_labels_that_do_not_fit_are_named(tmp_path):
    raw, _ = put_mnist(tmp_path)
    labels = raw / "t10k-labels-idx1-ubyte"
    labels.write_bytes(idx(np.zeros(TEST + 1)))
    with pytest.raises(ValueError, match="5 images, but t10k-labels-idx1-ubyte has 6"):
        data.load("mnist", root=tmp_path)
    labels.write_bytes(idx(np.full(TEST, 11)))
    with pytest.raises(ValueError, match=r"labels must be in 0\.\.9, not 11\.\.11"):
        data.load("mnist", root=tmp_path)


def test_cifar_batches_are_read_in_order(tmp_path):
    put_cifar(tmp_path)
    train, test = data.load("cifar10", root=tmp_path)
    assert (len(train), len(test)) == (100, 20)
    assert train.image_shape == (3, 32, 32)
    assert train.classes[3] == "cat"
    _, pixels = read_cifar_pixels(tmp_path / "cifar-10-batches-py" / "data_batch_1")
    assert np.array_equal(train.images[:20].numpy().reshape(20, -1), pixels)


def read_cifar_pixels(path):
    batch = pickle.loads(path.read_bytes())
    return batch[b"labels"], batch[b"data"]


def test_a_file_as_python_2_wrote_it_is_read(tmp_path):
    """Strings in Python 2's opcodes, and numpy's old module names."""
    pixels = bytes(range(256)) * 12
    pickled = (
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01M\x00\x0c\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00" + pixels + b"tb"
        b"U\x06labels](K\x07eu."
    )
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickled)
    images, labels = read_cifar_batch(path)
    assert images.shape == (1, 3, 32, 32)
    assert images.tobytes() == pixels
    assert labels.tolist() == [7]


def test_a_forged_pickle_runs_nothing(tmp_path):
    class Forged:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({b"data": Forged()}, protocol=2))
    with pytest.raises(ValueError, match="mkdir has no business") as info:
        read_cifar_batch(path)
    assert str(path) in str(info.value)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        cifar_batch(4)[0][:-100],
        pickle.dumps({}),
        pickle.dumps([1, 2], protocol=2),
        pickle.dumps(
            {b"data": np.zeros((2, 3071), np.uint8), b"labels": [0, 1]}, protocol=2
        ),
        pickle.dumps({b"data": np.zeros((2, 3072)), b"labels": [0, 1]}, protocol=2),
        pickle.dumps(
            {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]}, protocol=2
        ),
    ],
)
def test_a_damaged_cifar_file_is_named(tmp_path, content):
    path = tmp_path / "data_batch_1"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="data_batch_1 is"):
        read_cifar_batch(path)


def test_idx_of_other_kinds_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes((0, 0, 0x0D, 3)) + bytes(12))  # floats
    with pytest.raises(ValueError, match="not an IDX file of 3-dimensional bytes"):
        read_idx(path, ndim=3)
