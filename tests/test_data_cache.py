"""Image folders in the cache: decoded once, whole or not at all, never out of date."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import data
from cnnlib.data import folders, places
from cnnlib.data.cache import CacheError, building, readers

SIZE = 8


@pytest.fixture(autouse=True)
def cached(monkeypatch, tmp_path):
    """Every folder is large enough to be kept, in a cache of the test's own."""
    monkeypatch.setattr(folders, "_SMALL", 0)
    monkeypatch.setattr(places, "_cache", lambda: tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    """Two classes, 100 pictures each for training and 20 for the test."""
    random = np.random.default_rng(0)
    for part, n in (("train", 100), ("test", 20)):
        for name in ("a", "b"):
            (tmp_path / "mine" / part / name).mkdir(parents=True)
            for i in range(n):
                pixels = random.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(
                    tmp_path / "mine" / part / name / f"{i:03}.png"
                )
    return tmp_path / "mine"


@pytest.fixture
def decoded(monkeypatch):
    """The blocks that reader processes were given, call by call."""
    calls = []

    def watch(blocks, *arguments, **options):
        calls.append(list(blocks))
        return readers.decode_blocks(blocks, *arguments, **options)

    monkeypatch.setattr(building, "decode_blocks", watch)
    return calls


def files(tmp_path, kind="*"):
    found = (tmp_path / "cache").rglob(f"*.{kind}")
    return sorted(path for path in found if path.is_file())


def same(sets, others):
    return all(
        torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
        for a, b in zip(sets, others, strict=True)
    )


def from_memory(monkeypatch, folder, size=None):
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_SMALL", 2**40)
        return data.load(folder, size=size)


@pytest.mark.parametrize("size", [None, SIZE, 5])
def test_what_is_read_from_the_cache_is_what_was_decoded(
    monkeypatch, folder, decoded, size
):
    direct = from_memory(monkeypatch, folder, size)
    assert decoded == []
    assert same(data.load(folder, size=size), direct)
    assert same(data.load(folder, size=size), direct)
    assert len(decoded) == 1
    assert direct[0].labels.tolist() == sorted(direct[0].labels.tolist())


def test_the_file_holds_the_classes_mixed(tmp_path, folder):
    data.load(folder)
    index = json.loads(files(tmp_path, "json")[0].read_text())
    assert index["classes"] == ["a", "b"]
    assert 35 < sum(index["labels"][:100]) < 65


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_change_in_the_folder_is_noticed_and_the_old_cache_removed(
    tmp_path, folder, monkeypatch, change
):
    data.load(folder)
    before = files(tmp_path)
    path = folder / "train" / "a" / "007.png"
    if change == "edited":
        Image.new("RGB", (SIZE, SIZE), "red").save(path)
    elif change == "added":
        shutil.copy(path, path.with_name("new.png"))
    else:
        path.unlink()
    assert same(data.load(folder), from_memory(monkeypatch, folder))
    after = files(tmp_path)
    assert [path.suffix for path in after] == [".images", ".json"]
    assert not set(before) & set(after)


def test_one_folder_is_kept_at_several_sizes(tmp_path, folder, decoded):
    for size in (8, 5, 8, 5):
        assert data.load(folder, size=size)[0].image_shape == (3, size, size)
    assert len(decoded) == 2
    assert len(files(tmp_path, "images")) == 2


def test_pictures_of_different_sizes_come_to_32(folder, monkeypatch):
    """Also where the one that differs is met only among the last."""
    Image.new("RGB", (SIZE, SIZE + 1)).save(folder / "test" / "b" / "019.png")
    assert data.load(folder)[0].image_shape == (3, 32, 32)
    assert same(data.load(folder), from_memory(monkeypatch, folder))


@pytest.mark.parametrize("damage", ["shorter", "another byte", "no index", "half"])
def test_a_damaged_cache_is_built_again(tmp_path, folder, decoded, damage):
    good = data.load(folder)
    (images,), (index,) = files(tmp_path, "images"), files(tmp_path, "json")
    content = bytearray(images.read_bytes())
    if damage == "shorter":
        images.write_bytes(content[:-1])
    elif damage == "another byte":
        content[12345] ^= 1
        images.write_bytes(content)
    elif damage == "no index":
        index.unlink()
    else:
        index.write_text(index.read_text()[:100])
    assert same(data.load(folder), good)
    assert len(decoded) == 2


def test_writing_to_the_images_leaves_the_cache_as_it_is(folder, monkeypatch):
    monkeypatch.setenv("CNNLIB_MEMORY", "0.01")
    train, _ = data.load(folder)
    first = train.images[0].clone()
    train.images[0] = 255 - first
    assert torch.equal(data.load(folder)[0].images[0], first)


def test_who_comes_after_a_crash_decodes_only_what_is_missing(
    folder, decoded, monkeypatch
):
    def dies(blocks, *arguments, **options):
        for i, done in enumerate(readers.decode_blocks(blocks, *arguments, **options)):
            if i == 2:
                raise KeyboardInterrupt
            yield done

    with monkeypatch.context() as patch:
        patch.setattr(building, "decode_blocks", dies)
        with pytest.raises(KeyboardInterrupt):
            data.load(folder)
    assert same(data.load(folder), from_memory(monkeypatch, folder))
    assert [len(blocks) for blocks in decoded] == [2]  # of four


BUILD = """
import sys
from pathlib import Path
from cnnlib import data
from cnnlib.data import folders, places
folders._SMALL = 0
places._cache = lambda: Path(sys.argv[2])
print(sum(int(s.images.sum(dtype=int)) for s in data.load(sys.argv[1], size=40)))
"""


def start(folder, tmp_path):
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(folder), str(tmp_path / "cache")],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_killed_process_leaves_nothing_that_is_wrong(tmp_path, folder, monkeypatch):
    process = start(folder, tmp_path)
    while process.poll() is None and not files(tmp_path, "journal"):
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert same(data.load(folder, size=40), from_memory(monkeypatch, folder, 40))


def test_two_processes_build_one_cache(tmp_path, folder, monkeypatch):
    total = sum(int(s.images.sum()) for s in from_memory(monkeypatch, folder, 40))
    both = [start(folder, tmp_path) for _ in range(2)]
    assert [int(process.communicate()[0]) for process in both] == [total, total]
    assert len(files(tmp_path, "images")) == 1


def test_the_second_process_waits_for_the_first(tmp_path, folder, decoded):
    from filelock import FileLock

    data.load(folder)
    (index,) = files(tmp_path, "json")
    hidden = index.rename(index.with_name("hidden"))
    with FileLock(index.parent / "lock"):
        process = start_loading_in_a_thread(folder)
        process.join(0.2)
        assert process.is_alive()
        hidden.rename(index)  # the first one is done
    process.join(60)
    assert not process.is_alive()
    assert len(decoded) == 1


def start_loading_in_a_thread(folder):
    import threading

    thread = threading.Thread(target=data.load, args=(folder,), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"no image", ValueError, r"007\.png is not an image\.$"),
        (None, FileNotFoundError, r"007\.png does not exist\.$"),
    ],
)
def test_what_is_no_image_is_said_in_one_sentence(
    folder, monkeypatch, content, error, sentence
):
    path = folder / "train" / "a" / "007.png"
    if content is None:  # it vanishes between listing and reading
        listed = folders.train_and_test(folder)
        monkeypatch.setattr(folders, "train_and_test", lambda folder: listed)
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(error, match=sentence) as info:
        data.load(folder, size=SIZE)
    assert str(info.value).count("\n") == 0


# --- where nothing can be kept ------------------------------------------------------


@pytest.mark.parametrize("problem", ["full", "read-only", "full in the middle"])
def test_a_disk_that_takes_nothing_leaves_the_set_in_memory(
    tmp_path, folder, monkeypatch, capsys, problem
):
    if problem == "full":
        usage = shutil._ntuple_diskusage(10, 10, 0)
        monkeypatch.setattr(building.shutil, "disk_usage", lambda path: usage)
    elif problem == "read-only":
        (tmp_path / "cache").write_text("a file is where the folder would be")
    else:

        def full(blocks, *arguments, **options):
            yield next(readers.decode_blocks(blocks, *arguments, **options))
            raise CacheError("No space left on device")

        monkeypatch.setattr(building, "decode_blocks", full)
    sets = data.load(folder)
    said = capsys.readouterr().out
    assert said.startswith("mine: 240 images of 8×8 are decoded to memory; they cannot")
    assert said.count("\n") == 1
    assert same(sets, from_memory(monkeypatch, folder))
    assert files(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_reader_says_that_the_disk_is_full(folder):
    picture = str(folder / "train" / "a" / "000.png")
    with pytest.raises(CacheError, match="No space left on device"):
        list(readers.decode_blocks([(0, [picture])], "/dev/full", SIZE))


def test_what_fits_neither_on_disk_nor_in_memory_is_refused(
    tmp_path, folder, monkeypatch
):
    (tmp_path / "cache").write_text("a file is where the folder would be")
    monkeypatch.setattr(folders, "_LIMIT", 240 * 3 * 8 * 8 - 1)
    with pytest.raises(OSError, match=r"mine: 240 images of 8×8 take .* smaller size="):
        data.load(folder)


def test_a_small_folder_is_not_kept(tmp_path, folder, monkeypatch):
    from_memory(monkeypatch, folder)
    assert not (tmp_path / "cache").exists()
