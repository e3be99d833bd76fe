"""runtime: device choice, seeds, the quick/full switch."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from cnnlib import runtime


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    monkeypatch.delenv("CNNLIB_DEVICE", raising=False)
    monkeypatch.delenv("CNNLIB_FULL", raising=False)


def test_device_is_one_that_computes():
    assert torch.ones(2, device=runtime.device()).sum().item() == 2


def test_device_prefers_cuda_then_mps(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runtime.device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert runtime.device() == torch.device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert runtime.device() == torch.device("cpu")


@pytest.mark.parametrize("name", ["cpu", "CPU", " cpu "])
def test_device_asked_for(monkeypatch, name):
    monkeypatch.setenv("CNNLIB_DEVICE", name)
    assert runtime.device() == torch.device("cpu")


def test_device_with_a_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CNNLIB_DEVICE", "cuda:1")
    assert runtime.device() == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "meta", "cuda:"])
def test_device_unknown(monkeypatch, name):
    monkeypatch.setenv("CNNLIB_DEVICE", name)
    with pytest.raises(ValueError, match="expected cpu, cuda"):
        runtime.device()


@pytest.mark.parametrize(("name", "count"), [("cuda", 0), ("cuda:2", 2)])
def test_device_absent(monkeypatch, name, count):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setenv("CNNLIB_DEVICE", name)
    with pytest.raises(RuntimeError, match="not here; this machine has cpu"):
        runtime.device()


def test_seed_repeats_all_three():
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()

    runtime.seed(3)
    first = draw()
    runtime.seed(3)
    assert draw() == first
    runtime.seed(4)
    assert draw() != first


@pytest.mark.parametrize("value", [-1, 2**32, 1.5, "1", True])
def test_seed_refuses(value):
    with pytest.raises(ValueError, match="seed must be a whole number"):
        runtime.seed(value)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False)])
def test_full_by_variable(monkeypatch, value, expected):
    monkeypatch.setenv("CNNLIB_FULL", value)
    assert runtime.full() is expected
    assert runtime.pick(quick=1, full=2) == (2 if expected else 1)
    assert runtime.pick(1, 2) == (2 if expected else 1)


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_full_by_device(monkeypatch, kind):
    monkeypatch.setattr(runtime, "device", lambda: torch.device(kind))
    assert runtime.full() is (kind == "cuda")


def test_full_refuses(monkeypatch):
    monkeypatch.setenv("CNNLIB_FULL", "maybe")
    with pytest.raises(ValueError, match="expected 1 or 0"):
        runtime.full()


def test_keep_memory_leaves_what_the_user_chose(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert runtime.keep_memory.__wrapped__() is False


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_keep_memory_is_for_linux(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    assert runtime.keep_memory.__wrapped__() is False


def test_keep_memory_survives_another_c_library(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(runtime.ctypes, "CDLL", lambda name: object())
    assert runtime.keep_memory.__wrapped__() is False


FAULTS = """
import resource, sys, torch
from cnnlib import runtime
torch.set_num_threads(1)
kept = runtime.keep_memory() if sys.argv[1] == "keep" else None
def work():
    parts = [torch.ones(500_000) for _ in range(20)]
for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux needs it")
def test_keep_memory_saves_page_faults():
    def faults(how):
        command = [sys.executable, "-c", FAULTS, how]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        kept, count = done.stdout.split()
        return kept, int(count)

    kept, few = faults("keep")
    if kept == "False":
        pytest.skip("not glibc")
    many = faults("as it is")[1]
    if not many:
        pytest.skip("this machine reports no page faults, or reuses memory by itself")
    assert few < many / 10
