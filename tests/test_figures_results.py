"""Curves, scores, costs and landmarks: legible, and their alt text says the numbers."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from figure_checks import drawn

from cnnlib import facts, figures, models
from cnnlib.drawing.format import listed, short
from cnnlib.figures.networks.costs import layer_costs
from cnnlib.figures.training.learning_curves import smoothed
from cnnlib.summary import summarize
from cnnlib.training import Evaluation, History


def history(scale=50.0, epochs=5, test=True, loss=2.3):
    losses = [loss * math.exp(-i / scale) + 0.1 * (i % 2) for i in range(60 * epochs)]
    reached = [1 - 0.6 * math.exp(-30 * e / scale) for e in range(1, epochs + 1)]
    records = [
        {
            "epoch": e, "seconds": 1.0, "train_loss": 1.0, "train_accuracy": a,
            "test_loss": 1.0, "test_accuracy": a - 0.01 if test else None,
        }
        for e, a in enumerate(reached, 1)
    ]  # fmt: skip
    return History("LeNet5", "digits", 100, {}, losses, records)


def evaluation(K=10, n=400, classes=None):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n) % K
    logits = torch.randn(n, K, generator=generator)
    logits[torch.arange(n), labels] += 3
    names = classes or tuple(str(k) for k in range(K))
    return Evaluation("LeNet5", "digits", names, 0.5, logits.softmax(1), labels)


ANIMALS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "ship")
COSTS = {"LeNet": facts.LENET_COMPLEXITY, "AlexNet": facts.ALEXNET_COMPLEXITY}


def networks():
    with torch.device("meta"):
        large = models.AlexNet(), models.VGG(11), models.VGG(19)
    named = dict(zip(("AlexNet", "VGG-11", "VGG-19"), large, strict=True))
    rest = {name: summarize(model, (3, 224, 224)) for name, model in named.items()}
    return {"LeNet": summarize(models.LeNet5(), (1, 28, 28)), **rest}


PICTURES = {
    "one training": lambda: figures.learning_curves(history()),
    "no test": lambda: figures.learning_curves(history(test=False)),
    "one epoch": lambda: figures.learning_curves(history(epochs=1)),
    "trainings": lambda: figures.learning_curves(
        {"sigmoid": history(400), "tanh": history(100), "ReLU": history(50)}
    ),
    "far apart": lambda: figures.learning_curves(
        {"old": history(50, 30, loss=70), "new": history(50, 30)}
    ),
    "confusion": lambda: figures.confusion_matrix(evaluation()),
    "animals": lambda: figures.confusion_matrix(evaluation(8, 2000, ANIMALS)),
    "two": lambda: figures.confusion_matrix(evaluation(2, 4000), ["cat", "dog"]),
    "bars": lambda: figures.bars({"max": 0.12, "none": 0.9}, title="How far they move"),
    "log": lambda: figures.bars(
        {"dense": 3.6e9, "conv": 2700}, title="Weights", log=True
    ),
    "negative": lambda: figures.bars({"up": 2.0, "down": -1.5}, title="Both ways"),
    "stairs": lambda: figures.staircase(
        {"linear": 0.58, "LeNet": [0.68, 0.7, 0.69], "small AlexNet": 0.76,
         "small VGG": [0.81]}, chance=0.5,
    ),
    "two stairs": lambda: figures.staircase({"linear": 0.918, "LeNet": 0.985}),
    "runs": lambda: figures.runs(
        {"without augmentation": [0.61, 0.63, 0.62], "with": [0.68, 0.66, 0.7]},
        title="500 images",
    ),
    "equal runs": lambda: figures.runs({"a": [0.5, 0.5], "b": [0.5]}, title="Equal"),
    "complexity": lambda: figures.complexity(COSTS),
    "complexity of summaries": lambda: figures.complexity(
        {n: s for n, s in networks().items() if n in COSTS}
    ),
    "costs": lambda: figures.parameters_and_macs(networks()),
    "top-5": figures.imagenet_top5,
    "timeline": figures.timeline,
    "activations": figures.activations,
    "gradients": lambda: figures.gradient_sizes(
        {name: {f"conv {i}": 10.0 ** -(s * i) for i in range(1, 9)}
         for name, s in (("sigmoid", 1), ("ReLU", 0.1))}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_legible(monkeypatch, name):
    drawn(monkeypatch, PICTURES[name])


def test_smoothing_is_the_mean_of_what_is_there():
    assert smoothed([5.0]).tolist() == [5]
    assert smoothed(range(10)).tolist() == list(range(10))
    assert smoothed([0, 3] * 45)[:2].tolist() == [1.5, 1]  # over 2 values, then over 3


def test_learning_curves_can_be_an_svg_that_says_what_it_shows(tmp_path):
    drawn = figures.learning_curves(history(), vector=True)
    assert f"<title>{drawn.alt}</title>".encode() in drawn.content
    assert drawn.save(tmp_path / "curves.svg").read_bytes().startswith(b"<svg ")
    assert drawn.content == figures.learning_curves(history(), vector=True).content


def test_learning_curves_name_the_data_and_say_where_it_ended():
    alt = figures.learning_curves(history()).alt
    assert "LeNet5 on digits" in alt
    assert "After 5 epochs, the loss falls from" in alt
    assert "train accuracy 97.0 % and test accuracy 96.0 %" in alt
    with pytest.raises(ValueError, match="no epoch"):
        figures.learning_curves(History("LeNet5", "digits"))
    with pytest.raises(ValueError, match="history to hold something to draw"):
        figures.learning_curves({})


def test_the_confusion_matrix_names_the_worst_mistakes():
    counts = np.diag([90, 80, 70])
    counts[2, 0], counts[0, 1] = 20, 5
    alt = figures.confusion_matrix(SimpleNamespace(confusion=counts), "abc").alt
    assert "240 of 265 images right (90.6 %)" in alt
    assert "c answered as a (20 times) and a answered as b (5 times)" in alt
    perfect = SimpleNamespace(confusion=np.diag([3, 2]))
    assert figures.confusion_matrix(perfect).alt.endswith("No mistake.")


def test_classes_must_be_as_many_as_the_scores():
    with pytest.raises(ValueError, match="classes has 2 names"):
        figures.confusion_matrix(evaluation(3), ["a", "b"])
    with pytest.raises(ValueError, match="not \\(classes, classes\\)"):
        figures.confusion_matrix(SimpleNamespace(confusion=np.ones((2, 3))))


def loss_axis(**losses):
    """What stands at the loss's axis of the curves of one or several trainings."""
    histories = {
        name: History(
            "LeNet5",
            "digits",
            losses=values,
            records=[{"epoch": 1, "train_accuracy": 0.5, "test_accuracy": 0.5}],
        )
        for name, values in losses.items()
    }
    if len(histories) == 1:
        (histories,) = histories.values()
    svg = figures.learning_curves(histories, vector=True).content.decode()
    return "log" if "<!-- loss (log) -->" in svg else "linear"


def test_losses_of_another_order_of_magnitude_get_a_logarithmic_axis():
    near, far = [2.0, 1.0, 0.5] * 20, [40.0, 30.0, 20.0] * 20
    assert loss_axis(a=near, b=near) == "linear"
    assert loss_axis(a=near, b=far) == "log"
    # One training whose first loss is high is still one training.
    assert loss_axis(a=[500.0, *15 * near]) == "linear"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: figures.bars({}, title="x"), "values to hold something to draw"),
        (lambda: figures.bars({"a": float("nan")}, title="x"), "finite"),
        (lambda: figures.bars({"a": 0}, title="x", log=True), "positive"),
        (lambda: figures.staircase({"a": 1.2}), "0..1"),
        (lambda: figures.staircase({"a": []}), "accuracies\\['a'\\]"),
        (lambda: figures.runs({"a": [[1]]}, title="x"), "values\\['a'\\]"),
        (lambda: figures.gradient_sizes({"a": [0.0]}), "positive"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_complexity_slide_recomputed():
    alt = figures.complexity(COSTS).alt
    assert "parameters: 771 × in total (LeNet 60.6 K and AlexNet 46.7 M)" in alt
    assert "MACs: 2,420 × in total (LeNet 416 K and AlexNet 1.01 G)" in alt


def test_layers_of_a_summary_get_the_part_they_play():
    costs = layer_costs(summarize(models.LeNet5(), (1, 28, 28)))
    assert [*costs] == ["conv 1", "conv 2", "dense 1", "dense 2", "dense 3"]
    assert costs["conv 1"] == (156, 117_600)


def test_top5_is_accuracy_with_names():
    alt = figures.imagenet_top5().alt
    assert "2012 AlexNet 83.6" in alt
    assert "person reaches 94.9" in alt


def test_words():
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    numbers = [150, 61_706, 999_600, 1.0058e9]
    assert [short(n) for n in numbers] == ["150", "61.7 K", "1 M", "1.01 G"]


def test_a_dollar_in_a_name_is_a_dollar():
    names = {"$5 a day": 0.9, "$\\frac": 0.8}
    assert "$5 a day 90.0 %" in figures.staircase(names).alt
