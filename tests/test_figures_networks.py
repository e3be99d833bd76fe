"""Networks are drawn as they are: every shape measured, every text legible."""

import pytest
import torch
from figure_checks import drawn
from torch import nn

from cnnlib import figures, models
from cnnlib.figures.networks.layers import scale, trace
from cnnlib.figures.networks.stacks import align, merged
from cnnlib.models.lenet_1998 import LeNet5_1998

GRAY, PHOTO, SMALL = (1, 28, 28), (3, 224, 224), (3, 32, 32)


def on_meta(build, *args, **kw):
    """A network without numbers: large ones are built at once."""
    with torch.device("meta"):
        return build(*args, **kw)


def shapes(model, shape):
    return [step.shape for step in trace(model, shape)]


def labels(model, shape):
    return [step.label for step in trace(model, shape)]


def test_lenet_is_traced_as_on_the_slide():
    assert shapes(models.LeNet5(), GRAY) == [
        (1, 28, 28), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5),
        (120,), (84,), (10,),
    ]  # fmt: skip
    assert labels(models.LeNet5(), GRAY)[1:] == [
        "conv 1", "pool 1", "conv 2", "pool 2", "dense 1", "dense 2", "dense 3",
    ]  # fmt: skip


def test_alexnet_is_traced_without_computing():
    steps = trace(on_meta(models.AlexNet), PHOTO)
    assert [s.shape for s in steps if s.kind == "pool"] == [
        (96, 26, 26), (256, 12, 12), (256, 5, 5),
    ]  # fmt: skip
    assert steps[1].window == "11×11/4"
    assert steps[2].window == "3×3/2"
    assert steps[-1].shape == (1000,)


def test_the_1998_network_is_traced():
    kinds = [step.kind for step in trace(LeNet5_1998(), GRAY)]
    assert kinds == ["input", *["conv", "pool"] * 2, "conv", "dense", "dense"]


def test_layers_that_shape_nothing_are_left_out():
    layers = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3), nn.BatchNorm1d(3),
    )  # fmt: skip
    kinds = [step.kind for step in trace(layers, GRAY)]
    assert kinds == ["input", "conv", "pool", "dense"]


def test_tracing_leaves_the_model_as_it_was():
    model = models.small_vgg(2)
    model.features[0].eval()
    before = [m.training for m in model.modules()]
    state = {k: v.clone() for k, v in model.state_dict().items()}
    trace(model, SMALL)
    assert [m.training for m in model.modules()] == before
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert not any(m._forward_hooks for m in model.modules())


@pytest.mark.parametrize("shape", [(28, 28), (1, 28), (1, 28, 0), (1, 28, 28.0)])
def test_a_shape_that_is_not_an_image_is_refused(shape):
    with pytest.raises(ValueError, match="input_shape"):
        trace(models.LeNet5(), shape)


def test_a_model_that_cannot_take_the_shape_is_named():
    with pytest.raises(ValueError, match="LeNet5"):
        trace(models.LeNet5(), SMALL)
    with pytest.raises(ValueError, match="Sequential cannot take"):
        trace(nn.Sequential(nn.Conv2d(1, 2, 3)), SMALL)
    with pytest.raises(ValueError, match="no convolution"):
        trace(nn.Sequential(nn.ReLU()), SMALL)


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (models.LeNet5, GRAY),
        (models.SoftmaxRegression, GRAY),
        (LeNet5_1998, GRAY),
        (lambda: on_meta(models.AlexNet), PHOTO),
        (lambda: on_meta(models.VGG, 16), PHOTO),
        (lambda: on_meta(models.VGG, 19), PHOTO),
        (lambda: models.small_vgg(2), SMALL),
        (lambda: nn.Sequential(*models.vgg_block(2, 64, 128), nn.MaxPool2d(2)),
         (64, 112, 112)),
        (lambda: nn.Conv2d(3, 8, (3, 5)), (3, 20, 40)),
    ],
)  # fmt: skip
def test_any_network_is_drawn_with_its_shapes(monkeypatch, build, shape):
    model = build()
    picture = drawn(monkeypatch, lambda: figures.network(model, shape))
    for step in trace(model, shape)[1:]:
        assert "×".join(map(str, step.shape)) in picture.alt


def test_the_same_network_gives_the_same_bytes():
    first, second = (figures.network(models.LeNet5(), GRAY) for _ in range(2))
    assert first.content == second.content


def test_the_two_halves_of_2012(monkeypatch):
    model = on_meta(models.AlexNet_2012)
    picture = drawn(monkeypatch, lambda: figures.two_gpus(model))
    assert "48×55×55" in picture.alt
    assert "Only conv 3, dense 1, dense 2 and dense 3 read both" in picture.alt
    with pytest.raises(ValueError, match="groups=2"):
        figures.two_gpus(on_meta(models.AlexNet))


def test_lenet_beside_alexnet(monkeypatch):
    pair = {
        "LeNet": (models.LeNet5(), GRAY),
        "AlexNet": (on_meta(models.AlexNet), PHOTO),
    }
    picture = drawn(monkeypatch, lambda: figures.networks_side_by_side(pair))
    assert "conv 11×11/4 96×54×54" in picture.alt
    rows = align([trace(*one) for one in pair.values()])
    assert len(rows) == 12
    lacking = [alexnet.kind for lenet, alexnet in rows if lenet is None]
    assert lacking == ["conv", "conv", "conv", "pool"]
    assert all(a is None or a.kind == b.kind for a, b in rows)


def test_three_networks_side_by_side(monkeypatch):
    three = {
        "LeNet": (models.LeNet5(), GRAY),
        "AlexNet": (on_meta(models.AlexNet), PHOTO),
        "VGG-11": (on_meta(models.VGG, 11), PHOTO),
    }
    drawn(monkeypatch, lambda: figures.networks_side_by_side(three))
    rows = align([trace(*one) for one in three.values()])
    assert all(len({s.kind for s in row if s}) == 1 for row in rows)
    for column, one in zip(zip(*rows, strict=True), three.values(), strict=True):
        assert [s.label for s in column if s] == labels(*one)


def test_equal_convolutions_merge_and_dense_layers_do_not():
    steps = merged(trace(on_meta(models.VGG, 11), PHOTO))
    assert [s.label for s in steps if s.label.endswith("×")] == ["2 ×"] * 3
    assert sum(s.kind == "dense" for s in steps) == 3


def test_the_table_of_vgg(monkeypatch):
    rows = {f"VGG-{d}": (on_meta(models.VGG, d), PHOTO) for d in (11, 16, 19)}
    picture = drawn(monkeypatch, lambda: figures.vgg_table(rows))
    assert "VGG-16: 2, 2, 3, 3 and 3 convolutions, 3 dense layers" in picture.alt
    with pytest.raises(ValueError, match="blocks"):
        figures.vgg_table(rows | {"LeNet": (models.LeNet5(), GRAY)})


@pytest.mark.parametrize("function", [figures.networks_side_by_side, figures.vgg_table])
def test_what_is_not_a_dict_is_refused(function):
    with pytest.raises(TypeError, match="networks to be a dict"):
        function([models.LeNet5()])
    with pytest.raises(ValueError, match="networks to hold something to draw"):
        function({})


def test_sizes_scale_by_their_root_only_when_they_must():
    linear, how = scale([2, 10], 1.0)
    assert how == "linear"
    assert linear(5) == 0.5
    root, how = scale([1, 400], 1.0)
    assert how == "square root"
    assert root(100) == 0.5
