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
from training_cases import TRAININGS, bars, fit, with_norm

from cnnlib import data, training
from cnnlib.training.distributed import Team
from cnnlib.training.joining import _own_device, team

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
from cnnlib import training
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
        "PYTHONPATH": str(Path(__file__).parent),
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
    history = training.History.from_dict(found[name]["history"])
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
    output = finished(torchrun(tmp_path / "work.py", tmp_path, options=options))
    result = json.loads((tmp_path / "result").read_text())
    assert result["calls"] == 10  # the second and the third epoch, not the first

    def unchanged(images):
        return images

    model, history = TRAININGS["plain"](epochs=3, augment=unchanged)
    losses = result["history"]["losses"]
    assert losses == pytest.approx(history.losses, rel=1e-3)
    weights = training.load(tmp_path / "model.pt").state_dict()
    for name, weight in model.state_dict().items():
        torch.testing.assert_close(weights[name], weight, rtol=1e-2, atol=2e-3)
    # Progress is shown once a life, not once a process.
    assert output.count("epoch 1 of 3") == 1
    assert output.count("epoch 3 of 3") == 1


ENDING = """
import os, signal, sys
import torch
from training_cases import bars, fit, with_norm

calls = 0

def noise(images):
    global calls
    calls += 1
    if os.environ.get("LAST") == "1" and calls == 3:  # both, as torchrun would do it
        os.kill(os.getpid(), signal.SIGTERM)
    return images + 0.1 * torch.randn_like(images)

model = with_norm()
settings = {"epochs": 2, "batch_size": 16, "augment": noise}
if sys.argv[2] == "resume":
    settings |= {"checkpoint": f"{sys.argv[1]}/c.pt", "resume": True}
history = fit(model, bars(70), **settings)
if os.environ["RANK"] == "0":
    result = {"weights": model.state_dict(), "losses": history.losses, "calls": calls}
    torch.save(result, f"{sys.argv[1]}/{sys.argv[2]}")
"""


def test_processes_told_to_end_go_on_bit_for_bit(tmp_path, monkeypatch):
    """Dropout and noise, drawn in each process, come again as they would have come."""
    script = tmp_path / "work.py"
    script.write_text(ENDING)
    monkeypatch.setenv("LAST", "0")
    finished(torchrun(script, tmp_path, "whole", options=one_machine()))
    monkeypatch.setenv("LAST", "1")
    ended = torchrun(script, tmp_path, "resume", options=one_machine())
    ended.communicate(timeout=500)
    assert ended.returncode != 0
    position = torch.load(tmp_path / "c.pt", weights_only=True)["position"]
    assert (position["epoch"], position["step"]) == (0, 3)
    monkeypatch.setenv("LAST", "0")
    finished(torchrun(script, tmp_path, "resume", options=one_machine()))
    whole, resumed = (torch.load(tmp_path / name) for name in ("whole", "resume"))
    assert (whole["calls"], resumed["calls"]) == (10, 7)
    assert whole["losses"] == resumed["losses"]
    for name, weight in whole["weights"].items():
        assert torch.equal(weight, resumed["weights"][name])


# Two hosts


@pytest.fixture
def two_hosts():
    """Two network namespaces joined by one cable: the names, as good as two machines.

    Each has its own interfaces and its own loopback; only the cable leads across.
    """
    names = [f"cnnlib-{os.getpid()}-{i}" for i in (1, 2)]
    plan = [f"netns add {name}" for name in names]
    plan.append(
        f"link add cable netns {names[0]} type veth peer cable netns {names[1]}"
    )
    for i, name in enumerate(names, 1):
        plan.append(f"-n {name} address add 10.77.0.{i}/24 dev cable")
        plan += [f"-n {name} link set {link} up" for link in ("lo", "cable")]
    try:
        for line in plan:
            try:
                command = ["ip", *line.split()]
                subprocess.run(command, check=True, capture_output=True, text=True)
            except (OSError, subprocess.CalledProcessError) as error:
                reason = getattr(error, "stderr", "") or error
                pytest.skip(f"no network namespaces here: ip {line}: {reason}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_two_hosts_train_like_one_process(two_hosts, tmp_path):
    """Two processes on one host and one on the other; a last batch of two images."""
    (tmp_path / "work.py").write_text(ALL_TRAININGS)
    names = ["plain", "augmented", "normalized", "three for two"]
    hosts = [
        torchrun(
            tmp_path / "work.py",
            *(tmp_path / f"host{i}", *names),
            options=[
                *("--nnodes=2", f"--node-rank={i}", f"--nproc-per-node={2 - i}"),
                *("--master-addr=10.77.0.1", "--master-port=29500"),
            ],
            interface="cable",
            before=("ip", "netns", "exec", host),
        )
        for i, host in enumerate(two_hosts)
    ]
    for host in hosts:
        finished(host)
    here, there = (
        json.loads((tmp_path / name).read_text()) for name in ("host0.0", "host1.2")
    )
    for name in names:
        assert_like_one_process(here, name)
        assert here[name]["weights"] == there[name]["weights"]


# One process


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("images", [0, 1, 2, 5, 7, 30])
def test_parts_have_no_gaps_and_no_duplicates(images, size):
    bounds = [Team(torch.device("cpu"), r, size).bounds(images) for r in range(size)]
    indices = [i for start, stop in bounds for i in range(start, stop)]
    assert indices == list(range(images))
    lengths = [stop - start for start, stop in bounds]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("part", [(0, 3), (3, 5), (4, 5)])
def test_a_part_is_augmented_as_in_the_whole_batch(part):
    images = bars(5).images
    augment = data.Augment(shift=2, flip=True, rotate=20, scale=0.1, erase=3)
    one, other = (torch.Generator().manual_seed(3) for _ in range(2))
    whole = augment(images, generator=one)
    start, stop = part
    share = augment(images[start:stop], generator=other, share=(start, 5))
    assert torch.equal(share, whole[start:stop])
    assert torch.equal(one.get_state(), other.get_state())


def test_alone_without_torchrun(monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert team(None) == Team(torch.device("cpu"))
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert team("cpu") == Team(torch.device("cpu"))


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(ValueError, match=r"has 1 GPU, and process 1 .* finds none"):
        _own_device(torch.device("cuda"))
    assert _own_device(torch.device("mps")) == torch.device("cpu")


def test_batches_of_fewer_images_than_processes_are_refused(monkeypatch):
    two = Team(torch.device("cpu"), 0, 2)
    monkeypatch.setattr("cnnlib.training.fitting.team", lambda device: two)
    with pytest.raises(ValueError, match="batch_size must be at least 2, got 1"):
        fit(with_norm(), bars(10), batch_size=1)
