"""Inside a network: what is shown is what the network computes, legibly."""

from types import SimpleNamespace

import pytest
import torch
from figure_checks import drawn
from torch import nn

from cnnlib import figures, models
from cnnlib.data import ImageSet, normalize
from cnnlib.figures.networks.class_activation import class_activation_map
from cnnlib.figures.networks.layers import find_layer
from cnnlib.figures.networks.occlusion import hide
from cnnlib.figures.networks.preferred_inputs import optimized_inputs
from cnnlib.figures.networks.tensors import as_batch
from cnnlib.figures.networks.top_patches import Peaks, crop
from cnnlib.models.lenet_1998 import LeNet5_1998
from cnnlib.training import evaluate

GENERATOR = torch.Generator().manual_seed(0)
DIGITS = tuple(str(k) for k in range(10))


def images(n, *shape):
    return torch.randint(0, 256, (n, *shape), dtype=torch.uint8, generator=GENERATOR)


GRAY = ImageSet(images(20, 1, 28, 28), torch.arange(20) % 10, DIGITS, "noise")
COLOR = ImageSet(images(8, 3, 32, 32), torch.arange(8) % 2, ("cat", "dog"), "noise")
NETWORKS = {
    "LeNet5": (lambda: models.LeNet5(), GRAY),
    "LeNet5_1998": (LeNet5_1998, GRAY),
    "AlexNet": (lambda: models.small_alexnet(2), COLOR),
    "VGG": (lambda: models.small_vgg(2), COLOR),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    build, data = NETWORKS[request.param]
    return build(), data


def test_feature_maps_of_any_model(monkeypatch, network):
    model, data = network
    make = lambda: figures.feature_maps(model, data.images[0], classes=data.classes)  # noqa: E731
    assert "It answers" in drawn(monkeypatch, make).alt
    assert model.training


def test_below_a_convolution_stands_what_the_relu_makes_of_it():
    alt = figures.feature_maps(models.LeNet5(), GRAY.images[0]).alt
    assert "conv 1 (6×28×28), ReLU (6×28×28), pool 1 (6×14×14), conv 2" in alt


def test_where_any_model_looks(monkeypatch, network):
    model, data = network
    some = data.images[:3]
    make = lambda: figures.class_activation(model, some, classes=data.classes)  # noqa: E731
    drawn(monkeypatch, make)
    assert all(p.grad is None for p in model.parameters())


def test_occlusion_of_any_model(monkeypatch, network):
    model, data = network
    make = lambda: figures.occlusion(model, data.images[0], window=14, stride=7)  # noqa: E731
    drawn(monkeypatch, make)


def test_patches_for_any_model(monkeypatch, network):
    model, data = network
    name = [n for n, m in model.named_modules() if hasattr(m, "kernel_size")][1]
    alt = drawn(monkeypatch, lambda: figures.top_patches(model, name, data)).alt
    assert "noise" in alt


def test_what_the_filters_of_any_model_want(monkeypatch, network):
    model, data = network
    make = lambda: figures.preferred_inputs(model, data, filters=2, patches=3)  # noqa: E731
    alt = drawn(monkeypatch, make).alt
    assert "for 2 filters of each of" in alt
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_an_optimized_input_excites_its_filter_more_than_any_image():
    torch.manual_seed(0)
    model = models.small_vgg(2).eval()
    layer = find_layer(model, "features.4")
    found = Peaks(model, [layer], COLOR)
    (best,) = optimized_inputs(found, layer, [5])
    kept = []
    hook = layer.register_forward_hook(lambda _, __, out: kept.append(out[0, 5]))
    model(best[None])
    hook.remove()
    assert kept[0].max() > found.peaks[layer][0][:, 5].max()
    spread = found.crop(layer, best, 8, 8).std() / normalize(COLOR.images).std()
    assert 0.5 < spread < 2  # at the contrast of the images


def test_a_network_without_convolutions_wants_nothing():
    with pytest.raises(ValueError, match="SoftmaxRegression has no convolution"):
        figures.preferred_inputs(models.SoftmaxRegression(), GRAY)


def test_filters_in_the_course_of_training(monkeypatch):
    start = torch.ones(6, 1, 5, 5)
    make = lambda: figures.filters_over_time({0: start, 100: -start})  # noqa: E731
    alt = drawn(monkeypatch, make).alt
    assert "at step 0 and 100" in alt
    assert "filter by filter: -1.00, -1.00" in alt
    assert "at step 5." in figures.filters_over_time({5: start}).alt
    with pytest.raises(ValueError, match=r"weights .* of one shape"):
        figures.filters_over_time({0: start, 1: torch.ones(6, 3, 5, 5)})


def test_gradients_of_any_model(network):
    model, data = network
    sizes = figures.gradient_per_layer(model, (data.images, data.labels))
    assert next(iter(sizes)) == "conv 1"
    assert all(size > 0 for size in sizes.values())
    assert all(p.grad is None for p in model.parameters())


def test_a_gradient_is_the_root_mean_square_over_the_weight():
    model = models.LeNet5()
    sizes = figures.gradient_per_layer(model, (GRAY.images, GRAY.labels))
    loss = nn.functional.cross_entropy(model(normalize(GRAY.images)), GRAY.labels)
    loss.backward()
    expected = model.conv2.weight.grad.square().mean().sqrt()
    assert sizes["conv 2"] == pytest.approx(float(expected), rel=1e-5)
    assert [*sizes] == ["conv 1", "conv 2", "dense 1", "dense 2", "dense 3"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: figures.filters(models.LeNet5().conv1),
        lambda: figures.filters(models.LeNet5().conv2),
        lambda: figures.filters(models.small_alexnet(2).features[0]),
        lambda: figures.filters(LeNet5_1998().c3),
        lambda: figures.filters(nn.Conv2d(1, 2, (3, 5))),
    ],
)
def test_filters_of_any_layer(monkeypatch, make):
    drawn(monkeypatch, make)


def test_a_layer_without_kernels_is_refused():
    for layer in (nn.ReLU(), models.LeNet5().fc1):
        with pytest.raises(ValueError, match="expected layer to be a convolution"):
            figures.filters(layer)


def test_layers_are_found_by_name():
    model = models.LeNet5()
    assert find_layer(model, "conv2") is model.conv2
    assert find_layer(model, model.fc1) is model.fc1
    with pytest.raises(ValueError, match="conv9"):
        find_layer(model, "conv9")
    with pytest.raises(ValueError, match="not a part"):
        find_layer(model, nn.ReLU())
    with pytest.raises(ValueError, match="no feature maps"):
        figures.top_patches(model, "fc1", GRAY)


@pytest.mark.parametrize("image", [torch.zeros(28, 28), torch.zeros(1, 1, 1, 28, 28)])
def test_an_image_has_three_or_four_dimensions(image):
    with pytest.raises(ValueError, match="image has shape"):
        figures.feature_maps(models.LeNet5(), image)
    with pytest.raises(TypeError, match="must be a tensor"):
        as_batch([1, 2])


class Corner(nn.Module):
    """Says class 1 to the mean of the top left 4x4 pixels, by a convolution's map."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.conv.weight)

    def forward(self, x):
        score = self.conv(x)[:, 0, :4, :4].mean((1, 2))
        return torch.stack([torch.zeros_like(score), score], 1)


def test_occlusion_finds_what_alone_matters():
    image = torch.full((1, 12, 12), -0.5)
    image[:, :4, :4] = 1.0
    drop = hide(Corner(), image, 1, window=4, stride=4).map(window=4)
    assert drop.shape == (12, 12)
    assert (drop[:4, :4] > 0.1).all()
    drop[:4, :4] = 0
    assert drop.abs().max() < 1e-6


def test_windows_cover_the_image_to_its_end():
    drop = hide(Corner(), torch.zeros(1, 10, 11), 0, 4, stride=3).map(window=4)
    assert torch.isfinite(drop).all()
    for window, stride in ((0, 1), (13, 1), (4, 0)):
        with pytest.raises(ValueError, match="window"):
            figures.occlusion(
                Corner(), images(1, 1, 12, 12), window=window, stride=stride
            )


def test_evidence_is_where_it_is_and_has_a_sign():
    model = Corner()
    image = torch.full((1, 12, 12), 0.5)
    image[:, :2, :4] = -1.0
    heat = class_activation_map(model, image, 1, model.conv)
    assert (heat[:2, :4] < 0).all()
    assert (heat[2:4, :4] > 0).all()
    assert heat[4:].abs().max() == heat[:, 4:].abs().max() == 0
    against = class_activation_map(model, image, 0, model.conv)
    assert torch.allclose(against, -heat)


def test_a_target_must_be_a_class_and_images_few():
    with pytest.raises(ValueError, match="target is 10"):
        figures.occlusion(models.LeNet5(), GRAY.images[0], 10)
    with pytest.raises(ValueError, match="1 to 6"):
        figures.class_activation(models.LeNet5(), GRAY.images)
    with pytest.raises(ValueError, match="no convolution"):
        figures.class_activation(models.SoftmaxRegression(), GRAY.images[0])


def test_a_patch_is_the_receptive_field_and_gray_beyond_the_image():
    image = torch.arange(36.0).reshape(1, 6, 6)
    assert torch.equal(crop(image, (2, 3), (3, 3)), image[:, 1:4, 2:5])
    assert torch.equal(crop(image, (2.5, 2.5), (2, 4)), image[:, 2:4, 1:5])
    corner = crop(image, (0, 5), (3, 3))
    assert torch.equal(corner[:, 1:, :2], image[:, :2, 4:])
    assert corner[:, 0].eq(corner[0, 0, 0]).all()
    assert torch.equal(crop(image, (9, 0), (6, 7)), image)


def test_the_patch_that_excites_most_is_found():
    data = torch.zeros(5, 1, 12, 12, dtype=torch.uint8)
    data[3, 0, 7, 2] = 255
    data = ImageSet(data, torch.arange(5), DIGITS[:5], "dots")
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(100, 5))
    nn.init.ones_(model[0].weight)
    alt = figures.top_patches(model, "0", data, patches=1).alt
    assert "filter 0 mostly in 3 (1)" in alt


def test_mistakes_are_ranked(monkeypatch):
    torch.manual_seed(0)
    result = evaluate(models.LeNet5(), GRAY)
    picture = drawn(monkeypatch, lambda: figures.ranked_mistakes(result, GRAY))
    worst = int(result.mistakes()[0])
    true, answer = int(result.labels[worst]), int(result.predictions[worst])
    assert f"1×28×28: {true} as {answer} (" in picture.alt


def test_no_mistake_is_said():
    perfect = SimpleNamespace(mistakes=lambda: torch.tensor([], dtype=torch.int64))
    assert "No mistake on 20 images" in figures.ranked_mistakes(perfect, GRAY).alt
