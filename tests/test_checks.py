"""Each exercise's check: right answers pass, wrong ones are told their own mistake."""

import importlib
import inspect

import pytest

from cnnlib import checks
from cnnlib.checks.exercises import NOTEBOOKS, exercises
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


def checked(exercise: str, function) -> checks.Report:
    """The report on a function under an exercise's name."""
    if inspect.isclass(function):
        named = type(exercise, (function,), {})
    else:

        def named(*args, **kwargs):
            return function(*args, **kwargs)

        named.__signature__ = inspect.signature(function)
        named.__name__ = exercise
    return checks.check(named)


def test_every_exercise_has_three_right_and_three_wrong_answers():
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
