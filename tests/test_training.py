"""training: fit, history, evaluation, files, progress."""

import base64
import functools
import io
import itertools
import json
import math
import pickle
import re
import sys
import time
import types
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset
from training_cases import bars, fit, same, small, with_norm

from cnnlib import data, layers, models, training

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("CNNLIB_DEVICE", "cpu")


@pytest.fixture(scope="module")
def trained(one_thread):
    """A model that has learned, its sets and its history."""
    train, test, model = bars(400), bars(101, seed=1), small()
    history = fit(model, train, test, epochs=4, batch_size=32, lr=0.01)
    return model, train, test, history


# fit


def test_fit_learns(trained):
    model, _, _, history = trained
    assert history.accuracy > 0.95
    assert history.losses[-1] < history.losses[0] / 4
    assert not model.training
    assert model.classes == ("lying", "standing")
    assert model.conv2.weight.is_contiguous()


def test_fit_learns_the_digits_that_ship():
    train, test = data.load("digits")
    torch.manual_seed(0)
    model = models.LeNet5()
    history = fit(model, train, test, epochs=5, batch_size=32)
    assert history.accuracy > 0.95


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_fit_learns_with_every_choice(optimizer, schedule, precision):
    choice = {"optimizer": optimizer, "schedule": schedule, "precision": precision}
    train = bars(100)
    half = train.images[:, :, :6]  # brighter where the label is 1: easy
    half[train.labels == 1] = half[train.labels == 1] // 2 + 127
    model = models.SoftmaxRegression(num_classes=2, image_size=12)
    history = fit(model, train, train, epochs=3, batch_size=10, lr=0.01, **choice)
    assert history.accuracy > 0.95
    assert history.settings.items() >= choice.items()


@pytest.mark.parametrize("build", [small, with_norm])
def test_same_seed_same_weights_bit_for_bit(build):
    augment = data.Augment(shift=1, rotate=5)
    first, second, other = build(), build(), build()
    for model, seed in ((first, 7), (second, 7), (other, 8)):
        torch.rand(3)  # what was drawn before does not matter
        fit(model, bars(70), epochs=2, batch_size=16, augment=augment, seed=seed)
    assert same(first, second)
    assert not same(first, other)


def test_fit_leaves_the_global_generator_alone():
    model = with_norm()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(model, bars(20))
    assert torch.equal(torch.rand(3), expected)


def by_hand(model, train, optimizer, order, batch_size=20) -> list[float]:
    """One epoch, step by step, with nothing of fit's."""
    losses = []
    for index in order.split(batch_size):
        images = train.images[index].float() / 127.5 - 1
        loss = nn.functional.cross_entropy(model(images), train.labels[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def close(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in pairs)


def test_fit_equals_a_loop_written_by_hand():
    train, ours, theirs = bars(50), small(), small()
    history = fit(
        ours, train, batch_size=20, lr=0.01, optimizer="sgd", schedule="constant"
    )
    optimizer = torch.optim.SGD(
        theirs.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    order = torch.randperm(50, generator=training.generator(seed=0, epoch=0))
    losses = by_hand(theirs, train, optimizer, order)
    assert history.losses == pytest.approx(losses, rel=1e-4)
    mean = (20 * losses[0] + 20 * losses[1] + 10 * losses[2]) / 50
    assert history.records[0]["train_loss"] == pytest.approx(mean, rel=1e-4)
    assert close(ours, theirs)


def test_an_optimizer_and_a_scheduler_of_ones_own():
    train, ours, theirs = bars(40), small(), small()
    optimizers = [torch.optim.Adam(m.parameters(), lr=0.01) for m in (ours, theirs)]
    scheduler = torch.optim.lr_scheduler.StepLR(optimizers[0], step_size=1, gamma=0.5)
    history = fit(
        ours, train, batch_size=20, optimizer=optimizers[0], scheduler=scheduler
    )
    order = torch.randperm(40, generator=training.generator(seed=0, epoch=0))
    first, second = order.split(20)
    losses = by_hand(theirs, train, optimizers[1], first)
    optimizers[1].param_groups[0]["lr"] = 0.005
    losses += by_hand(theirs, train, optimizers[1], second)
    assert history.losses == pytest.approx(losses, rel=1e-4)
    assert close(ours, theirs)
    recorded = (history.settings["optimizer"], history.settings["scheduler"])
    assert recorded == ("Adam", "StepLR")


# fit and evaluate with PyTorch's loaders


@pytest.mark.parametrize("kind", ["set", "floats", "uint8", "subset", "list"])
def test_every_kind_of_batches_trains_alike(kind):
    """The same batches of 20, in order: from a DataLoader of each kind, or a list."""
    train, model = bars(40), small()
    floats = data.normalize(train.images)
    batches = {
        "set": DataLoader(train, 20),
        "floats": DataLoader(TensorDataset(floats, train.labels), 20),
        "uint8": DataLoader(TensorDataset(train.images, train.labels), 20),
        "subset": DataLoader(Subset(train, range(40)), 20),
        "list": list(zip(floats.split(20), train.labels.split(20), strict=True)),
    }[kind]
    history = fit(model, batches, batches, optimizer="sgd", schedule="constant", lr=0.1)
    theirs = small()
    optimizer = torch.optim.SGD(
        theirs.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    losses = by_hand(theirs, train, optimizer, torch.arange(40))
    assert history.losses == pytest.approx(losses, rel=1e-4)
    assert history.images == (None if kind == "list" else 40)
    assert history.data == ("bars" if kind in ("set", "subset") else history.data)
    ours, whole = training.evaluate(model, batches), training.evaluate(model, train)
    assert history.accuracy == ours.accuracy == whole.accuracy
    assert ours.loss == pytest.approx(whole.loss)
    known = kind in ("set", "subset")
    assert ours.classes == (("lying", "standing") if known else ("0", "1"))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_shuffling_loader_draws_by_the_seed(workers):
    """Whatever was drawn before, and in worker processes too."""

    def train(seed):
        torch.rand(3)
        loader = DataLoader(bars(40), 16, shuffle=True, num_workers=workers)
        return fit(small(), loader, epochs=2, seed=seed).losses

    assert train(1) == train(1) != train(2)


def test_what_loaders_may_not_be():
    with pytest.raises(
        TypeError, match=r"pair of tensors \(images, labels\), but got int"
    ):
        fit(small(), [1, 2])
    with pytest.raises(TypeError, match="train to have a length"):
        fit(small(), (batch for batch in DataLoader(bars(4))))
    with pytest.raises(TypeError, match="train to be an ImageSet or an iterable"):
        fit(small(), bars(4).images)
    with pytest.raises(ValueError, match="expected train to hold images"):
        fit(small(), [])
    ten = models.LeNet5(image_size=12)
    with pytest.raises(ValueError, match="LeNet5 to have 2 outputs"):
        fit(ten, DataLoader(bars(4)))


@pytest.mark.parametrize("images", [31, 32, 33, 34])
def test_last_small_batch(images):
    model = with_norm()
    history = fit(model, bars(images), epochs=2, batch_size=16)
    steps = 2 * (3 if images == 34 else 2)
    assert len(history.losses) == steps
    assert all(p.isfinite().all() for p in model.state_dict().values())


@pytest.mark.parametrize(
    ("images", "batch_size", "steps"),
    [(10, 5, 2), (11, 5, 2), (12, 5, 3), (3, 5, 1), (1, 5, 1), (3, 1, 3)],
)
def test_a_last_batch_of_one_image_waits_for_another_epoch(images, batch_size, steps):
    assert len(fit(small(), bars(images), batch_size=batch_size).losses) == steps


def test_a_model_with_view_trains_in_its_own_layout():
    class Viewing(models.LeNet5):
        def forward(self, x):
            return self.fc3(self.conv2(self.conv1(x)).view(len(x), -1)[:, :84])

    model = Viewing(num_classes=2, image_size=12)
    fit(model, bars(40), batch_size=20)
    assert model.conv2.weight.is_contiguous()


def test_frozen_weights_stay():
    model = small()
    model.conv1.requires_grad_(False)
    before = model.conv1.weight.clone()
    fit(model, bars(40), batch_size=20)
    assert torch.equal(model.conv1.weight, before)


def test_custom_loss_and_augment_are_used():
    seen = []

    def squared(logits, labels):
        return (logits.softmax(1) - nn.functional.one_hot(labels, 2)).square().mean()

    def brighter(images):
        seen.append((images.dtype, len(images)))
        return images + 0.1

    train = bars(40)
    history = fit(small(), train, train, batch_size=20, loss=squared, augment=brighter)
    assert seen == [(torch.float32, 20)] * 2
    assert history.losses[0] < 0.3
    assert history.records[0]["test_loss"] < 0.3
    assert history.settings["loss"] == "squared"
    assert history.settings["augment"] == "brighter"


def test_a_model_brings_its_own_loss():
    """The 1998 network learns, and is measured, with the loss of its paper."""
    train, _ = data.load("digits")
    few, losses = train.per_class(4), []
    for loss in (None, layers.MAPLoss(), nn.functional.cross_entropy):
        torch.manual_seed(0)
        model = models.LeNet5_1998()
        history = fit(model, few, few, batch_size=20, loss=loss)
        losses.append(history.losses)
    assert losses[0] == losses[1] != losses[2]
    assert history.settings["loss"] == "cross_entropy"
    measured = training.evaluate(model, few)
    assert measured.loss == training.evaluate(model, few, loss=model.loss).loss
    torch.testing.assert_close(measured.probabilities.sum(1), torch.ones(40))


def test_a_loss_is_written_down_by_its_name():
    for model, kw, name in (
        (models.LeNet5_1998(), {}, "MAPLoss(j=10.0)"),
        (small(), {"loss": nn.CrossEntropyLoss()}, "CrossEntropyLoss()"),
        (small(), {}, "cross_entropy"),
    ):
        train = bars(4) if name != "MAPLoss(j=10.0)" else data.load("digits")[0][:4]
        assert fit(model, train, **kw).settings["loss"] == name
    shifted = functools.partial(torch.add, other=0.1)
    settings = fit(small(), bars(4), augment=shifted).settings
    assert " at 0x" not in settings["augment"]  # not the same in the next process


@pytest.mark.parametrize(("able", "chosen"), [(True, "bfloat16"), (False, "float32")])
def test_precision_auto_asks_the_processor(able, chosen, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able, False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, False)
    seen = []

    def loss(logits, labels):
        seen.append(logits.dtype)
        return nn.functional.cross_entropy(logits, labels)

    history = fit(small(), bars(20), precision="auto", loss=loss)
    assert history.settings["precision"] == chosen
    assert seen == [getattr(torch, chosen)]
    assert fit(small(), bars(20)).settings["precision"] == "float32"


def test_random_crops_of_larger_images():
    """The network, and the test set, see images of the crop's size."""
    train, test, augment = bars(60, size=14), bars(20, seed=1), data.Augment(crop=12)
    history = fit(small(), train, test, batch_size=20, augment=augment)
    assert history.settings["augment"] == "Augment(crop=12)"
    with pytest.raises(ValueError, match=r"images of shape \(1, 14, 14\)"):
        fit(small(), train, bars(20, size=14), augment=augment)
    with pytest.raises(ValueError, match=r"images of shape \(1, 10, 10\)"):
        fit(small(), train, augment=data.Augment(crop=10))


# fit: what it refuses


@pytest.mark.parametrize(
    ("kw", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "expected epochs to be at least 1, but got 0"),
        ({"epochs": 1.5}, TypeError, "expected epochs to be an int, but got 1.5"),
        ({"epochs": True}, TypeError, "expected epochs to be an int"),
        ({"batch_size": -2}, ValueError, "batch_size to be at least 1, but got -2"),
        ({"lr": 0}, ValueError, "expected lr to be above 0, but got 0"),
        ({"lr": math.nan}, ValueError, "expected lr to be above 0, but got nan"),
        ({"lr": "1"}, TypeError, "expected lr to be a number, but got '1'"),
        ({"weight_decay": -1}, ValueError, "weight_decay to be 0 or more, but got -1"),
        ({"seed": -1}, ValueError, "expected seed to be at least 0"),
        ({"optimizer": "lion"}, ValueError, "one of 'adamw', 'sgd', but got 'lion'"),
        ({"schedule": "cosine"}, ValueError, "schedule to be one of 'one_cycle', 'co"),
        ({"precision": "int8"}, ValueError, "precision to be one of 'float32', 'bfl"),
        ({"augment": 3}, TypeError, "augment to be a function or None, but got 3"),
        ({"loss": "mse"}, TypeError, r"loss to be a function of \(logits, labels\)"),
        ({"scheduler": "step"}, ValueError, "together with a torch optimizer"),
        ({"device": "gpu"}, ValueError, "expected device to be cpu, cuda"),
        ({"resume": True}, ValueError, "expected checkpoint to name a file to resume"),
    ],
)
def test_fit_refuses_settings(kw, error, message):
    with pytest.raises(error, match=message):
        fit(small(), bars(10), **kw)


def test_an_optimizer_of_ones_own_has_its_own_settings():
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for setting in ({"lr": 0.1}, {"weight_decay": 0.0}, {"schedule": "constant"}):
        with pytest.raises(ValueError, match="with a torch optimizer of your own"):
            fit(model, bars(10), optimizer=optimizer, **setting)
    with pytest.raises(TypeError, match=r"scheduler to be one of torch.optim.lr_sched"):
        fit(model, bars(10), optimizer=optimizer, scheduler=3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(RuntimeError, match="of this machine, which has cpu"):
        fit(small(), bars(10), device="cuda")


def test_running_out_of_memory_is_reported_as_such():
    class Huge(models.LeNet5):
        def forward(self, images):
            raise torch.OutOfMemoryError("CUDA out of memory")

    model = Huge(num_classes=2, image_size=12)
    for use in (fit, training.evaluate):
        with pytest.raises(torch.OutOfMemoryError):
            use(model, bars(10))


def test_fit_refuses_sets():
    for empty in ((bars(10)[:0],), (bars(10), bars(10)[:0])):
        with pytest.raises(ValueError, match="to hold images, but it is empty"):
            fit(small(), *empty)
    other = replace(bars(10), classes=("cat", "dog"), name="pets")
    with pytest.raises(
        ValueError, match=r"test to have the classes of train, \('lying"
    ):
        fit(small(), bars(10), other)
    with pytest.raises(
        ValueError, match=r"not take bars's images of shape \(1, 14, 14"
    ):
        fit(small(), bars(10), bars(10, size=14))


def test_fit_refuses_models():
    with pytest.raises(
        TypeError, match=r"model to be a torch\.nn\.Module, but got type"
    ):
        fit(models.LeNet5, bars(10))
    with pytest.raises(ValueError, match="model to have weights to train, but Flatten"):
        fit(nn.Flatten(), bars(10))
    with pytest.raises(
        ValueError, match="LeNet5 to have 2 outputs, one for each class"
    ):
        fit(models.LeNet5(image_size=12), bars(10))
    with pytest.raises(ValueError, match=r"not take bars's images of shape \(1, 12"):
        fit(models.LeNet5(num_classes=2), bars(10))
    with pytest.raises(ValueError, match=r"Sequential does not take bars's"):
        fit(nn.Sequential(nn.Flatten(), nn.Linear(9, 2)), bars(10))


def test_fit_stops_when_the_loss_is_not_finite():
    model = small()
    with pytest.raises(FloatingPointError, match=r"epoch 1.* lower learning rate"):
        fit(model, bars(40), batch_size=10, lr=1e30, epochs=3)
    assert not model.training


# history


def test_history_counts(trained):
    _, _, _, history = trained
    assert [r["epoch"] for r in history.records] == [1, 2, 3, 4]
    assert len(history.losses) == 4 * 13
    assert (history.model, history.data, history.images) == ("LeNet5", "bars", 400)
    assert history.settings["lr"] == 0.01
    assert history.seconds == sum(r["seconds"] for r in history.records)
    assert history.accuracy == history.records[-1]["test_accuracy"]
    line = r"LeNet5 on bars: 4 epochs, 400 images each, \d+\.\d s, test accuracy .* %"
    assert re.fullmatch(line, repr(history))


def test_history_without_a_test_set():
    history = fit(small(), bars(20))
    assert history.accuracy is None
    assert history.records[0]["test_loss"] is None
    assert "1 epoch, 20 images each" in repr(history)
    assert "training accuracy" in repr(history)


def test_history_goes_through_json(trained):
    history = trained[3]
    values = json.loads(json.dumps(history.to_dict()))
    assert training.History(**values) == history


# evaluate and predict


class Fixed(nn.Module):
    """Gives the logits that the first pixels of each image say."""

    def __init__(self, outputs: int = 3):
        super().__init__()
        self.outputs = outputs
        self.drop = nn.Dropout(0.5)

    def forward(self, images):
        return self.drop(images.flatten(1)[:, : self.outputs] * 127.5 + 127.5)


def fixed_set() -> data.ImageSet:
    """Five images whose first three pixels are the logits."""
    logits = torch.tensor([[3, 0, 0], [0, 2, 0], [1, 2, 0], [0, 0, 9], [4, 0, 0]])
    images = torch.zeros(5, 1, 2, 2, dtype=torch.uint8)
    images.view(5, 4)[:, :3] = logits.to(torch.uint8)
    labels = torch.tensor([0, 1, 0, 1, 0])
    return data.ImageSet(images, labels, ("a", "b", "c"), "five")


@pytest.mark.parametrize("batch_size", [1, 2, 5, 1000])
def test_evaluate_by_hand(batch_size):
    model = Fixed().train()
    model.drop.eval()  # a mix of modes comes back as it was
    result = training.evaluate(model, fixed_set(), batch_size=batch_size)
    assert model.training
    assert not model.drop.training
    assert result.predictions.tolist() == [0, 1, 1, 2, 0]
    assert result.labels.tolist() == [0, 1, 0, 1, 0]
    assert result.accuracy == 3 / 5
    assert result.confusion.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 0]]
    torch.testing.assert_close(
        result.per_class, torch.tensor([2 / 3, 1 / 2, math.nan]), equal_nan=True
    )
    # Image 3 says c with e^9 / (e^9 + 2), image 2 says b with e^2 / (e^2 + e + 1).
    assert result.mistakes().tolist() == [3, 2]
    chances = [
        math.exp(3) / (math.exp(3) + 2),
        math.exp(2) / (math.exp(2) + 2),
        math.e / (math.exp(2) + math.e + 1),
        1 / (math.exp(9) + 2),
        math.exp(4) / (math.exp(4) + 2),
    ]
    assert result.loss == pytest.approx(-sum(map(math.log, chances)) / 5, rel=1e-5)
    told = result.probabilities[torch.arange(5), result.labels]
    assert told.tolist() == pytest.approx(chances, rel=1e-4)
    assert repr(result).startswith("Fixed on five: 5 images, accuracy 60.0 %, loss ")


def test_evaluate_refuses():
    with pytest.raises(ValueError, match="expected dataset to hold images"):
        training.evaluate(Fixed(), fixed_set()[:0])
    with pytest.raises(
        ValueError, match=r"Fixed to have 3 outputs.* but got 4.*num_cl"
    ):
        training.evaluate(Fixed(4), fixed_set())
    with pytest.raises(ValueError, match="batch_size to be at least 1, but got 0"):
        training.evaluate(Fixed(), fixed_set(), batch_size=0)
    with pytest.raises(TypeError, match=r"loss to be a function of .* but got 'mse'"):
        training.evaluate(Fixed(), fixed_set(), loss="mse")


def test_predict(trained):
    model, _, test, _ = trained
    probabilities = training.predict(model, test.images, batch_size=7)
    assert probabilities.shape == (101, 2)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(101))
    result = training.evaluate(model, test)
    torch.testing.assert_close(probabilities, result.probabilities)
    assert not probabilities.requires_grad


def test_predict_refuses(trained):
    model, _, test, _ = trained
    with pytest.raises(TypeError, match=r"uint8 tensor .* got torch\.float32"):
        training.predict(model, test.images.float())
    with pytest.raises(TypeError, match="got list"):
        training.predict(model, [1])
    with pytest.raises(ValueError, match=r"\(images\[None\]\), but got \(1, 12, 12\)"):
        training.predict(model, test.images[0])
    with pytest.raises(ValueError, match="LeNet5 expected images"):
        training.predict(model, torch.zeros(1, 1, 9, 9, dtype=torch.uint8))


# save and load


def test_save_and_load(trained, tmp_path):
    model, _, test, _ = trained
    path = training.save(model, tmp_path / "new" / "lenet.pt")
    before = torch.get_rng_state()
    again = training.load(path)
    assert torch.equal(torch.get_rng_state(), before)
    assert type(again) is models.LeNet5
    assert again.config == model.config
    assert again.classes == ("lying", "standing")
    assert not again.training
    pictures = data.normalize(test.images)
    assert torch.equal(again(pictures), model(pictures))
    assert [p.name for p in path.parent.iterdir()] == ["lenet.pt"]


@pytest.mark.parametrize(
    "build",
    [
        models.SoftmaxRegression,
        lambda: models.small_vgg(2),
        lambda: models.small_alexnet(2),
    ],
)
def test_every_kind_of_model_comes_back(build, tmp_path):
    model = build()
    again = training.load(training.save(model, tmp_path / "m.pt"))
    assert same(model, again)
    assert again.classes is None


def test_save_names_the_classes(tmp_path):
    path = training.save(small(), str(tmp_path / "m.pt"), classes=["a", "b"])
    assert training.load(path).classes == ("a", "b")


def test_save_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = training.save(small(), tmp_path / "m.pt")
    old = path.read_bytes()

    def full(content, file):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space"):
        training.save(small(1), path)
    assert path.read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 1


def test_save_refuses(tmp_path):
    with pytest.raises(ValueError, match=r"one of cnnlib\.models, but got Sequential"):
        training.save(with_norm(), tmp_path / "m.pt")
    with pytest.raises(ValueError, match="with_batch_norm has changed"):
        training.save(models.with_batch_norm(models.LeNet5()), tmp_path / "m.pt")
    with pytest.raises(ValueError, match="is a folder"):
        training.save(small(), tmp_path)


@pytest.mark.parametrize("classes", ["ab", ["a"], ["a", "b", "c"]])
def test_save_refuses_classes_that_the_model_does_not_have(classes, tmp_path):
    with pytest.raises(ValueError, match="expected classes to be 2 names"):
        training.save(small(), tmp_path / "m.pt", classes=classes)
    assert not list(tmp_path.iterdir())


def test_load_refuses(tmp_path):
    path = tmp_path / "m.pt"
    with pytest.raises(FileNotFoundError, match=r"there is no model file .*m\.pt"):
        training.load(path)
    for content in (b"", b"not a model", pickle.dumps({"a": print}, protocol=2)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a model file"):
            training.load(path)
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(ValueError, match="it holds something else"):
        training.load(path)
    torch.save({"format": "cnnlib model 9"}, path)
    with pytest.raises(ValueError, match="its format is 'cnnlib model 9'"):
        training.load(path)


def test_load_refuses_what_does_not_fit(tmp_path):
    path = training.save(small(), tmp_path / "m.pt")
    content = torch.load(path, weights_only=True)
    for change in (
        {"model": "Network9"},
        {"model": "vgg_block"},
        {"config": {"num_classes": 3, "image_size": 12}},
        {"config": {"sides": 3}},
        {"config": {"num_classes": 0}},
        {"state_dict": {}},
        {"classes": ["a"]},
    ):
        torch.save(content | change, path)
        with pytest.raises(ValueError, match=r"holds a model that this version"):
            training.load(path)
    for key in ("model", "config", "state_dict", "classes"):
        torch.save({k: v for k, v in content.items() if k != key}, path)
        with pytest.raises(ValueError, match=f"KeyError: '{key}'"):
            training.load(path)


# progress


def test_no_progress_says_nothing(capfd):
    fit(small(), bars(20), progress=False)
    assert capfd.readouterr() == ("", "")


def test_progress_in_a_log_is_a_line_an_epoch(capfd):
    history = fit(small(), bars(20), bars(10), epochs=2, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    first, second, last = err.splitlines()
    assert re.fullmatch(
        r"LeNet5 on bars: epoch 1 of 2, \d+\.\d s, loss \d\.\d+, test accuracy .* %",
        first,
    )
    assert "epoch 2 of 2" in second
    assert last == repr(history)


def slow(images):
    """An augmentation that takes so long that the progress is shown after a step."""
    time.sleep(0.6)
    return images


def test_progress_in_a_terminal_is_a_bar_and_then_a_line(monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    history = fit(small(), bars(60), batch_size=20, progress=True, augment=slow)
    text = screen.getvalue()
    assert "epoch 1 of 1, loss" in text
    assert "67% |" in text
    assert text.endswith(repr(history) + "\n")


CELLS = itertools.count(1)


@pytest.fixture
def notebook(monkeypatch):
    """What a Jupyter kernel would show: of each display its content, then updates."""
    shown = []

    class Handle:
        def update(self, content, raw):
            assert raw
            shown[-1].append(content)

    def display(content, raw, display_id):
        assert raw
        assert display_id
        shown.append([content])
        return Handle()

    shell = types.SimpleNamespace(kernel=object(), execution_count=next(CELLS))
    fake = types.ModuleType("IPython")
    fake.get_ipython = lambda: shell
    fake.display = types.ModuleType("IPython.display")
    fake.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", fake.display)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delenv("CNNLIB_WIDGETS", raising=False)
    return types.SimpleNamespace(shell=shell, shown=shown)


def test_progress_in_a_notebook_is_one_display(notebook):
    history = fit(small(), bars(60), batch_size=20, progress=True, augment=slow)
    (updates,) = notebook.shown
    assert "<progress" in updates[1]["text/html"]
    assert re.search(r"epoch 1 of 1, loss .*s left$", updates[1]["text/plain"])
    assert updates[-1] == {"text/plain": repr(history)}


def svgs(html):
    """The pictures in HTML, as SVG text."""
    found = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)
    return [base64.b64decode(data).decode() for data in found]


def test_where_somebody_watches_the_network_is_seen_and_the_course_stays(
    notebook, monkeypatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", "lecture.ipynb")
    monkeypatch.setattr(training.progress, "GLANCE", 0)
    more = {"batch_size": 20, "progress": True}
    history = fit(small(), bars(60), bars(12), epochs=2, **more)
    (updates,) = notebook.shown
    running = [u for u in updates if "<progress" in u["text/html"]]
    (picture,) = svgs(running[-1]["text/html"])
    assert "LeNet5 on bars" in picture
    assert "weights of the first layer" in picture
    assert "its maps of the first test image" in picture
    wrong = round(12 * (1 - history.records[0]["test_accuracy"]))
    assert f"wrong: {wrong} of 12" in picture
    assert updates[-1]["text/plain"] == repr(history)
    (film,) = svgs(updates[-1]["text/html"])
    assert film.count("weights of the first layer") == len(running)
    assert "addControls" in updates[-1]["text/html"]


def test_trainings_of_one_cell_stand_side_by_side(notebook, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lecture.ipynb")
    first = fit(small(), bars(20), bars(12), progress=True)
    second = fit(with_norm(), bars(20), bars(12), progress=True)
    (updates,) = notebook.shown
    assert updates[-1]["text/plain"] == f"{first!r}\n{second!r}"
    assert len(svgs(updates[-1]["text/html"])) == 2
    notebook.shell.execution_count = next(CELLS)
    fit(small(), bars(20), progress=True)
    assert len(notebook.shown) == 2


def test_an_odd_network_is_trained_without_its_pictures(notebook, monkeypatch):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2, 144))

        def forward(self, x):
            return x.flatten(1) @ self.scale.T

    monkeypatch.setenv("JPY_SESSION_NAME", "lecture.ipynb")
    monkeypatch.setattr(training.progress, "GLANCE", 0)
    zero = lambda logits, labels: 0 * logits.sum()  # noqa: E731 - nothing to draw
    more = {"batch_size": 20, "progress": True, "loss": zero}
    history = fit(Odd(), bars(40), bars(12), **more)
    assert notebook.shown[-1][-1]["text/plain"] == repr(history)


def test_a_watched_training_gives_the_same_weights(notebook, monkeypatch):
    def weights():
        model = with_norm()
        fit(model, bars(60), bars(12), batch_size=20, progress=True)
        return model.state_dict()

    alone = weights()
    monkeypatch.setenv("JPY_SESSION_NAME", "lecture.ipynb")
    monkeypatch.setattr(training.progress, "GLANCE", 0)
    torch.testing.assert_close(weights(), alone, rtol=0, atol=0)


def test_progress_says_when_it_was_stopped(capfd):
    def interrupted(images):
        raise KeyboardInterrupt

    model = small()
    with pytest.raises(KeyboardInterrupt):
        fit(model, bars(20), augment=interrupted, progress=True)
    assert "(stopped: KeyboardInterrupt)" in capfd.readouterr().err
    assert not model.training
