"""Downloads: the mirrors are servers on this machine, their files made by the test."""

import gzip
import hashlib
import http.server
import io
import socket
import tarfile
import threading
import time
from dataclasses import replace
from functools import partial

import pytest
from data_files import (
    TRAIN,
    bare_machine,
    cifar_files,
    know_cifar,
    mnist_files,
    put_mnist,
)

from cnnlib import data
from cnnlib.data import download, published


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    bare_machine(monkeypatch, tmp_path)


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
    changed = replace(known, mirrors=urls, downloads=sums)
    monkeypatch.setitem(published.PUBLISHED, name, changed)
    return changed


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
    batches = cifar_files(10)
    know_cifar(batches, monkeypatch)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in (batches | {"../evil": b"", "readme.html": b""}).items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    files = {"cifar-10-python.tar.gz": packed.getvalue()}
    mirrored(monkeypatch, "cats_vs_dogs", files, serve(files).url)
    train, _ = data.load("cats_vs_dogs", fallback=False)
    assert train.counts() == {"cat": 5, "dog": 5}
    cache = tmp_path / "cache"
    assert [p.name for p in cache.iterdir()] == ["cifar-10-batches-py"]
    unpacked = {p.name for p in (cache / "cifar-10-batches-py").iterdir()}
    assert unpacked == set(batches)


def test_a_failed_download_falls_back_and_the_next_one_may_succeed(
    tmp_path, serve, monkeypatch, capsys
):
    files = zipped_mnist()
    here = {name: b"damaged" for name in files}
    mirrored(monkeypatch, "mnist", files, serve(here).url)
    assert data.load("mnist")[0].name == "digits"
    assert "hash" in capsys.readouterr().out
    assert not list((tmp_path / "cache").iterdir())  # nothing half is left
    here.update(files)  # the network is back
    assert data.load("mnist")[0].name == "mnist"


def test_no_mirror_answers(monkeypatch, serve, capsys):
    mirrored(monkeypatch, "mnist", zipped_mnist(), CLOSED)
    data.load("mnist")
    assert "no mirror answered" in capsys.readouterr().out


def test_silent_mirrors_cost_one_short_time_out(monkeypatch, serve, capsys):
    def silent(*arguments):
        time.sleep(9)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", silent)
    mirrored(monkeypatch, "mnist", zipped_mnist(), CLOSED, CLOSED + "a/", CLOSED + "b/")
    start = time.perf_counter()
    assert data.load("mnist")[0].name == "digits"
    assert time.perf_counter() - start < 2 * download.TIMEOUT
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
            download.fetch(source, tmp_path / "both")
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
