"""The networks are the published ones, to the last parameter."""

import copy

import pytest
import torch
from torch import nn

from cnnlib import models

pytestmark = pytest.mark.usefixtures("one_thread")


def count(model):
    return sum(p.numel() for p in model.parameters())


def on_meta(build, *args, **kwargs):
    """A network without numbers: built at once, whatever its size."""
    with torch.device("meta"):
        return build(*args, **kwargs)


SIZES = {
    "softmax_regression": (7_850, (10, 1, 28)),
    "lenet5": (61_706, (10, 1, 28)),
    "lenet5_1998": (60_000, (10, 1, 28)),
    "alexnet": (50_844_008, (1000, 3, 224)),
    "alexnet_2012": (60_965_224, (1000, 3, 224)),
    "vgg11": (132_863_336, (1000, 3, 224)),
    "vgg13": (133_047_848, (1000, 3, 224)),
    "vgg16": (138_357_544, (1000, 3, 224)),
    "vgg19": (143_667_240, (1000, 3, 224)),
    "vgg16_bn": (138_365_992, (1000, 3, 224)),
}


@pytest.mark.parametrize("name", SIZES)
def test_parameters(name):
    parameters, arguments = SIZES[name]
    assert count(on_meta(models.build, name, *arguments)) == parameters


def takes(name):
    """Arguments of ``build`` that the network of that name can take."""
    if name == "lenet5_1998":
        return [(10, 1, 28)]
    if name == "alexnet_2012":
        return [(5, 3, 224), (1000, 1, 227)]
    return [(10, 1, 28), (2, 3, 32), (3, 3, 64), (7, 1, 17), (4, 3, 100)]


@pytest.mark.parametrize("name", models.NAMES)
def test_every_network_maps_images_to_logits_and_can_be_rebuilt(name):
    for num_classes, in_channels, image_size in takes(name):
        with torch.device("meta"):
            model = models.build(name, num_classes, in_channels, image_size)
            images = torch.zeros(3, in_channels, image_size, image_size)
            assert model(images).shape == (3, num_classes)
            again = type(model)(**model.config)
        shapes = {k: v.shape for k, v in model.state_dict().items()}
        assert {k: v.shape for k, v in again.state_dict().items()} == shapes
        assert str(again) == str(model)


@pytest.mark.parametrize(
    "name", ["softmax_regression", "lenet5", "small_alexnet", "small_vgg"]
)
def test_networks_at_work(name):
    """Real numbers: channels last gives the same, all weights get a gradient."""
    torch.manual_seed(0)
    model = models.build(name, 4, 3, 32)
    images = torch.randn(6, 3, 32, 32)
    model(images).logsumexp(1).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())
    model.eval()
    expected = model(images)
    torch.testing.assert_close(
        model(images.to(memory_format=torch.channels_last)),
        expected,
        atol=1e-5,
        rtol=1e-4,
    )
    twin = models.build(name, 4, 3, 32).eval()
    twin.load_state_dict(model.state_dict())
    assert torch.equal(twin(images), expected)


def test_lenet_is_the_slides():
    model = models.LeNet5()
    assert [name for name, _ in model.named_children()] == [
        "conv1", "max_pool_1", "conv2", "max_pool_2", "fc1", "fc2", "fc3",
    ]  # fmt: skip
    x = images = torch.randn(2, 1, 28, 28)
    x = torch.nn.functional.relu(model.conv1(x))
    assert x.shape == (2, 6, 28, 28)
    x = model.max_pool_1(x)
    x = torch.nn.functional.relu(model.conv2(x))
    x = model.max_pool_2(x)
    assert x.shape == (2, 16, 5, 5)
    x = x.view(-1, 16 * 5 * 5)
    x = torch.nn.functional.relu(model.fc1(x))
    x = torch.nn.functional.relu(model.fc2(x))
    assert torch.equal(model.fc3(x), model(images))
    assert on_meta(models.LeNet5, 2, 3, 32).fc1.in_features == 16 * 6 * 6


def weights(model):
    """The shapes of the weights, in the order of the layers."""
    return [tuple(p.shape) for n, p in model.named_parameters() if n.endswith("weight")]


def test_alexnet_is_the_slides():
    model = on_meta(models.AlexNet)
    assert weights(model) == [
        (96, 3, 11, 11), (256, 96, 5, 5), (384, 256, 3, 3), (384, 384, 3, 3),
        (256, 384, 3, 3), (4096, 6400), (4096, 4096), (1000, 4096),
    ]  # fmt: skip
    assert model.features[0].stride == (4, 4)
    assert model.features[0].padding == (1, 1)
    kinds = [type(m).__name__ for m in model.classifier]
    assert kinds == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
    assert sides(model) == [54, 26, 26, 12, 12, 12, 12, 5]


def sides(model):
    """Widths of the maps behind each convolution and pooling of ``features``."""
    maps, found = torch.zeros(1, 3, 224, 224, device="meta"), []
    for layer in model.features:
        maps = layer(maps)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            found.append(maps.shape[-1])
    return found


def test_alexnet_takes_the_layout_that_fits_its_images():
    for size, (kernel_size, stride) in {
        15: (5, 1), 40: (5, 1), 41: (5, 2), 64: (5, 2), 65: (11, 4), 300: (11, 4),
    }.items():  # fmt: skip
        model = on_meta(models.AlexNet, image_size=size)
        assert model.features[0].kernel_size == (kernel_size, kernel_size)
        assert model.features[0].stride == (stride, stride)
    same = on_meta(models.small_alexnet, 2, 3, 32), on_meta(models.AlexNet, 2, 3, 32)
    assert weights(same[0]) == weights(same[1])
    assert on_meta(models.small_alexnet, image_size=64).config["layout"] == "medium"


@pytest.mark.parametrize("build", [models.small_alexnet, models.small_vgg])
@pytest.mark.parametrize(("given", "p"), [({}, 0.5), ({"dropout": 0.2}, 0.2)])
def test_small_networks_take_their_dropout(build, given, p):
    model = on_meta(build, 2, **given)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [p, p]
    assert model.config["dropout"] == p


def test_alexnets_other_activations():
    for name, kind in {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}.items():
        model = on_meta(models.AlexNet, activation=name, dropout=0.25)
        assert sum(isinstance(m, kind) for m in model.modules()) == 7
        assert {m.p for m in model.modules() if isinstance(m, nn.Dropout)} == {0.25}


def test_alexnet_of_2012():
    model = on_meta(models.AlexNet_2012)
    assert weights(model) == [
        (96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3), (384, 192, 3, 3),
        (256, 192, 3, 3), (4096, 9216), (4096, 4096), (1000, 4096),
    ]  # fmt: skip
    assert count(on_meta(models.AlexNet_2012, groups=1)) == 62_378_344
    pools = [m for m in model.features if isinstance(m, nn.MaxPool2d)]
    assert [(p.kernel_size, p.stride) for p in pools] == [(3, 2)] * 3
    assert sides(model) == [55, 27, 27, 13, 13, 13, 13, 6]


def test_response_normalization_is_the_papers_formula():
    layer = on_meta(models.AlexNet_2012).features[2]
    maps = torch.rand(1, 9, 2, 2) * 50
    for i in range(9):
        near = maps[0, max(0, i - 2) : i + 3].square().sum(0)
        expected = maps[0, i] / (2 + 1e-4 * near) ** 0.75
        torch.testing.assert_close(layer(maps)[0, i], expected)


def test_weights_of_2012_start_as_the_paper_says():
    torch.manual_seed(0)
    model = models.AlexNet_2012(num_classes=2)
    ones = {"features.4", "features.10", "features.12", "classifier.0", "classifier.3"}
    for name, module in model.named_modules():
        if hasattr(module, "weight"):
            assert module.weight.std().item() == pytest.approx(0.01, rel=0.05)
            assert (module.bias == (1 if name in ones else 0)).all()


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_vgg_has_as_many_layers_as_its_name_says(depth):
    model = on_meta(models.VGG, depth)
    shapes = weights(model)
    assert len(shapes) == depth
    assert all(shape[2:] == (3, 3) for shape in shapes[:-3])
    assert shapes[-3:] == [(4096, 512 * 7 * 7), (4096, 4096), (1000, 4096)]
    assert sum(isinstance(m, nn.MaxPool2d) for m in model.modules()) == 5
    with_norms = on_meta(models.VGG, depth, batch_norm=True)
    norms = [m for m in with_norms.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == depth - 3


def test_vgg_for_small_images():
    dense = {
        size: weights(on_meta(models.VGG, 11, num_classes=10, image_size=size))[-3:]
        for size in (16, 28, 32, 64, 127, 128)
    }
    small = [(512, 512), (512, 512), (10, 512)]
    assert dense[16] == dense[28] == dense[32] == small
    assert dense[64][0] == (512, 512 * 2 * 2)
    assert dense[127][0] == (512, 512 * 3 * 3)
    assert dense[128][0] == (4096, 512 * 4 * 4)
    assert weights(on_meta(models.small_vgg, 2, 3, 32))[-1] == (2, 128)


def test_weights_of_vgg_start_by_fan_out():
    torch.manual_seed(0)
    model = models.VGG(11, num_classes=10, image_size=32)
    doubling = model.features[8].weight  # 128 channels to 256
    assert doubling.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)
    assert model.classifier[0].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert all(p.abs().max() == 0 for n, p in model.named_parameters() if "bias" in n)


TORCHVISION = {
    "alexnet": lambda: models.AlexNet(layout="torchvision"),
    "vgg11": lambda: models.VGG(11),
    "vgg13": lambda: models.VGG(13),
    "vgg16": lambda: models.VGG(16),
    "vgg19": lambda: models.VGG(19),
    "vgg11_bn": lambda: models.VGG(11, batch_norm=True),
    "vgg16_bn": lambda: models.VGG(16, batch_norm=True),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_state_dicts_of_torchvision_fit(torchvision, name):
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name, weights=None)
        ours = TORCHVISION[name]()
    ours.load_state_dict(theirs.state_dict(), assign=True)
    assert str(ours.state_dict().keys()) == str(theirs.state_dict().keys())
    shapes = [v.shape for v in theirs.state_dict().values()]
    assert [v.shape for v in ours.state_dict().values()] == shapes


def numbers_like(state):
    """Random weights, quickly: the rows of a large matrix are all the same."""
    values = {}
    for name, tensor in state.items():
        shape = tensor.shape
        if not tensor.is_floating_point():
            values[name] = torch.zeros(shape, dtype=tensor.dtype)
        elif tensor.ndim == 1:  # biases, and batch normalization's positive variances
            values[name] = torch.rand(shape) + 0.1
        else:
            rows = 1 if tensor.ndim == 2 else shape[0]
            scale = (2 / tensor[0].numel()) ** 0.5
            values[name] = (scale * torch.randn(rows, *shape[1:])).expand(shape)
    return values


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "vgg19", "vgg16_bn"])
def test_logits_are_torchvisions(torchvision, name):
    torch.manual_seed(0)
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name, weights=None).eval()
        ours = TORCHVISION[name]().eval()
    weights = numbers_like(theirs.state_dict())
    theirs.load_state_dict(weights, assign=True)
    ours.load_state_dict(weights, assign=True)
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image))


@pytest.mark.parametrize(
    ("build", "channels"),
    [
        (models.LeNet5, (6, 16)),
        (models.small_alexnet, (16, 48, 96, 96, 64)),
        (lambda: models.VGG("small", image_size=32), (16, 48, 96, 96, 128)),
    ],
)
def test_batch_norm_comes_behind_each_convolution(build, channels):
    plain = build()
    model = models.with_batch_norm(copy.deepcopy(plain))
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert tuple(norm.num_features for norm in norms) == channels
    assert count(model) == count(plain) + 2 * sum(channels)
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    before = [m for m in plain.modules() if isinstance(m, nn.Conv2d)]
    for ours, theirs in zip(convolutions, before, strict=True):
        assert torch.equal(ours.weight, theirs.weight)


def test_batch_norm_makes_the_small_vgg_that_has_it():
    torch.manual_seed(0)
    ours = models.with_batch_norm(models.VGG("small", num_classes=10, image_size=32))
    torch.manual_seed(0)
    theirs = models.small_vgg()
    x = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_batch_norm_needs_a_convolution():
    with pytest.raises(ValueError, match="SoftmaxRegression has none"):
        models.with_batch_norm(models.SoftmaxRegression())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            torch.zeros(2, 3, 28, 28),
            r"^LeNet5 expected images of shape \(N, 1, 28, 28\), but got \(2, 3, 28,",
        ),
        (torch.zeros(2, 1, 32, 28), r"got \(2, 1, 32, 28\)"),
        (torch.zeros(1, 28, 28), r"got \(1, 28, 28\)"),
        (torch.zeros(2, 1, 28, 28, dtype=torch.uint8), "floating-point.*uint8"),
    ],
)
def test_images_that_do_not_fit_are_refused_in_one_sentence(images, message):
    with pytest.raises(ValueError, match=message):
        models.LeNet5()(images)


@pytest.mark.parametrize("name", models.NAMES)
def test_every_network_checks_its_images(name):
    num_classes, in_channels, image_size = takes(name)[0]
    with torch.device("meta"):
        model = models.build(name, num_classes, in_channels, image_size)
        images = torch.zeros(1, in_channels, image_size + 1, image_size)
        with pytest.raises(ValueError, match="expected images of shape"):
            model(images)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: models.build("resnet", 10, 3, 32),
            r"name to be one of 'softmax_regression', 'lenet5', .* got 'resnet'",
        ),
        (
            lambda: models.VGG(12),
            r"depth for VGG to be one of 11, 13, 16, 19, 'small', but got 12",
        ),
        (
            lambda: models.LeNet5(0),
            r"^expected num_classes of LeNet5 to be an int of at least 1, but got 0$",
        ),
        (
            lambda: models.SoftmaxRegression(2.0),
            r"num_classes of .* to be an int .* got 2\.0",
        ),
        (
            lambda: models.SoftmaxRegression(True),
            "num_classes of .* to be an int .* got True",
        ),
        (
            lambda: models.LeNet5(10, 0),
            "in_channels of LeNet5 to be an int of at least 1",
        ),
        (lambda: models.LeNet5(10, 1, 11), "image_size .* at least 12, but got 11"),
        (
            lambda: models.VGG(11, image_size=15),
            "image_size .* at least 16, but got 15",
        ),
        (lambda: models.AlexNet(10, 3, 14), "image_size .* at least 15, but got 14"),
        (
            lambda: models.AlexNet(10, 3, 32, layout="slide"),
            "larger for AlexNet's first convolution of 11x11 and stride 4, but got 32",
        ),
        (lambda: models.AlexNet(layout="tiny"), "layout .* one of 'slide', .* 'tiny'"),
        (lambda: models.AlexNet(activation="gelu"), "activation .* got 'gelu'"),
        (lambda: models.AlexNet(dropout=2), "dropout .* between 0 and 1, but got 2"),
        (
            lambda: models.AlexNet_2012(image_size=32),
            "image_size for AlexNet_2012 to be one of 224, 227, but got 32",
        ),
        (
            lambda: models.AlexNet_2012(groups=3),
            "groups .* to be one of 1, 2, but got 3",
        ),
        (
            lambda: models.LeNet5_1998(26),
            "ten digits at 1x28x28, but got 26 classes at 1x28x28",
        ),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(build, message):
    with torch.device("meta"), pytest.raises(ValueError, match=message):
        build()
