"""The 1998 network's layers do what the paper says."""

import math

import pytest
import torch
from torch import nn

from cnnlib import facts
from cnnlib.layers import lenet_1998 as layers
from cnnlib.models import LeNet5_1998
from cnnlib.summary import summarize

pytestmark = pytest.mark.usefixtures("one_thread")


def test_scaled_tanh():
    squash = layers.ScaledTanh()
    x = torch.tensor([-100.0, -1, 0, 1, 100])
    expected = torch.tensor([-1.7159, -1, 0, 1, 1.7159])
    torch.testing.assert_close(squash(x), expected, atol=1e-4, rtol=0)
    at_zero = torch.autograd.functional.jacobian(squash, torch.zeros(()))
    assert at_zero.item() == pytest.approx(1.7159 * 2 / 3)


def test_subsampling_is_a_sum_scaled_and_shifted():
    layer = layers.Subsampling(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, -1]))
        layer.bias.copy_(torch.tensor([0.5, 10]))
    image = torch.arange(16.0).view(1, 1, 4, 4).repeat(1, 2, 1, 1)
    sums = torch.tensor([[10.0, 18], [42, 50]])
    assert torch.equal(layer(image)[0, 0], 2 * sums + 0.5)
    assert torch.equal(layer(image)[0, 1], 10 - sums)
    assert layer(torch.zeros(3, 2, 5, 7)).shape == (3, 2, 2, 3)


def test_subsampling_with_a_quarter_is_average_pooling():
    layer, image = layers.Subsampling(3), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        layer.weight.fill_(0.25)
        layer.bias.zero_()
    torch.testing.assert_close(layer(image), nn.functional.avg_pool2d(image, 2))


# Table I as printed: a cross where the row's S2 map is read by the column's C3 map.
PRINTED = """
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""


def test_c3_reads_what_table_one_prints():
    rows = [line.split() for line in PRINTED.strip().splitlines()]
    printed = torch.tensor([[cross == "X" for cross in row] for row in rows])
    layer = layers.PartialConv2d(6)
    assert torch.equal(layer.reads, printed.T)
    assert layer.reads.sum() == 60
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_partial_convolution_map_by_map():
    layer, image = layers.PartialConv2d(6), torch.randn(2, 6, 14, 14)
    output, pair = layer(image), 0
    for i, maps in enumerate(layers.C3_TABLE):
        own = nn.Conv2d(len(maps), 1, 5)
        with torch.no_grad():
            own.weight.copy_(layer.weight[pair : pair + len(maps)][None])
            own.bias.copy_(layer.bias[i])
        pair += len(maps)
        torch.testing.assert_close(
            output[:, i : i + 1], own(image[:, list(maps)]), atol=1e-5, rtol=1e-5
        )


def test_partial_convolution_learns_its_connections_only():
    layer = layers.PartialConv2d(2, ((1,), (0, 1)), kernel_size=3).double()
    image = torch.randn(1, 2, 4, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, w, b: torch.func.functional_call(layer, {"weight": w, "bias": b}, x),
        (image, layer.weight, layer.bias),
    )
    assert layer.weight.shape == (3, 3, 3)
    layer(image)[:, 0].sum().backward()
    assert image.grad[:, 0].abs().max() == 0
    assert image.grad[:, 1].abs().max() > 0


@pytest.mark.parametrize("maps", [(0, 2), (-1,), (1, 1)])
def test_a_table_names_maps_that_are_there(maps):
    message = r"table to name different maps from 0 to 1, but got .* for output map 1"
    with pytest.raises(ValueError, match=message):
        layers.PartialConv2d(2, ((0,), maps))


def test_codes_are_pictures_that_differ():
    codes = layers.digit_codes()
    assert codes.shape == (10, 7 * 12)
    assert set(codes.flatten().tolist()) == {-1.0, 1.0}
    one = codes[1].view(12, 7)
    assert one[:, 3].sum() == 12 - 2 * 2  # the stem of the 1, empty above and below
    apart = (codes[:, None] != codes).sum(2) + 84 * torch.eye(10)
    assert apart.min() >= 12


def test_rbf_is_the_squared_distance():
    layer, x = layers.RBF(layers.digit_codes()), torch.randn(5, 84)
    expected = torch.cdist(x, layers.digit_codes()).square()
    torch.testing.assert_close(layer(x), expected, atol=1e-3, rtol=1e-5)
    assert torch.equal(layer(layers.digit_codes()).argmin(1), torch.arange(10))
    assert not list(layer.parameters())
    assert not layer.state_dict()


def test_loss_is_equation_nine():
    distances, labels = torch.tensor([[0.5, 3.0], [2.0, 1.0]]), torch.tensor([0, 0])
    one = 0.5 + math.log(math.exp(-4) + math.exp(-0.5) + math.exp(-3))
    two = 2.0 + math.log(math.exp(-4) + math.exp(-2) + math.exp(-1))
    assert layers.MAPLoss(4)(-distances, labels).item() == pytest.approx(
        (one + two) / 2
    )
    far = layers.MAPLoss(1e9)(-distances, labels)
    torch.testing.assert_close(far, nn.functional.cross_entropy(-distances, labels))


def test_loss_leaves_far_classes_alone_and_near_ones_not():
    logits = -torch.tensor([[30.0, 5.0, 60.0]], requires_grad=True)
    logits.retain_grad()
    layers.MAPLoss(20)(logits, torch.tensor([0])).backward()
    right, near, far = logits.grad[0].tolist()
    assert right == pytest.approx(-1, abs=1e-5)  # the logit is to rise
    assert near == pytest.approx(1, abs=1e-5)  # this one is to sink
    assert abs(far) < 1e-6
    assert layers.MAPLoss()(-torch.full((1, 10), 1e4), torch.tensor([3])) == 1e4 - 10


@pytest.mark.parametrize("j", [0, -1, float("nan")])
def test_loss_needs_a_positive_constant(j):
    with pytest.raises(ValueError, match="expected j to be positive, but got"):
        layers.MAPLoss(j)


def test_layers_say_what_they_are():
    network = str(LeNet5_1998())
    assert "PartialConv2d(6, 16, kernel_size=5, connected pairs=60)" in network
    assert "Subsampling(16)" in network
    assert "RBF(84, 10)" in network
    assert "MAPLoss(j=" in network


def test_every_layer_up_to_f6_is_squashed():
    kinds = [row.kind for row in summarize(LeNet5_1998(), (1, 28, 28)).rows]
    assert kinds[1::2] == ["ScaledTanh"] * 6
    assert kinds[::2] == [
        "Conv2d", "Subsampling", "PartialConv2d", "Subsampling", "Conv2d", "Linear",
        "RBF",
    ]  # fmt: skip


def test_trainable_parameters_of_each_layer():
    for name, layer in LeNet5_1998().named_children():
        published = facts.LENET5_1998_LAYERS.get(name.upper())
        expected = published.value[0] if published else 0
        assert sum(p.numel() for p in layer.parameters()) == expected


def test_connections_of_each_layer():
    """A connection is a weight or a bias at work on one output: MACs and biases."""
    model = LeNet5_1998()
    counted = {}
    for row in summarize(model, (1, 28, 28)).rows:
        biases = math.prod(row.output_shape) if row.params else 0
        if row.macs:
            counted[row.name] = row.macs + biases
    published = {
        name if name == "output" else name.lower(): fact.value[1]
        for name, fact in facts.LENET5_1998_LAYERS.items()
    }
    assert counted == published
    assert sum(counted.values()) == facts.LENET5_1998_CONNECTIONS.value == 340_908


def test_connections_of_c3_are_what_its_outputs_depend_on():
    layer = layers.PartialConv2d(6)
    nn.init.ones_(layer.weight)
    corner = torch.zeros(1, 6, 6, 6)  # two by two outputs for each map
    depends = torch.autograd.functional.jacobian(layer, corner) != 0
    assert depends.sum() == 60 * 25 * 2 * 2
    assert layer.macs(corner, layer(corner)) == depends.sum()


def test_weights_start_within_two_point_four_over_fan_in():
    model = LeNet5_1998()
    bounds = {
        "c1.weight": 2.4 / 25,
        "s2.weight": 2.4 / 4,
        "s4.bias": 2.4 / 4,
        "c5.weight": 2.4 / 400,
        "f6.bias": 2.4 / 120,
    }
    parameters = dict(model.named_parameters())
    for name, bound in bounds.items():
        assert parameters[name].abs().max() <= bound, name
        assert parameters[name].abs().max() > bound / 2, name
    c3 = model.c3.weight
    assert c3[:3].abs().max() <= 2.4 / 75
    assert c3[-6:].abs().max() <= 2.4 / 150
    assert c3[:18].abs().max() > 2.4 / 75 * 0.9


def test_the_paper_gets_its_own_gray_levels():
    seen = []
    model = LeNet5_1998()
    model.c1.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    image = -torch.ones(1, 1, 28, 28)
    image[0, 0, 0, 0] = 1
    model(image)
    (padded,) = seen
    assert padded.shape == (1, 1, 32, 32)
    assert padded[0, 0, 2, 2].item() == pytest.approx(1.175)
    padded[0, 0, 2, 2] = -0.1
    torch.testing.assert_close(padded, torch.full((1, 1, 32, 32), -0.1))


def test_logits_are_negative_distances():
    model = LeNet5_1998()
    logits = model(torch.randn(4, 1, 28, 28))
    assert logits.shape == (4, 10)
    assert logits.max() < 0
    loss = model.loss(logits, torch.tensor([1, 2, 3, 4]))
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_it_learns():
    torch.manual_seed(0)
    model = LeNet5_1998()
    labels = torch.arange(10)
    pictures = layers.digit_codes().view(10, 1, 12, 7)
    images = nn.functional.pad(pictures, (10, 11, 8, 8), value=-1.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        loss = model.loss(model(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 2
