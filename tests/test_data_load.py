"""data.load: where it looks, what it reads, how it downloads and what it falls back on.

Every file here is made by the test; the mirrors are servers on this machine.
"""

import gzip
import hashlib
import http.server
import io
import os
import pickle
import struct
import tarfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import data
from cnnlib.data import download, places, published
from cnnlib.data.formats import read_cifar_batch, read_idx

RANDOM = np.random.default_rng(0)
TRAIN, TEST = 12, 5
REAL = os.environ.get("CNNLIB_DATA")


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def mnist_files():
    files = {}
    for part, n in (("train", TRAIN), ("t10k", TEST)):
        images = RANDOM.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n) % 10)
    return files


def put_mnist(root, folder="MNIST", zipped=False):
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    files = mnist_files()
    for name, content in files.items():
        if zipped:
            (raw / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (raw / name).write_bytes(content)
    return raw, files


def cifar_batch(n, shift=0):
    pixels = RANDOM.integers(0, 256, (n, 3072), dtype=np.uint8)
    labels = [(i + shift) % 10 for i in range(n)]
    # Protocol 2, as Python 2 wrote it, with bytes for the keys.
    return (
        pickle.dumps({b"data": pixels, b"labels": labels}, protocol=2),
        pixels,
        labels,
    )


def put_cifar(root):
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name in published.CIFAR10.makes:
        (folder / name).write_bytes(cifar_batch(20)[0])
    return folder


def put_pictures(root, name, classes, n=3, size=32):
    for part in ("train", "test"):
        for c in classes:
            folder = root / name / part / c
            folder.mkdir(parents=True)
            for i in range(n):
                pixels = RANDOM.integers(0, 256, (size, size, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """A machine with nothing at hand, offline, with a cache of its own."""
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setenv("CNNLIB_OFFLINE", "1")
    monkeypatch.setattr(places, "_checkout", lambda: None)
    monkeypatch.setattr(places, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "_failed", {})


# --- formats ------------------------------------------------------------------------


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


# --- cats and dogs ------------------------------------------------------------------


def test_cats_and_dogs_are_two_classes_of_cifar(tmp_path):
    put_cifar(tmp_path)
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
    assert train.image_shape == (3, 40, 40)
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
        monkeypatch.setattr(places, "_checkout", lambda here=here: here)
        which.append(data.load("mnist")[1].labels[0].item())
    assert which == [0, 1, 2]


def test_this_repository_is_recognized_as_one():
    root = Path(__file__).parent.parent
    real = type(places)("places")
    real.__file__ = places.__file__
    exec(
        compile(Path(places.__file__).read_text(), places.__file__, "exec"),
        real.__dict__,
    )
    assert real._checkout() == root.resolve()
    assert real._cache().name.lower().startswith(("cnnlib", "cache"))


def test_a_folder_that_does_not_exist_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"root names .*nowhere, which is not"):
        data.load("mnist", root=tmp_path / "nowhere")
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="CNNLIB_DATA names"):
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
        ("xyz", "Unknown data set 'xyz'"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, hint):
    with pytest.raises(ValueError, match=hint) as info:
        data.load(name)
    for known in (*data.NAMES, "folder of images"):
        assert known in str(info.value)


def test_names_and_sizes_are_checked():
    with pytest.raises(TypeError, match="name must be a string or a path, not 3"):
        data.load(3)
    with pytest.raises(ValueError, match="size must be at least 1 pixel, not -1"):
        data.load("mnist", size=-1)
    with pytest.raises(TypeError, match="size must be an int"):
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
    name, stand_in, capsys, monkeypatch
):
    few = {"digits": data.load("digits"), "drawn_pets": (data.drawn_pets(2),) * 2}
    from cnnlib.data import loading

    shipped = {
        key: (lambda size, key=key: few[key], text)
        for key, (_, text) in loading._SHIPPED.items()
    }
    monkeypatch.setattr(loading, "_SHIPPED", shipped)
    train, test = data.load(name)
    assert train.name == test.name == stand_in
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    for word in (f"{name} is not at hand", "CNNLIB_OFFLINE=1", stand_in, "CNNLIB_DATA"):
        assert word in line
    data.load(name, download=False)
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


# --- downloading --------------------------------------------------------------------


@pytest.fixture
def serve(monkeypatch):
    """Start servers, each with its files; the requests are recorded."""
    monkeypatch.setenv("CNNLIB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "*")
    servers = []

    def start(files):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                server.asked.append((self.command, name))
                found = name in files
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(files.get(name, b""))))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(files.get(name, b""))

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.asked = []
        run = partial(server.serve_forever, poll_interval=0.01)
        threading.Thread(target=run, daemon=True).start()
        servers.append(server)
        server.url = f"http://127.0.0.1:{server.server_port}/"
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def mirrored(monkeypatch, name, files, *urls):
    """Let a published set come from these mirrors, with these files' checksums."""
    known = published.PUBLISHED[name]
    sums = {file: hashlib.md5(content).hexdigest() for file, content in files.items()}
    source = replace(known.source, mirrors=urls, files=sums)
    monkeypatch.setitem(published.PUBLISHED, name, replace(known, source=source))
    return source


def zipped_mnist():
    return {f"{name}.gz": gzip.compress(c) for name, c in mnist_files().items()}


CLOSED = "http://127.0.0.1:9/"  # the discard port: nobody listens


def test_mnist_is_downloaded_into_torchvisions_layout(tmp_path, serve, monkeypatch):
    files = zipped_mnist()
    server = serve(files)
    mirrored(monkeypatch, "mnist", files, server.url)
    train, _ = data.load("mnist", fallback=False)
    assert len(train) == TRAIN
    raw = tmp_path / "cache" / "MNIST" / "raw"
    assert sorted(p.name for p in raw.iterdir()) == sorted(mnist_files())
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["MNIST"]
    asked = len(server.asked)
    data.load("mnist", fallback=False)
    assert len(server.asked) == asked  # the second time it is at hand


def test_only_missing_files_are_downloaded(tmp_path, serve, monkeypatch):
    files = zipped_mnist()
    server = serve(files)
    mirrored(monkeypatch, "mnist", files, server.url)
    raw, _ = put_mnist(tmp_path / "here")
    (raw / "t10k-labels-idx1-ubyte").unlink()
    data.load("mnist", root=tmp_path / "here", fallback=False)
    gets = [name for command, name in server.asked if command == "GET"]
    assert gets == ["t10k-labels-idx1-ubyte.gz"]


def test_mirrors_are_tried_in_order(tmp_path, serve, monkeypatch):
    files = zipped_mnist()
    forged = {name: content + b"x" for name, content in files.items()}
    bad, good, spare = serve(forged), serve(files), serve(files)
    mirrored(monkeypatch, "mnist", files, CLOSED, bad.url, good.url, spare.url)
    train, _ = data.load("mnist", fallback=False)
    assert len(train) == TRAIN
    assert any(command == "GET" for command, _ in bad.asked)
    assert not any(command == "GET" for command, _ in spare.asked)


def test_cifar_is_unpacked_and_the_archive_goes(tmp_path, serve, monkeypatch):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in (*published.CIFAR10.makes, "../evil", "readme.html"):
            content = cifar_batch(10)[0]
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    files = {"cifar-10-python.tar.gz": packed.getvalue()}
    mirrored(monkeypatch, "cats_vs_dogs", files, serve(files).url)
    # The same source object serves both names; here only one of them is replaced.
    monkeypatch.setattr(
        published, "CIFAR10", published.PUBLISHED["cats_vs_dogs"].source
    )
    train, _ = data.load("cats_vs_dogs", fallback=False)
    assert train.counts() == {"cat": 5, "dog": 5}
    cache = tmp_path / "cache"
    assert [p.name for p in cache.iterdir()] == ["cifar-10-batches-py"]
    unpacked = {p.name for p in (cache / "cifar-10-batches-py").iterdir()}
    assert unpacked == set(published.CIFAR10.makes)


def test_a_download_that_fails_falls_back_and_is_not_tried_again(
    tmp_path, serve, monkeypatch, capsys
):
    files = zipped_mnist()
    server = serve({name: b"damaged" for name in files})
    mirrored(monkeypatch, "mnist", files, server.url)
    train, _ = data.load("mnist")
    assert train.name == "digits"
    assert "hash" in capsys.readouterr().out
    assert not list((tmp_path / "cache").iterdir())  # nothing half is left
    asked = len(server.asked)
    assert data.load("mnist")[0].name == "digits"
    assert len(server.asked) == asked


def test_no_mirror_answers(monkeypatch, serve, capsys):
    mirrored(monkeypatch, "mnist", zipped_mnist(), CLOSED, serve({}).url)
    data.load("mnist")
    assert "no mirror answered" in capsys.readouterr().out


def test_a_silent_mirror_costs_one_short_time_out(monkeypatch, serve, capsys):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setattr(download, "_ask", lambda *arguments: time.sleep(2))
    mirrored(monkeypatch, "mnist", zipped_mnist(), CLOSED, CLOSED + "a/", CLOSED + "b/")
    start = time.perf_counter()
    assert data.load("mnist")[0].name == "digits"
    assert time.perf_counter() - start < 1.5
    assert "no mirror answered" in capsys.readouterr().out


def test_where_nothing_can_be_written_nothing_is_downloaded(
    tmp_path, serve, monkeypatch, capsys
):
    (tmp_path / "cache").write_text("a file where the folder should be")
    files = zipped_mnist()
    mirrored(monkeypatch, "mnist", files, serve(files).url)
    assert data.load("mnist")[0].name == "digits"
    assert "no folder to download to can be written" in capsys.readouterr().out


def test_two_at_once_do_each_other_no_harm(tmp_path, serve, monkeypatch):
    files = zipped_mnist()
    source = mirrored(monkeypatch, "mnist", files, serve(files).url)
    problems = []

    def fetch():
        try:
            download._fetch(source, tmp_path / "both")
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(data.load("mnist", root=tmp_path / "both", fallback=False)[0]) == TRAIN
    assert [p.name for p in (tmp_path / "both").iterdir()] == ["MNIST"]


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
