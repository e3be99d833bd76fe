"""Image folders in the cache: decoded once, whole or not at all, never out of date."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pooch
import pytest
import torch
import training_cases
from PIL import Image

from cnnlib import data

SIZE = 224  # 120 pictures of it are more than the 16 MB that are not kept


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """A cache of the test's own."""
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path):
    """Two classes, 50 pictures each for training and 10 for the test."""
    random = np.random.default_rng(0)
    for part, n in (("train", 50), ("test", 10)):
        for name in ("a", "b"):
            (tmp_path / "mine" / part / name).mkdir(parents=True)
            for i in range(n):
                pixels = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
                path = tmp_path / "mine" / part / name / f"{i:03}.png"
                Image.fromarray(pixels).save(path)
    return tmp_path / "mine"


def files(cache):
    found = (path for path in cache.rglob("*") if path.is_file())
    return sorted(path for path in found if path.name != "lock")


def same(sets, others):
    return all(
        torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
        for a, b in zip(sets, others, strict=True)
    )


def decoded(folder):
    """The sets of the folder, picture by picture."""
    sets = []
    for part in ("train", "test"):
        paths = sorted((folder / part).rglob("*.png"))
        labels = torch.tensor([path.parent.name == "b" for path in paths]).long()
        images = data.read_images(paths, SIZE)
        sets.append(data.ImageSet(images, labels, ("a", "b"), "mine"))
    return tuple(sets)


def test_what_is_read_from_the_cache_is_what_was_decoded(folder, cache):
    assert same(data.load(folder, size=SIZE), decoded(folder))
    (kept,) = files(cache)
    written = kept.stat().st_mtime_ns
    sets = data.load(folder, size=SIZE)
    assert same(sets, decoded(folder))
    assert kept.stat().st_mtime_ns == written
    assert sets[0].name == "mine"
    whole = torch.cat([s.images for s in sets])
    assert np.array_equal(np.load(kept), whole.numpy())


def test_a_small_folder_is_not_kept(folder, cache):
    data.load(folder, size=8)
    data.load(folder)
    assert not cache.exists()


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_change_in_the_folder_is_noticed_and_the_old_file_removed(
    folder, cache, change
):
    data.load(folder, size=SIZE)
    (before,) = files(cache)
    path = folder / "train" / "a" / "007.png"
    if change == "edited":
        Image.new("RGB", (6, 6), "red").save(path)
    elif change == "added":
        shutil.copy(path, path.with_name("new.png"))
    else:
        path.unlink()
    assert same(data.load(folder, size=SIZE), decoded(folder))
    (after,) = files(cache)
    assert after != before


def test_one_folder_is_kept_at_several_sizes(folder, cache):
    for size in (SIZE, SIZE + 1, SIZE):
        assert data.load(folder, size=size)[0].image_shape == (3, size, size)
    assert len(files(cache)) == 2


@pytest.mark.parametrize("damage", ["shorter", "no header", "empty"])
def test_a_damaged_file_is_made_again(folder, cache, damage):
    data.load(folder, size=SIZE)
    (kept,) = files(cache)
    content = kept.read_bytes()
    damaged = {"shorter": content[:-1], "no header": content[100:], "empty": b""}
    kept.write_bytes(damaged[damage])
    assert same(data.load(folder, size=SIZE), decoded(folder))


def test_writing_to_the_images_does_not_reach_the_file(folder):
    train, _ = data.load(folder, size=SIZE)
    first = train.images[0].clone()
    train.images[0] = 255 - first
    assert torch.equal(data.load(folder, size=SIZE)[0].images[0], first)


LOAD = f"""
import pathlib, sys, pooch
pooch.os_cache = lambda name: pathlib.Path(sys.argv[2]) / name
from cnnlib import data
print("started", flush=True)
print(sum(int(s.images.sum(dtype=int)) for s in data.load(sys.argv[1], size={SIZE})))
"""


def start(folder, cache):
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(folder), str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": training_cases.PYTHONPATH},
    )
    assert process.stdout.readline() == "started\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_leaves_nothing_that_is_wrong(folder, cache):
    process = start(folder, cache)
    while process.poll() is None and not files(cache):
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not list(cache.rglob("[!.]*.npy"))  # it was killed in the middle
    assert same(data.load(folder, size=SIZE), decoded(folder))


def test_two_processes_make_one_file(folder, cache):
    total = sum(int(s.images.sum(dtype=int)) for s in decoded(folder))
    both = [start(folder, cache) for _ in range(2)]
    assert [int(process.communicate()[0]) for process in both] == [total, total]
    assert len(files(cache)) == 1


def test_a_file_that_is_no_image_is_named(folder, cache):
    (folder / "train" / "a" / "007.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"007\.png is not an image$"):
        data.load(folder, size=SIZE)
    assert not files(cache)


@pytest.mark.parametrize("problem", ["full", "read-only"])
def test_where_nothing_can_be_kept_the_set_is_in_memory(
    folder, cache, monkeypatch, capsys, problem
):
    if problem == "full":
        monkeypatch.setattr(
            shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0)
        )
    else:
        cache.write_text("a file is where the folder would be")
    sets = data.load(folder, size=SIZE)
    said = capsys.readouterr().out
    assert said.startswith("mine is decoded to memory; it cannot be kept (")
    assert said.count("\n") == 1
    assert same(sets, decoded(folder))
