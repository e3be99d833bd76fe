"""cnnlib.layers: torch.nn's layers in all that can be seen from outside."""

import copy
import pickle

import pytest
import torch
from torch import nn

from cnnlib import functional as F
from cnnlib import layers

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel lengths:UserWarning"
)

NAMES = [
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "ReLU",
]


def both(name, *arguments, seed=3, **options):
    """Our layer and torch.nn's, from the same arguments and the same seed."""
    made = []
    for library in (layers, nn):
        torch.manual_seed(seed)
        made.append(getattr(library, name)(*arguments, **options))
    return made


def assert_same_layer(ours, theirs, *inputs):
    """The same repr, state, result and gradients; state dicts load both ways."""
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name
        assert ours.state_dict()[name].dtype == value.dtype
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())
    results = []
    for layer in (ours, theirs):
        layer.zero_grad()
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
        # An in-place layer may not overwrite a leaf.
        output = layer(*(x * 1 for x in leaves))
        output = output if isinstance(output, tuple) else (output,)
        slope = torch.linspace(-1, 2, output[0].numel()).view(output[0].shape)
        (output[0] * slope.to(output[0].dtype)).sum().backward()
        grads = [x.grad for x in (*leaves, *layer.parameters()) if x.requires_grad]
        results.append((*output, *grads))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)


def images(*shape, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator).to(dtype)


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [0, 2, (2, 1), "same", "valid"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"groups": 2, "bias": False},
        {"dilation": (2, 1), "dtype": torch.float64},
        {"stride": 2},
    ],
    ids=["plain", "grouped", "dilated", "strided"],
)
def test_conv2d(padding_mode, padding, options):
    if padding == "same" and "stride" in options:
        return
    options = {"padding": padding, "padding_mode": padding_mode, **options}
    ours, theirs = both("Conv2d", 4, 6, (3, 2), **options)
    dtype = options.get("dtype", torch.float32)
    assert_same_layer(ours, theirs, images(2, 4, 7, 8, dtype=dtype))
    assert_same_layer(ours, theirs, images(4, 7, 8, dtype=dtype))


def test_padding_with_the_images_own_numbers_by_hand():
    line = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 1, 4)
    for mode, expected in {
        "zeros": [0, 0, 1, 2, 3, 4, 0, 0],
        "reflect": [3, 2, 1, 2, 3, 4, 3, 2],
        "replicate": [1, 1, 1, 2, 3, 4, 4, 4],
        "circular": [3, 4, 1, 2, 3, 4, 1, 2],
    }.items():
        layer = layers.Conv2d(1, 1, 1, padding=(0, 2), padding_mode=mode, bias=False)
        nn.init.ones_(layer.weight)
        assert layer(line).flatten().tolist() == expected


@pytest.mark.parametrize("bias", [True, False])
def test_linear(bias):
    ours, theirs = both("Linear", 6, 4, bias=bias)
    assert_same_layer(ours, theirs, images(3, 6))
    assert_same_layer(ours, theirs, images(2, 3, 6))
    assert_same_layer(ours, theirs, images(6))


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("MaxPool2d", (2,), {}),
        ("MaxPool2d", (3, 2, 1, 2, True, True), {}),
        ("MaxPool2d", ((3, 2),), {"stride": (2, 1), "ceil_mode": True}),
        ("AvgPool2d", (2,), {}),
        ("AvgPool2d", (3, 2, 1, True, False), {}),
        ("AvgPool2d", ((3, 2),), {"stride": 1, "divisor_override": 5}),
        ("ReLU", (), {}),
        ("ReLU", (True,), {}),
        ("LocalResponseNorm", (5,), {}),
        ("LocalResponseNorm", (2, 0.5, 1.0, 2.0), {}),
        ("Flatten", (), {}),
        ("Flatten", (0, 2), {}),
    ],
)
def test_layers_without_parameters(name, arguments, options):
    ours, theirs = both(name, *arguments, **options)
    assert_same_layer(ours, theirs, images(2, 6, 7, 8))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"reduction": "none"},
        {"reduction": "sum", "label_smoothing": 0.1},
        {"weight": torch.tensor([1.0, 2.0, 3.0]), "ignore_index": 1},
    ],
)
def test_cross_entropy_loss(options):
    ours, theirs = both("CrossEntropyLoss", **options)
    assert_same_layer(ours, theirs, images(4, 3), torch.tensor([0, 1, 2, 0]))


def test_deprecated_arguments_of_the_loss():
    with pytest.warns(UserWarning, match="reduction='sum'"):
        layer = layers.CrossEntropyLoss(size_average=False)
    assert layer.reduction == "sum"


def test_a_network_of_our_layers_learns_as_one_of_torch_nn():
    """The same weights, the same batches, the same loss at every step."""
    losses = []
    for library in (layers, nn):
        torch.manual_seed(0)
        network = nn.Sequential(
            library.Conv2d(1, 6, 5, padding=2),
            library.ReLU(),
            library.MaxPool2d(2),
            library.Conv2d(6, 16, 5),
            library.ReLU(inplace=True),
            library.AvgPool2d(2),
            library.Flatten(),
            library.Linear(400, 10),
        ).double()
        measure, x = library.CrossEntropyLoss(), images(8, 1, 28, 28).double()
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
        curve = []
        for _ in range(10):
            loss = measure(network(x), torch.arange(8))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            curve.append(loss.item())
        losses.append(curve)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert losses[0][-1] < losses[0][0] - 0.5


def test_layers_can_be_copied_saved_and_made_elsewhere():
    layer = layers.Conv2d(2, 3, 3, padding=1, padding_mode="circular")
    x = images(1, 2, 5, 5)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(x), layer(x))
    meta = layers.Conv2d(2, 3, 3, device="meta")
    assert meta.weight.is_meta
    assert layers.Linear(2, 3, device="meta").bias.is_meta


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 6, 3), {}, "in_channels.*0"),
        ((4, 6.0, 3), {}, "out_channels.*6.0"),
        ((4, 6, 3), {"groups": 3}, "in_channels.*groups=3.*4"),
        ((3, 4, 3), {"groups": 3}, "out_channels.*groups=3.*4"),
        ((4, 6, 0), {}, "kernel_size.*0"),
        ((4, 6, (3, 3, 3)), {}, r"kernel_size.*\(3, 3, 3\)"),
        ((4, 6, 3), {"stride": 0}, "stride.*0"),
        ((4, 6, 3), {"dilation": -1}, "dilation.*-1"),
        ((4, 6, 3), {"padding": "full"}, "padding.*'full'"),
        ((4, 6, 3), {"padding": "same", "stride": 2}, "padding 'same'.*2"),
        ((4, 6, 3), {"padding_mode": "mirror"}, "padding_mode.*'mirror'"),
    ],
)
def test_conv2d_refuses(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        layers.Conv2d(*arguments, **options)


@pytest.mark.parametrize(("mode", "limit"), [("reflect", 2), ("circular", 3)])
def test_padding_cannot_reach_beyond_the_image(mode, limit):
    for library in (layers, nn):
        layer = library.Conv2d(1, 1, 1, padding=limit, padding_mode=mode)
        assert layer(images(1, 3, 3)).shape == (1, 3 + 2 * limit, 3 + 2 * limit)
        layer = library.Conv2d(1, 1, 1, padding=limit + 1, padding_mode=mode)
        with pytest.raises(RuntimeError):
            layer(images(1, 3, 3))
    with pytest.raises(
        F.ArgumentError, match=rf"padding.*at most {limit}.*{limit + 1}"
    ):
        layers.Conv2d(1, 1, 1, padding=limit + 1, padding_mode=mode)(images(1, 3, 3))


def test_linear_refuses_other_features():
    layer = layers.Linear(6, 4)
    for bad in (images(3, 5), images()):
        with pytest.raises(F.ArgumentError, match=r"input.*6 features"):
            layer(bad)
        with pytest.raises(RuntimeError):
            nn.Linear(6, 4)(bad)


def test_the_loss_refuses_an_unknown_reduction():
    with pytest.raises(ValueError, match=r"reduction.*'average'"):
        layers.CrossEntropyLoss(reduction="average")


def test_every_layer_has_a_name_here():
    assert set(NAMES) <= set(layers.__all__)
    for name in layers.__all__:
        assert issubclass(getattr(layers, name), nn.Module)
