"""training.fit under torchrun: many processes, the training of one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from training_cases import PYTHONPATH, TRAININGS, bars, fit, small

from cnnlib import data, training

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.skipif(
        not dist.is_available() or not dist.is_gloo_available(),
        reason="this PyTorch has no gloo",
    ),
]

# Run by each process; the first one writes down what came out.
ALL_TRAININGS = """
import atexit, json, os, sys
import torch
from training_cases import TRAININGS

file_name = f"{sys.argv[1]}.{os.environ['RANK']}"

@atexit.register  # before fit registers anything: comes last
def count_threads():
    with open(f"{file_name}.threads", "w") as file:
        json.dump([threads(), at_start], file)

def threads():
    return len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1

at_start, found = threads(), {}
for name in sys.argv[2:]:
    model, history = TRAININGS[name]()
    weights = torch.cat([w.flatten().double() for w in model.state_dict().values()])
    found[name] = {
        "history": history.to_dict(),
        "weights": weights.tolist(),
        "plain": type(model).__name__ != "DistributedDataParallel",
        "threads": torch.get_num_threads(),
    }
with open(file_name, "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CNNLIB_DEVICE", "cpu")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torchrun(script: Path, *arguments, options=(), interface="lo", before=()):
    """Start torchrun on a script; the process, whose output is one text."""
    environment = os.environ | {
        "PYTHONPATH": PYTHONPATH,
        "OMP_NUM_THREADS": "1",
        "CNNLIB_DEVICE": "cpu",
    }
    if sys.platform == "linux":  # by name, as a machine may not find itself by its own
        environment["GLOO_SOCKET_IFNAME"] = interface
    command = [*before, sys.executable, "-m", "torch.distributed.run"]
    command += ["--monitor-interval=0.1", *options, str(script), *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process) -> str:
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output[-3000:]
    return output


def one_machine(processes: int = 2) -> list[str]:
    address = ["--master-addr=127.0.0.1", f"--master-port={free_port()}"]
    return [f"--nproc-per-node={processes}", *address]


def assert_like_one_process(found: dict, name: str) -> None:
    model, expected = TRAININGS[name]()
    history = training.History(**found[name]["history"])
    assert history.losses == pytest.approx(expected.losses, rel=1e-3, abs=1e-5)
    for ours, theirs in zip(history.records, expected.records, strict=True):
        assert ours["train_accuracy"] == theirs["train_accuracy"]
        assert ours["test_accuracy"] == theirs["test_accuracy"]
        assert (ours["test_loss"] is None) == (theirs["test_loss"] is None)
        for key in ("train_loss", "test_loss"):
            if theirs[key] is not None:
                assert ours[key] == pytest.approx(theirs[key], rel=1e-3, abs=1e-5)
    assert history.settings == expected.settings
    weights = torch.cat([w.flatten().double() for w in model.state_dict().values()])
    difference = (torch.tensor(found[name]["weights"]) - weights).abs().max()
    assert difference < 2e-3


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """What the two processes found in every training, [first, second]."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "work.py").write_text(ALL_TRAININGS)
    names = [folder / "found", *TRAININGS]
    finished(torchrun(folder / "work.py", *names, options=one_machine()))
    found = [json.loads((folder / f"found.{rank}").read_text()) for rank in (0, 1)]
    for rank in (0, 1):
        counts = (folder / f"found.{rank}.threads").read_text()
        found[rank]["threads at exit and at start"] = json.loads(counts)
    return found


@pytest.mark.parametrize("name", TRAININGS)
def test_two_processes_train_like_one(name, two_processes):
    assert_like_one_process(two_processes[0], name)


@pytest.mark.parametrize("name", TRAININGS)
def test_both_processes_end_with_the_same_network(name, two_processes):
    first, second = (found[name] for found in two_processes)
    assert first["weights"] == second["weights"]
    assert first["history"]["losses"] == second["history"]["losses"]
    assert first["plain"]
    assert first["threads"] == 1


@pytest.mark.parametrize("rank", [0, 1])
def test_no_thread_communicates_while_python_ends(rank, two_processes):
    """One that does may abort the process: PyTorch's threads need Python to end."""
    at_exit, at_start = two_processes[rank]["threads at exit and at start"]
    assert at_exit == at_start


# A worker that dies

DYING = """
import json, os, signal, sys
import torch
from cnnlib import training
from training_cases import bars, course, fit, small

folder, rank = sys.argv[1], os.environ["RANK"]
first_life = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
calls = 0

def unchanged(images):
    global calls
    calls += 1
    if first_life and rank == "1" and calls == 7:  # of five steps an epoch
        os.kill(os.getpid(), signal.SIGKILL)
    return images

model = small()
history = fit(
    model, bars(70), bars(31, seed=1), epochs=3, batch_size=16, augment=unchanged,
    checkpoint=f"{folder}/c.pt", resume=True, progress=True,
)
if rank == "0":
    with open(f"{folder}/result", "w") as file:
        json.dump({"history": history.to_dict(), "calls": calls}, file)
    training.save(model, f"{folder}/model.pt")
"""


def test_a_killed_worker_is_restarted_and_goes_on(tmp_path):
    (tmp_path / "work.py").write_text(DYING)
    options = [*one_machine(), "--max-restarts=1"]
    finished(torchrun(tmp_path / "work.py", tmp_path, options=options))
    result = json.loads((tmp_path / "result").read_text())
    assert result["calls"] == 10  # the second and the third epoch, not the first

    def unchanged(images):
        return images

    model = small()
    settings = {"epochs": 3, "batch_size": 16, "augment": unchanged}
    history = fit(model, bars(70), bars(31, seed=1), **settings)
    losses = result["history"]["losses"]
    assert losses == pytest.approx(history.losses, rel=1e-3)
    weights = training.load(tmp_path / "model.pt").state_dict()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weights[name], weight, rtol=1e-2, atol=2e-3)
    # A share of a batch


@pytest.mark.parametrize("part", [(0, 3), (3, 5), (4, 5)])
def test_a_share_is_augmented_as_in_the_whole_batch(part):
    images = bars(5).images
    augment = data.Augment(shift=2, flip=True, rotate=20, scale=0.1, erase=3)
    one, other = (torch.Generator().manual_seed(3) for _ in range(2))
    whole = augment(images, generator=one)
    start, stop = part
    share = augment(images[start:stop], generator=other, share=(start, 5))
    assert torch.equal(share, whole[start:stop])
    assert torch.equal(one.get_state(), other.get_state())
