"""runtime: the device, and the reuse of freed memory."""

import subprocess
import sys

import pytest
import torch

from cnnlib import runtime


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("CNNLIB_DEVICE", raising=False)


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
def test_device_from_the_environment(monkeypatch, name):
    monkeypatch.setenv("CNNLIB_DEVICE", name)
    assert runtime.device() == torch.device("cpu")


def test_a_device_that_is_named_comes_first(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CNNLIB_DEVICE", "cuda:1")
    assert runtime.device() == torch.device("cuda:1")
    assert runtime.device("cpu") == torch.device("cpu")
    assert runtime.device(torch.device("cuda", 0)) == torch.device("cuda:0")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "meta", "cuda:"])
def test_a_name_that_is_no_device(monkeypatch, name):
    with pytest.raises(ValueError, match="expected device to be cpu, cuda"):
        runtime.device(name)
    monkeypatch.setenv("CNNLIB_DEVICE", name)
    with pytest.raises(ValueError, match="expected CNNLIB_DEVICE to be cpu, cuda"):
        runtime.device()


@pytest.mark.parametrize(("name", "count"), [("cuda", 0), ("cuda:2", 2)])
def test_a_device_that_is_absent(monkeypatch, name, count):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(RuntimeError, match="of this machine, which has cpu"):
        runtime.device(name)


FAULTS = """
import resource, sys, torch
from cnnlib import runtime
torch.set_num_threads(1)
reused = runtime.reuse_freed_memory() if sys.argv[1] == "reuse" else None
def work():
    parts = [torch.ones(500_000) for _ in range(20)]
for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(reused, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux needs it")
def test_reused_memory_saves_page_faults(monkeypatch):
    def faults(how):
        command = [sys.executable, "-c", FAULTS, how]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        reused, count = done.stdout.split()
        return reused, int(count)

    reused, few = faults("reuse")
    if reused == "False":
        pytest.skip("not glibc")
    _, many = faults("as it is")
    if not many:
        pytest.skip("this machine reports no page faults, or reuses memory by itself")
    assert few < many / 10
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")  # the user's choice holds
    assert faults("reuse")[0] == "False"
