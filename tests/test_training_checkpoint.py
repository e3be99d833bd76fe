"""training.fit with a checkpoint: interrupted anywhere, it goes on as if never."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from training_cases import bars, course, fit, same, small, with_norm

from cnnlib import data, models, training
from cnnlib.training import checkpoint as checkpoints

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 5  # an epoch: 70 images in batches of 16, the last of 6
EPOCHS = 3
SETTINGS = {"epochs": EPOCHS, "batch_size": 16}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CNNLIB_DEVICE", "cpu")


class InterruptionError(Exception):
    """What stops a training in these tests."""


def noisy(at=None, action=None):
    """An augmentation that draws from torch's global generator, as dropout does.

    At its call number ``at`` (from 1) it does ``action()``.
    """
    calls = []

    def noise(images):
        calls.append(len(images))
        if len(calls) == at:
            action()
        return images + 0.1 * torch.randn_like(images)

    noise.calls = calls
    return noise


def interrupt():
    raise InterruptionError


def stopped(path, step, action=interrupt, error=InterruptionError, **kw):
    """Train until ``action`` stops it in the given step, counted from 1."""
    augment = noisy(step, action)
    with pytest.raises(error):
        fit(with_norm(), bars(70), augment=augment, checkpoint=path, **SETTINGS | kw)


@pytest.fixture(scope="module")
def undisturbed(one_thread):
    """The model and the history of the training that nothing interrupts."""
    model = with_norm()
    return model, fit(model, bars(70), augment=noisy(), device="cpu", **SETTINGS)


@pytest.mark.parametrize("step", [1, 6, 7, 10, 11, 15])
@pytest.mark.parametrize("every", [0.0, 300.0])
def test_an_interrupted_training_goes_on_bit_for_bit(
    step, every, tmp_path, monkeypatch, undisturbed
):
    monkeypatch.setattr(checkpoints, "EVERY", every)
    path = tmp_path / "run" / "checkpoint.pt"
    stopped(path, step)
    # Other weights, where the right ones come from the file.
    augment, model = noisy(), with_norm(seed=1 if path.exists() else 0)
    history = fit(
        model, bars(70), augment=augment, checkpoint=path, resume=True, **SETTINGS
    )
    assert same(model, undisturbed[0])
    assert course(history) == course(undisturbed[1])
    kept = step - 1 if every == 0 else (step - 1) // STEPS * STEPS
    assert len(augment.calls) == EPOCHS * STEPS - kept
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize(
    "kw",
    [
        {"optimizer": "sgd"},
        {"schedule": "constant"},
        {"precision": "bfloat16"},
        {"augment": data.Augment(shift=2, rotate=5)},
    ],
)
def test_every_kind_of_training_goes_on(kw, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    train, path = bars(70), tmp_path / "c.pt"
    whole, parted = small(), small()
    expected = fit(whole, train, train[:9], **SETTINGS | kw)

    class Brittle(data.ImageSet):
        """Breaks in the middle of the second epoch."""

        def batches(self, *args, **kw):
            for i, batch in enumerate(super().batches(*args, **kw)):
                if path.exists() and len(torch.load(path)["history"]["records"]) and i:
                    raise InterruptionError
                yield batch

    brittle = Brittle(train.images, train.labels, train.classes, train.name)
    with pytest.raises(InterruptionError):
        fit(parted, brittle, train[:9], checkpoint=path, **SETTINGS | kw)
    again = small(seed=1)
    history = fit(
        again, train, train[:9], checkpoint=path, resume=True, **SETTINGS | kw
    )
    assert same(again, whole)
    assert course(history) == course(expected)


def test_a_training_that_is_over_is_read(tmp_path, undisturbed):
    path = tmp_path / "c.pt"
    fit(with_norm(), bars(70), augment=noisy(), checkpoint=path, **SETTINGS)
    model, augment = with_norm(seed=1), noisy()
    history = fit(
        model, bars(70), augment=augment, checkpoint=path, resume=True, **SETTINGS
    )
    assert not augment.calls
    assert same(model, undisturbed[0])
    assert course(history) == course(undisturbed[1])
    assert model.classes == ("lying", "standing")
    assert not model.training


def test_without_resume_a_training_starts_anew(tmp_path, undisturbed):
    path = tmp_path / "c.pt"
    stopped(path, 7)
    model = with_norm()
    fit(model, bars(70), augment=noisy(), checkpoint=path, **SETTINGS)
    assert same(model, undisturbed[0])


def test_a_checkpoint_holds_only_data(tmp_path):
    path = tmp_path / "c.pt"
    stopped(path, 7)
    content = torch.load(path, weights_only=True)
    assert content["format"] == "cnnlib checkpoint 1"
    assert content["position"]["epoch"] == 1
    assert len(content["history"]["losses"]) == STEPS
    assert content["training"]["batch_size"] == 16


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".c.pt.123.tmp", ".d.pt.123.tmp"):
        (tmp_path / name).write_bytes(b"half")
    fit(small(), bars(20), checkpoint=tmp_path / "c.pt")
    assert sorted(os.listdir(tmp_path)) == [".d.pt.123.tmp", "c.pt"]


# Signals


class EndedError(Exception):
    """What this test's own handler of SIGTERM raises."""


@pytest.fixture
def handler():
    """SIGTERM as an exception, so that the process that tests survives."""

    def end(number, frame):
        raise EndedError

    before = signal.signal(signal.SIGTERM, end)
    yield end
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("step", [7, 10])
@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGTERM, EndedError), (signal.SIGINT, KeyboardInterrupt)],
)
def test_a_signal_waits_for_the_checkpoint(
    step, number, error, tmp_path, handler, undisturbed
):
    path = tmp_path / "c.pt"
    stopped(path, step, lambda: signal.raise_signal(number), error)
    assert signal.getsignal(signal.SIGTERM) is handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    position = torch.load(path, weights_only=True)["position"]
    assert (position["epoch"], position["step"]) == (1, step - STEPS)
    model = with_norm(seed=1)
    history = fit(
        model, bars(70), augment=noisy(), checkpoint=path, resume=True, **SETTINGS
    )
    assert same(model, undisturbed[0])
    assert course(history) == course(undisturbed[1])


def test_a_signal_that_ends_nothing_lets_the_training_go_on(tmp_path, undisturbed):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        path, model = tmp_path / "c.pt", with_norm()
        augment = noisy(7, lambda: signal.raise_signal(signal.SIGTERM))
        fit(model, bars(70), augment=augment, checkpoint=path, **SETTINGS)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIGTERM]
    assert same(model, undisturbed[0])


def test_without_a_checkpoint_signals_are_left_alone(handler):
    def at_once():
        assert signal.getsignal(signal.SIGTERM) is handler

    fit(small(), bars(20), augment=noisy(1, at_once))


def test_other_threads_leave_signals_alone(tmp_path, handler):
    seen = []

    def train():
        action = lambda: seen.append(signal.getsignal(signal.SIGTERM))  # noqa: E731
        fit(small(), bars(20), augment=noisy(1, action), checkpoint=tmp_path / "c.pt")

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert seen == [handler]
    assert (tmp_path / "c.pt").exists()


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 5}, "epochs is 3 there and 5 here"),
        ({"batch_size": 8, "lr": 1.0}, "lr is 0.003 there and 1.0 here; batch_size is"),
        ({"augment": None}, "augment is noise there and None here"),
        ({"precision": "bfloat16"}, "precision is float32 there and bfloat16 here"),
        ({"model": small}, r"model is Sequential \(1,194 weights, .*and LeNet5 \("),
        ({"model": lambda: with_norm().append(torch.nn.Identity())}, "model is Sequ"),
        ({"train": bars(60)}, r"train is 'bars' \(70 images of 1x12x12, .* \(60 im"),
        ({"train": bars(70, seed=1)}, r"train is 'bars' \(70 images .* \(70 images"),
        ({"test": bars(9)}, r"test is None there and 'bars' \(9 images of"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(change, message, tmp_path):
    path = tmp_path / "c.pt"
    stopped(path, 7)
    here = {"model": with_norm, "train": bars(70), "augment": noisy(), **SETTINGS}
    here |= change
    model = here.pop("model")()
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"c\.pt is of another training.*" + message):
        fit(model, here.pop("train"), checkpoint=path, resume=True, **here)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize(
    ("kw", "error", "message"),
    [
        ({"resume": True}, ValueError, "resume=True goes on from a file: pass check"),
        ({"resume": 1, "checkpoint": "c"}, TypeError, "resume must be True or False"),
        ({"checkpoint": 3}, TypeError, "checkpoint must be the path of a file, got 3"),
        ({"checkpoint": "."}, ValueError, r"name a file, but \. is a folder"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(kw, error, message):
    with pytest.raises(error, match=message):
        fit(small(), bars(10), **kw)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "c.pt"
    path.write_bytes(b"nothing of ours")
    with pytest.raises(ValueError, match=r"is not a checkpoint of training\.fit, or"):
        fit(small(), bars(10), checkpoint=path, resume=True)
    training.save(models.Linear(), path)
    with pytest.raises(ValueError, match="its format is 'cnnlib model 1', not 'cnnlib"):
        fit(small(), bars(10), checkpoint=path, resume=True)


# SIGKILL

KILLS = 20
STRIDE = 4  # steps that a life may take
LONG = {"epochs": 6, "batch_size": 16}  # of 14 steps each: more than 20 lives take

# Imports torch once; each life is a fork. A life says when it begins a step, and waits
# there for the leave to do so: none outlives what it was given.
LIVES = """
import os, random, signal, sys, time
import torch
from cnnlib import data
from cnnlib.training import checkpoint
from training_cases import bars, fit, with_norm

torch.set_num_threads(1)
path, kills, stride = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
settings = {"epochs": 6, "batch_size": 16, "checkpoint": path, "resume": True}
checkpoint.EVERY = 0.0  # a checkpoint a step: many a kill falls into its writing


def live(said, leave):
    def noise(images):
        os.write(said, b".")
        if leave is not None:
            os.read(leave, 1)
        return images + 0.1 * torch.randn_like(images)

    model = with_norm()
    history = fit(model, bars(220), bars(9), augment=noise, **settings)
    torch.save([model.state_dict(), history.to_dict()], path + ".result")


fit(with_norm(), bars(20))  # what torch imports on first use is imported once
chance = random.Random(1998)
for life in range(kills + 1):
    heard, said = os.pipe()
    leave, give = os.pipe()
    last = life == kills
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            live(said, None if last else leave)
            code = 0
        finally:
            os._exit(code)
    if not last:
        steps = chance.randint(1, stride)
        os.write(give, b"." * steps)
        os.read(heard, 1)
        for _ in range(chance.randint(0, steps - 1)):
            os.read(heard, 1)
        time.sleep(chance.uniform(0, 0.004))
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
    for end in (heard, said, leave, give):
        os.close(end)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_killed_twenty_times_it_ends_with_the_same_weights(tmp_path):
    path, script = tmp_path / "c.pt", tmp_path / "lives.py"
    script.write_text(LIVES)
    command = [sys.executable, script, path, str(KILLS), str(STRIDE)]
    here = str(Path(__file__).parent)
    lives = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": here, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert lives.stdout.split() == ["-9"] * KILLS + ["0"], lives.stderr
    weights, history = torch.load(f"{path}.result", weights_only=True)

    def noise(images):
        return images + 0.1 * torch.randn_like(images)

    model = with_norm()
    expected = fit(model, bars(220), bars(9), augment=noise, **LONG)
    assert len(expected.losses) == 84 > KILLS * STRIDE
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert course(training.History.from_dict(history)) == course(expected)
