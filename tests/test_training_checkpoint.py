"""training.fit with a checkpoint: interrupted anywhere, it goes on as if never."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
import training_cases
from torch.utils.data import DataLoader, TensorDataset
from training_cases import bars, course, fit, same, small, with_norm

from cnnlib import data, models, training
from cnnlib.training import checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 5  # an epoch: 70 images in batches of 16, the last of 6
SETTINGS = {"epochs": 3, "batch_size": 16}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CNNLIB_DEVICE", "cpu")


@pytest.fixture
def after_every_step(monkeypatch):
    """A checkpoint after every step, which otherwise takes five minutes."""
    monkeypatch.setattr(checkpoint, "INTERVAL", -1.0)


class InterruptionError(Exception):
    """What stops a training in these tests."""


class Noise:
    """An augmentation that draws from torch's global generator, as dropout does.

    In call number ``stop`` (from 1) it raises.
    """

    __name__ = "noise"

    def __init__(self, stop=None):
        self.calls, self.stop = 0, stop

    def __call__(self, images):
        self.calls += 1
        if self.calls == self.stop:
            raise InterruptionError
        return images + 0.1 * torch.randn_like(images)


@pytest.fixture(scope="module")
def undisturbed(one_thread):
    """The model and the history of the training that nothing interrupts."""
    model = with_norm()
    return model, fit(model, bars(70), augment=Noise(), device="cpu", **SETTINGS)


def interrupted(path, step, train=None):
    """Train until the given step, counted from 1, which is not taken any more."""
    train = bars(70) if train is None else train
    with pytest.raises(InterruptionError):
        fit(with_norm(), train, augment=Noise(step), checkpoint=path, **SETTINGS)


@pytest.mark.parametrize("step", [2, 5, 6, 8, 11, 15])
def test_it_goes_on_bit_for_bit(step, tmp_path, undisturbed, after_every_step):
    path, model, noise = tmp_path / "run" / "c.pt", with_norm(), Noise()
    interrupted(path, step)
    settings = SETTINGS | {"checkpoint": path, "resume": True, "augment": noise}
    history = fit(model, bars(70), **settings)
    assert noise.calls == 3 * STEPS - (step - 1)
    assert same(model, undisturbed[0])
    assert course(history) == course(undisturbed[1])
    assert [p.name for p in path.parent.iterdir()] == ["c.pt"]


def test_a_checkpoint_comes_after_each_epoch(tmp_path, undisturbed):
    path, model, noise = tmp_path / "c.pt", with_norm(), Noise()
    interrupted(path, STEPS + 3)
    settings = SETTINGS | {"checkpoint": path, "resume": True, "augment": noise}
    fit(model, bars(70), **settings)
    assert noise.calls == 2 * STEPS
    assert same(model, undisturbed[0])


def test_a_loader_goes_on_bit_for_bit(tmp_path, after_every_step):
    """Its order too, which it draws itself."""

    def loader():
        train = bars(70)
        tensors = TensorDataset(data.normalize(train.images), train.labels)
        return DataLoader(tensors, 16, shuffle=True)

    path, whole, model = tmp_path / "c.pt", with_norm(), with_norm()
    expected = fit(whole, loader(), augment=Noise(), **SETTINGS)
    interrupted(path, 8, loader())
    settings = SETTINGS | {"checkpoint": path, "resume": True}
    history = fit(model, loader(), augment=Noise(), **settings)
    assert same(model, whole)
    assert course(history) == course(expected)


def test_a_finished_training_is_not_repeated(tmp_path, undisturbed):
    path, noise = tmp_path / "c.pt", Noise()
    fit(with_norm(), bars(70), augment=Noise(), checkpoint=path, **SETTINGS)
    model = with_norm(1)
    settings = SETTINGS | {"checkpoint": path, "resume": True}
    history = fit(model, bars(70), augment=noise, **settings)
    assert noise.calls == 0
    assert same(model, undisturbed[0])
    assert course(history) == course(undisturbed[1])


def test_without_a_file_it_starts_at_the_beginning(tmp_path, undisturbed):
    model, settings = with_norm(), SETTINGS | {"checkpoint": tmp_path / "new"}
    fit(model, bars(70), augment=Noise(), resume=True, **settings)
    assert same(model, undisturbed[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 4}, "epochs is 3 there and 4 here"),
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"optimizer": "sgd"}, "optimizer is adamw there and sgd here"),
        ({"augment": data.Augment(shift=1)}, r"augment is noise there and Augment\("),
    ],
)
def test_other_settings_are_refused(change, words, tmp_path):
    path = tmp_path / "c.pt"
    fit(with_norm(), bars(70), augment=Noise(), checkpoint=path, **SETTINGS)
    model, before = with_norm(1), with_norm(1)
    settings = SETTINGS | {"augment": Noise()} | change
    with pytest.raises(ValueError, match=f"of another training: .*{words}"):
        fit(model, bars(70), checkpoint=path, resume=True, **settings)
    assert same(model, before)


def test_another_network_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    fit(small(), bars(10), checkpoint=path)
    with pytest.raises(ValueError, match="model is LeNet5 there and Sequential here"):
        fit(with_norm(), bars(10), checkpoint=path, resume=True)
    wider = models.LeNet5(num_classes=2, image_size=16)
    with pytest.raises(ValueError, match="does not fit this training: RuntimeError"):
        fit(wider, bars(10, size=16), checkpoint=path, resume=True)


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7])
def test_one_wrong_bit_is_found(tmp_path, place):
    model, kept = training.save(small(), tmp_path / "m.pt"), tmp_path / "c.pt"
    fit(small(), bars(10), checkpoint=kept)
    for path in (model, kept):
        content = bytearray(path.read_bytes())
        content[int(place * len(content))] ^= 1
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.pt is not a model file .* damaged"):
        training.load(model)
    with pytest.raises(ValueError, match=r"c\.pt is not a checkpoint .* damaged"):
        fit(small(), bars(10), checkpoint=kept, resume=True)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    for content in (b"", b"half"):
        path.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"is not a checkpoint of .* it is damaged"
        ):
            fit(small(), bars(10), checkpoint=path, resume=True)
    training.save(small(), path)
    with pytest.raises(ValueError, match="its format is 'cnnlib model 1', not 'cnnlib"):
        fit(small(), bars(10), checkpoint=path, resume=True)
    with pytest.raises(ValueError, match=r"checkpoint to name a file, but .* a folder"):
        fit(small(), bars(10), checkpoint=tmp_path)
    fit(small(), bars(10), checkpoint=path)
    content = torch.load(path, weights_only=True)
    for key in ("model", "optimizer", "epoch", "history"):
        torch.save({k: v for k, v in content.items() if k != key}, path)
        with pytest.raises(ValueError, match=f"KeyError: '{key}'"):
            fit(small(), bars(10), checkpoint=path, resume=True)


# SIGKILL

LIFE = """
import sys, time
import torch
from cnnlib.training import checkpoint
import training_cases
from training_cases import bars, fit, with_norm

torch.set_num_threads(1)
checkpoint.INTERVAL = -1.0  # after every step: many a kill comes while one is written
path = sys.argv[1]

def noise(images):
    print("step", flush=True)
    time.sleep(0.002)
    return images + 0.1 * torch.randn_like(images)

model = with_norm()
history = fit(
    model, bars(220), bars(9), augment=noise, epochs=4, batch_size=16,
    checkpoint=path, resume=True,
)
torch.save([model.state_dict(), history.to_dict()], path + ".result")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_again_and_again_it_ends_with_the_same_weights(tmp_path):
    path, script = str(tmp_path / "c.pt"), tmp_path / "life.py"
    script.write_text(LIFE)
    environment = {**os.environ, "PYTHONPATH": training_cases.PYTHONPATH}

    def start():
        return subprocess.Popen(
            [sys.executable, script, path],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    for steps in (3, 9, 16):
        life = start()
        for _ in range(steps):
            assert life.stdout.readline() == "step\n"
        time.sleep(0.001 * steps)
        life.kill()
        life.communicate()
        assert life.returncode == -signal.SIGKILL
    last, _ = (life := start()).communicate()
    assert life.returncode == 0
    assert last.count("step") <= 4 * 14 - 3  # it did not start at the beginning

    def noise(images):
        return images + 0.1 * torch.randn_like(images)

    model = with_norm()
    expected = fit(model, bars(220), bars(9), augment=noise, epochs=4, batch_size=16)
    weights, history = torch.load(path + ".result", weights_only=True)
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert course(training.History(**history)) == course(expected)
