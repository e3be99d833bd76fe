"""Sets larger than memory: read from a file, in an order that is kind to the disk."""

import subprocess
import sys

import pytest
import torch

from cnnlib.data import Augment, ImageSet, MappedSet
from cnnlib.data.mapped import MappedFile, memory_limit

ROW = 3 * 4 * 4


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """The same 5,000 images on disk and in memory; 10 are a block, 640 a window."""
    monkeypatch.setenv("CNNLIB_MEMORY", str(10 * 64 * 8 * ROW / 2**20))
    n = 5000
    pixels = torch.randint(0, 256, (n, 3, 4, 4), generator=generator()).byte()
    (tmp_path / "images").write_bytes(pixels.numpy().tobytes())
    file = MappedFile(tmp_path / "images")
    labels = torch.arange(n) % 7
    classes = tuple("abcdefg")
    images = file.bytes.view(n, 3, 4, 4)
    return (
        MappedSet(images, labels, classes, "disk", file),
        ImageSet(pixels, labels, classes, "memory"),
    )


def same(batches, others):
    return all(
        torch.equal(x, other_x) and torch.equal(y, other_y)
        for (x, y), (other_x, other_y) in zip(batches, others, strict=True)
    )


def test_a_set_on_disk_gives_the_batches_of_the_one_in_memory(pair):
    disk, memory = pair
    assert repr(disk).endswith("on disk")
    assert same(disk.batches(99), memory.batches(99))
    order = torch.randperm(5000, generator=generator())[:1234]
    assert same(disk.batches(99, order=order), memory.batches(99, order=order))
    shuffled = disk.batches(99, shuffle=True, generator=generator(3))
    order = disk.order(generator(3))
    assert same(shuffled, memory.batches(99, order=order))
    augment = Augment(crop=3, flip=True)
    assert same(
        disk.batches(99, generator=generator(1), augment=augment),
        memory.batches(99, generator=generator(1), augment=augment),
    )


def test_batches_larger_than_a_window(pair):
    disk, memory = pair
    assert same(disk.batches(3000), memory.batches(3000))


def test_an_order_is_every_image_once_and_another_one_each_time(pair):
    disk, _ = pair
    first = disk.order(generator(0))
    assert sorted(first.tolist()) == list(range(5000))
    assert torch.equal(first, disk.order(generator(0)))
    assert not torch.equal(first, disk.order(generator(1)))


def test_an_order_reads_runs_of_neighbours_and_mixes_them(pair):
    """A window of 640 comes from 64 runs of 10; without the blocks it would be 560."""
    disk, _ = pair
    order = disk.order(generator())
    for window in order.split(640):
        runs = 1 + int((window.sort().values.diff() != 1).sum())
        assert runs <= 64 + 1
        # Hardly any image is followed by its neighbour in the file.
        assert (window.diff() == 1).float().mean() < 0.05


def test_each_epoch_meets_other_images_in_a_window(pair):
    disk, _ = pair
    first, second = (set(disk.order(generator(s))[:640].tolist()) for s in (0, 1))
    assert len(first & second) < 320


def test_parts_of_a_set_on_disk(pair):
    disk, memory = pair
    part = disk[100:2100]
    assert isinstance(part, MappedSet)
    assert same(part.batches(64), memory[100:2100].batches(64))
    order = part.order(generator())
    assert same(
        part.batches(64, order=order), memory[100:2100].batches(64, order=order)
    )
    for index in ([3, 1], slice(0, 100, 7), memory.labels == 2):
        some = disk[index]
        assert type(some) is ImageSet
        assert torch.equal(some.images, memory[index].images)


def test_the_center_of_images_on_disk(pair):
    disk, memory = pair
    assert disk.center_crop(2).image_shape == (3, 2, 2)
    assert isinstance(disk.center_crop(2), MappedSet)
    assert same(disk.center_crop(2).batches(70), memory.center_crop(2).batches(70))
    order = disk.center_crop(2).order(generator())
    assert torch.equal(order, disk.order(generator()))


def test_it_stays_where_it_is_on_the_cpu(pair):
    disk, _ = pair
    assert disk.to("cpu") is disk


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_it_is_in_the_gpu_s_memory(pair):
    disk, memory = pair
    moved = disk.to("cuda")
    assert type(moved) is ImageSet
    assert torch.equal(moved.images.cpu(), memory.images)


def test_what_is_written_does_not_reach_the_file(pair, tmp_path):
    disk, memory = pair
    disk.images[:] = 0
    assert (tmp_path / "images").read_bytes() == memory.images.numpy().tobytes()


def test_no_warning_that_the_memory_is_read_only(tmp_path, recwarn):
    (tmp_path / "images").write_bytes(b"12345678")
    assert MappedFile(tmp_path / "images").bytes.tolist() == list(b"12345678")
    assert not recwarn.list


@pytest.mark.parametrize("value", ["many", "0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("CNNLIB_MEMORY", value)
    with pytest.raises(ValueError, match=f"CNNLIB_MEMORY='{value}'"):
        memory_limit()


def test_the_limit_is_in_megabytes(monkeypatch):
    monkeypatch.delenv("CNNLIB_MEMORY", raising=False)
    assert memory_limit() == 2**30
    monkeypatch.setenv("CNNLIB_MEMORY", "0.5")
    assert memory_limit() == 2**19


# A linear network is trained for an epoch on the first images, so that whatever
# training itself needs is there; then on all. Linux counts the highest memory in use,
# pages of files included, since "5" was written to clear_refs.
TRAIN = """
import sys
from pathlib import Path
import torch
from cnnlib.data import MappedSet
from cnnlib.data.mapped import MappedFile

def highest():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def train(part):
    for images, labels in part.batches(32, shuffle=True):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        descent.step()
        descent.zero_grad()

torch.set_num_threads(1)
file = MappedFile(sys.argv[1])
images = file.bytes.view(-1, 3, 64, 64)
whole = MappedSet(images, torch.arange(len(images)) % 2, ("a", "b"), "big", file)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 64, 2))
descent = torch.optim.SGD(model.parameters(), 0.01)
train(whole[:64])
Path("/proc/self/clear_refs").write_text("5")
before = highest()
train(whole)
print(highest() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's account of memory")
def test_a_set_ten_times_the_memory_allowed_trains_inside_it(tmp_path, monkeypatch):
    megabytes = 16
    monkeypatch.setenv("CNNLIB_MEMORY", str(megabytes))
    (tmp_path / "images").write_bytes(bytes(10 * megabytes * 2**20 // 12288 * 12288))
    code = [sys.executable, "-c", TRAIN, str(tmp_path / "images")]
    kilobytes = int(subprocess.check_output(code, text=True))
    assert kilobytes < megabytes * 1024
