"""Each exercise's check: right answers pass, wrong ones are told their own mistake."""

import contextlib
import functools
import importlib
import inspect
import json
import math
import time

import numpy as np
import pytest
import torch

from cnnlib import checks, models
from cnnlib.checks import general
from cnnlib.checks.calls import observe_any_precision
from cnnlib.checks.diagnosis import judge
from cnnlib.checks.exercises import NOTEBOOKS, exercises
from cnnlib.checks.limits import run_limited
from cnnlib.checks.predictions import QUESTIONS
from cnnlib.checks.trial import Trial
from cnnlib.summary import summarize
from tests import answers


def written_answers():
    """(exercise, function, what its diagnosis must say) of tests/answers."""
    found = []
    for module in NOTEBOOKS:
        module = importlib.import_module(f"{answers.__name__}.{module}")
        for name, function in vars(module).items():
            exercise, separator, _ = name.partition("__")
            if separator and exercise in exercises():
                says = function.__doc__ if inspect.isfunction(function) else None
                found.append((exercise, function, says))
    return found


ANSWERS = written_answers()
RIGHT = [(e, f) for e, f, says in ANSWERS if not says]
WRONG = [(e, f, says) for e, f, says in ANSWERS if says]
EVERY = pytest.mark.parametrize("name", exercises())


def checked(exercise: str, function) -> checks.Report:
    """The report on a function under an exercise's name."""
    if inspect.isclass(function):
        return checks.check(type(exercise, (function,), {}))
    named = functools.wraps(function)(lambda *args, **kwargs: function(*args, **kwargs))
    named.__name__ = exercise
    return checks.check(named)


def test_every_exercise_has_three_right_and_three_wrong_answers():
    assert len(exercises()) == 27
    for name in exercises():
        assert sum(e == name for e, _ in RIGHT) >= 3, name
        assert sum(e == name for e, _, _ in WRONG) >= 3, name


@pytest.mark.parametrize(
    ("exercise", "function"), RIGHT, ids=[f.__name__ for _, f in RIGHT]
)
def test_a_right_answer_passes_however_it_is_written(exercise, function):
    report = checked(exercise, function)
    assert report.passed, report.message


@pytest.mark.parametrize(
    ("exercise", "function", "says"), WRONG, ids=[f.__name__ for _, f, _ in WRONG]
)
def test_a_wrong_answer_is_told_its_mistake(exercise, function, says):
    report = checked(exercise, function)
    assert not report.passed
    assert says in report.diagnosis, report.message


@EVERY
@pytest.mark.parametrize("seed", [0, 1])
def test_the_reference_passes_and_each_known_mistake_is_refused(name, seed):
    """With any seed, as grading draws new cases each time."""
    trial = Trial.of(exercises()[name], seed)
    exercise = trial.exercise

    def report(function):
        settings = {"random": exercise.random, "limit": None}
        seen = observe_any_precision(
            function, trial.cases, exercise.try_out(), **settings
        )
        return judge(trial, seen)

    assert report(exercise.reference).passed
    for mistake in exercise.mistakes[seed::2]:
        assert not report(mistake.does).passed, mistake.says


@EVERY
def test_an_exercise_is_told_whole(name):
    exercise = exercises()[name]
    assert len(exercise.hints) == 3
    assert len(exercise.mistakes) >= 10
    for text in [*exercise.hints, *(m.says for m in exercise.mistakes)]:
        assert text[-1] in ".?)", text


# --- mistakes of any exercise --------------------------------------------------------


def rows(x):
    """Softmax, which the functions below get wrong in ways of any exercise."""
    e = (x - x.amax(1, keepdim=True)).exp()
    return e / e.sum(1, keepdim=True)


def returning_nothing(z):
    """returns nothing"""
    rows(z)


def printing(z):
    """prints its result"""
    print(rows(z))


def raising_for_one_column(z):
    """z has a single entry along dim 1"""
    if z.shape[1] == 1:
        raise ValueError("two classes at least")
    return rows(z)


def misspelled(z):
    """NameError"""
    return row(z)  # noqa: F821


def nested_too_deep(z):
    """in the wrong shape"""
    return [rows(z).tolist()]


def rounding(z):
    """rounded to whole numbers"""
    return rows(z).round()


def only_for_one_row(z):
    """first entry along dim 0 is right"""
    result = rows(z)
    result[1:] = 0.5
    return result


def in_place(z):
    """changes its argument `z`"""
    z -= z.amax(1, keepdim=True)
    return rows(z)


def remembering(z, seen=[0]):  # noqa: B006
    """remembered from call to call"""
    seen[0] += 1
    return rows(z) + seen[0]


def without_end(z):
    """calls itself without end"""
    return without_end(z)


def leaving(z):
    """SystemExit"""
    raise SystemExit


def a_string(z):
    """returns a str"""
    return "a row for each example"


def two_arguments(z, dim):
    """does not take the exercise's arguments"""
    return rows(z)


def a_shortcut(z):
    """`softmax` does the work"""
    return torch.softmax(z, dim=1)


def twice_too_large(z):
    """times 2"""
    return 2 * rows(z)


def transposed(z):
    """rows and columns|axes of your result are in reverse order"""
    return rows(z).T


GENERAL = [
    returning_nothing, printing, raising_for_one_column, misspelled, nested_too_deep,
    leaving, rounding, only_for_one_row, in_place, remembering, without_end, a_string,
    two_arguments, a_shortcut, twice_too_large, transposed,
]  # fmt: skip


@pytest.mark.parametrize("function", GENERAL)
def test_mistakes_of_any_exercise_are_told_apart(function):
    report = checked("softmax", function)
    assert not report.passed
    said = report.diagnosis.replace("`z` has", "z has")
    assert any(says in said for says in function.__doc__.split("|")), said


STRANGE = [
    None, 1, -1.5, True, "text", [], [[]], {}, {"a": 1}, {1, 2}, object(), len,
    math.nan, [1, [2, 3]], (None, None), [torch.zeros(2), torch.zeros(3)],
    torch.zeros(0),
    torch.zeros(2, 2, 2, 2), torch.tensor(3), torch.ones(2, dtype=torch.bool), 1j,
    np.array(["a"]), np.zeros((0, 3)), torch.nn.Linear(2, 2), range(3), b"bytes",
    torch.zeros(3, dtype=torch.complex64), torch.zeros(2, 2).to_sparse(), iter([1]),
]  # fmt: skip


VARIED = [
    "cross_correlate",
    "output_size",
    "conv_cost",
    "sgd_step",
    "dropout",
    "lenet",
    "alexnet_shapes",
    "train_step",
    "per_class_accuracy",
]


@pytest.mark.parametrize("name", VARIED)
def test_no_strange_result_breaks_a_check(name):
    """The diagnosis itself is asked, without the guard around it."""
    trial = Trial.of(exercises()[name])
    probe = trial.exercise.try_out()
    for value in STRANGE:
        seen = observe_any_precision(lambda *_, v=value: v, trial.cases, probe)
        assert not judge(trial, seen).passed, value
        right = trial.agreement(seen.outcomes, trial.expected)
        if not general.before_values(seen, trial):
            assert general.anything(trial, seen, right)


def test_a_float32_only_answer_is_tried_with_float32():
    def sgd_step(W, b, x, target, lr):
        y = torch.zeros(len(x), len(b))  # float32, so that y.T @ x needs x as float32
        y[torch.arange(len(x)), target] = 1
        p = torch.softmax(x @ W.T + b, 1)
        dW = (p.T @ x - y.T @ x) / len(x)
        return W - lr * dW, b - lr * (p - y).mean(0)

    assert checks.check(sgd_step).passed


# --- what a student sees -------------------------------------------------------------


def test_an_untouched_stub_is_not_written_yet():
    def softmax(z):
        """Rows of probabilities."""
        raise NotImplementedError

    def accuracy(logits, target):
        """A share."""

    for stub in softmax, accuracy:
        report = checks.check(stub)
        assert (report.status, report.passed) == ("not written yet", False)


def test_a_wrong_answer_shows_its_smallest_example_and_the_next_hint(capsys):
    def receptive_field(layers):
        return sum(kernel_size for kernel_size, _ in layers)

    session = checks.Session()
    first = session.check(receptive_field)
    assert "expected 1" in first.message
    assert "received 0" in first.message
    assert "Hint 1 of 3" in first.message
    assert first.message in capsys.readouterr().out
    second = session.check(receptive_field)
    assert "Hint 2 of 3" in second.message
    assert "<details>" in second.to_html()


def test_what_a_function_prints_is_not_lost():
    def output_size(n, k, p=0, s=1, d=1):
        print("n is", n)

    report = checks.check(output_size)
    assert report.printed.startswith("n is 5\nn is 5\n")
    assert "<pre>n is 5" in report.to_html()


def test_the_example_is_drawn_with_its_wrong_cells_marked():
    def cross_correlate(image, kernel):
        return image.unfold(0, len(kernel), 1).unfold(1, kernel.shape[1], 1).sum((2, 3))

    page = checks.check(cross_correlate).to_html()
    assert page.count("<img") == 4  # image, kernel, expected, received
    assert "of its cells marked" in page


def test_what_is_no_exercise_is_refused():
    with pytest.raises(ValueError, match=r"did you mean softmax\?"):
        checked("softmaxx", rows)
    with pytest.raises(TypeError, match="the exercise's function itself"):
        checks.check(3)


def test_work_without_end_is_ended():
    def loop():
        while True:
            with contextlib.suppress(Exception):  # what students write, too
                time.sleep(0.001)

    assert run_limited(loop, 0.2) == (False, False)
    assert run_limited(lambda: None, 60) == (True, False)


def test_work_that_cannot_be_ended_is_left_behind():
    assert run_limited(lambda: time.sleep(3), 0.1) == (False, True)


def test_an_answer_without_end_is_told_so():
    def accuracy(logits, target):
        while True:
            pass

    report = checks.check(accuracy)
    assert "had not ended after 4 seconds" in report.diagnosis


def test_progress_lists_the_notebook_and_writes_a_report(tmp_path, capsys):
    def relu_backward(x, grad):
        return grad * (x > 0)

    def dropout(x, p, training):
        return x

    session = checks.Session()
    session.progress(tmp_path)
    assert "Nothing checked yet" in capsys.readouterr().out
    session.check(relu_backward)
    session.check(dropout)
    session.progress(tmp_path)
    said = capsys.readouterr().out
    assert "1 of 4 exercises done" in said
    assert "○ flip_some: not written yet" in said
    report = json.loads((tmp_path / "exercises_05_alexnet.json").read_text())
    assert report["exercises"]["dropout"]["status"] == "wrong"
    session.progress(tmp_path / "missing")
    assert "No report could be written" in capsys.readouterr().out


# --- predict, then run ---------------------------------------------------------------


@functools.cache
def rows_of(name: str) -> dict:
    """Weights and MACs of a network's layers that have weights."""
    with torch.device("meta"):
        network, shape = {
            "LeNet": (models.LeNet5(), (1, 28, 28)),
            "AlexNet": (models.AlexNet(), (3, 224, 224)),
            "VGG": (models.VGG(16), (3, 224, 224)),
        }[name]
    return {r.name: r for r in summarize(network, shape).rows if r.params}


def weights(name: str) -> list[int]:
    with torch.device("meta"):
        network = {"LeNet": models.LeNet5, "AlexNet": models.AlexNet}[name]()
    return [p.numel() for p in network.parameters() if p.ndim > 1][:-1]


def test_every_prediction_s_answer_is_computed():
    """The accuracies of cats_vs_dogs stand in notebook 07 and benchmarks/RESULTS.md."""
    large, little = weights("AlexNet"), weights("LeNet")
    busiest = max(rows_of("LeNet").values(), key=lambda row: row.macs)
    vgg = rows_of("VGG")
    dense = next(row.params for name, row in vgg.items() if "classifier" in name)
    map_2d = torch.ones(1, 1, 4, 4)
    strided = torch.nn.functional.conv2d(
        map_2d, torch.ones(1, 1, 3, 3), stride=2, padding=1
    )
    pooled = torch.nn.functional.max_pool2d(torch.ones(1, 28, 28), 3, 2)
    x = torch.arange(16.0).view(1, 4, 4).requires_grad_()
    torch.nn.functional.max_pool2d(x, 2).sum().backward()
    large_logits = torch.tensor([100.0, 90.0, 80.0]).exp()
    computed = {
        "dense-weights": 3 * 3000 * 4000 * 100,
        "strided-shape": tuple(strided.shape[2:]),
        "pooled-size": tuple(pooled.shape[1:]),
        "gradient-cells": int((x.grad != 0).sum()),
        "guessing-loss": math.log(10),
        "large-logits": str(float((large_logits / large_logits.sum())[0])),
        "lenet-parameters": sum(p.numel() for p in models.LeNet5().parameters()),
        "busiest-layer": busiest.name,
        "alexnet-factor": round(sum(large) / sum(little)),
        "dense-share": round(100 * sum(large[5:]) / sum(large)),
        "two-threes": 100 * 2 * 9 // 25,
        "first-dense": round(100 * dense / sum(r.params for r in vgg.values())),
        "linear-accuracy": round(sum((61.8, 61.5, 61.9, 60.9, 62.1)) / 5, 1),
        "twelve-photos": 100 * 0.8**12,
    }
    assert computed == {name: q.answer for name, q in QUESTIONS.items()}


@pytest.mark.parametrize(
    ("question", "guess", "says"),
    [
        ("lenet-parameters", 6_000, "10.3 times too small"),
        ("lenet-parameters", 61_706, "right."),
        ("two-threes", 50, "22 points off"),
        ("strided-shape", (3, 3), "You said 3×3; it is 2×2."),
        ("busiest-layer", "fc1", "It is conv2."),
        ("busiest-layer", "conv2", "Right."),
        ("gradient-cells", ..., "Put your guess"),
    ],
)
def test_predict_says_how_far_off_a_guess_is(question, guess, says, capsys):
    checks.predict(question, guess)
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("question", "guess", "says"),
    [
        ("lenet-parameter", 1, "did you mean 'lenet-parameters'"),
        ("two-threes", "half", "expected a number of percent, but got 'half'"),
        ("strided-shape", 3, "expected 2 whole numbers"),
        ("busiest-layer", "conv9", "expected one of conv1, conv2"),
    ],
)
def test_predict_refuses_what_is_no_guess(question, guess, says):
    with pytest.raises(ValueError, match=says):
        checks.predict(question, guess)
