"""Call a function on many cases and write down what it does. Knows no answers.

What a function returns becomes plain numbers at once (``plain``), so that an answer
may be a tensor, an array or nested lists, and can cross to another process as JSON.
"""

from __future__ import annotations

import contextlib
import copy
import dis
import inspect
import io
import linecache
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from .limits import run_limited

LIMIT = 4.0  # seconds for all calls of one answer together; a right one takes 0.1
_ENTRIES = 100_000  # more numbers than any exercise returns
_LIBRARIES = {"cnnlib", "torch", "torchvision", "scipy", "sklearn", "numpy"}


@dataclass(frozen=True)
class Strange:
    """Something that is no number and no sequence of numbers, by its type's name."""

    type: str


@dataclass(frozen=True)
class Outcome:
    """One call: its plain value, or the exception's type, message and line."""

    value: object = None
    error: str = ""
    message: str = ""
    line: str = ""
    note: str = ""  # of the probe: it helps to name a mistake, and decides nothing


@dataclass(frozen=True)
class Noted:
    """What a probe may return in place of a value: the value, and a note beside it."""

    value: object
    note: str


@dataclass
class Answer:
    """All that was seen while a function ran on the cases."""

    outcomes: list[Outcome] = field(default_factory=list)
    changed: str = ""  # the argument that was changed in place
    repeatable: bool = True  # the same input gave the same answer twice
    printed: str = ""
    shortcuts: list[str] = field(default_factory=list)
    stub: bool = False
    signature: str = ""  # why the arguments do not fit, if they do not
    stopped: bool = False  # the time was over
    stuck: bool = False  # and the function could not be interrupted


def plain(value):
    """Numbers as an ndarray (scalars: shape ()), ragged sequences as a tuple.

    Booleans, integers and floats keep their kind. None stays None; what is no number
    becomes ``Strange``.
    """
    if value is None or isinstance(value, Strange):
        return value
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.dtype in (torch.bfloat16, torch.float16):
            value = value.float()
        value = value.numpy()
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        array = np.array(value)
        return array if array.dtype.kind in "biuf" else Strange(type(value).__name__)
    if isinstance(value, list | tuple | range | set | frozenset):
        ordered = sorted(value) if isinstance(value, set | frozenset) else value
        parts = [plain(part) for part in islice(ordered, _ENTRIES)]
        shapes = {p.shape if isinstance(p, np.ndarray) else None for p in parts}
        if len(shapes) == 1 and None not in shapes:
            return np.stack(parts)
        return tuple(parts)
    return Strange(type(value).__name__)


def observe(
    function: Callable,
    cases: Sequence[tuple],
    probe: Callable,
    *,
    shortcuts: Sequence[str] = (),
    random: bool = False,
    limit: float | None = LIMIT,
) -> Answer:
    """Call ``probe(function, *case)`` for each case, twice, within ``limit`` seconds.

    The second call tells whether something is kept from call to call; it is left out
    where ``random``. ``shortcuts`` are names of library functions to look out for.
    """
    answer = Answer(stub=is_stub(function))
    if not answer.stub:
        answer.signature = misfit(function, cases[0]) if probe.direct else ""
    if answer.stub or answer.signature:
        return answer
    printed = io.StringIO()

    def work():
        with _watching(answer, shortcuts):
            for case in cases:
                outcome, changed = _call(probe, function, case)
                answer.outcomes.append(outcome)
                answer.changed = answer.changed or changed
                if not random:
                    again, _ = _call(probe, function, case)
                    answer.repeatable &= same(outcome, again)

    with contextlib.redirect_stdout(printed), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if limit is None:
            work()
        else:
            finished, answer.stuck = run_limited(work, limit)
            answer.stopped = not finished
    answer.printed = printed.getvalue()[:1000]
    answer.stub = all(o.error == "NotImplementedError" for o in answer.outcomes) and (
        not answer.stopped
    )
    return answer


def observe_any_precision(function, cases, probe, **settings) -> Answer:
    """``observe``, with float32 in place of float64 for code that mixes the two."""
    answer = observe(function, cases, probe, **settings)
    if any(_DTYPES.search(outcome.message) for outcome in answer.outcomes):
        return observe(function, single(cases), probe, **settings)
    return answer


_DTYPES = re.compile(r"dtype|scalar type|Double|Float")


def single(value):
    """The same with float32 tensors in place of float64."""
    if isinstance(value, torch.Tensor):
        return value.float() if value.dtype == torch.float64 else value
    if isinstance(value, list | tuple):
        return type(value)(map(single, value))
    return value


def _call(probe, function, case) -> tuple[Outcome, str]:
    """The outcome of one call, and the name of the argument that it changed."""
    given = copy.deepcopy(case)
    try:
        value = probe(function, *given)
        note = value.note if isinstance(value, Noted) else ""
        value = plain(value.value if isinstance(value, Noted) else value)
    except (Exception, SystemExit) as error:
        message = str(error).strip().split("\n")[0][:200]
        return Outcome(
            error=type(error).__name__, message=message, line=_line(error, function)
        ), ""
    changed = ""
    if probe.direct:
        names = parameter_names(function, case)
        for name, before, after in zip(names, case, given, strict=False):
            if not same_value(plain(before), plain(after)):
                changed = name
    return Outcome(value, note=note), changed


def same(one: Outcome, other: Outcome) -> bool:
    """Do two calls of the same function agree exactly?"""
    return one.error == other.error and same_value(one.value, other.value)


def same_value(one, other) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    return type(one) is type(other) and one == other


def parameter_names(function: Callable, case: tuple) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i + 1}" for i in range(len(names), len(case))]


def misfit(function: Callable, case: tuple) -> str:
    """Why a function cannot take a case's arguments; empty when it can."""
    try:
        inspect.signature(function).bind(*case)
    except TypeError as error:
        return str(error)
    except ValueError:  # no signature to be had
        pass
    return ""


def is_stub(function: Callable) -> bool:
    """Has nothing been written yet: no body, or only ``raise NotImplementedError``?"""
    code = getattr(function, "__code__", None)
    if code is None or any(c is not None for c in code.co_consts[1:]):
        return False
    operations = {i.opname for i in dis.get_instructions(code)}
    if code.co_names == ("NotImplementedError",):
        return operations <= _NOTHING | {"LOAD_GLOBAL", "RAISE_VARARGS"}
    return operations <= _NOTHING and code.co_consts[:1] in (
        (None,),
        (function.__doc__,),
    )


# Instructions of a function that does nothing, in Python 3.10 to 3.14.
_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "CACHE"}


def _line(error: Exception, function: Callable) -> str:
    """The line of the function's own file in which an exception was raised."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if isinstance(function, type):
        code = getattr(function.__init__, "__code__", None)
    mine = code.co_filename if code else None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == mine:
            return (frame.line or linecache.getline(mine, frame.lineno)).strip()[:120]
    return ""


@contextlib.contextmanager
def _watching(answer: Answer, shortcuts: Sequence[str]):
    """Write the library functions named in ``shortcuts`` down when they are called."""
    if not shortcuts:
        yield
        return
    names = frozenset(shortcuts)

    def note(name: str) -> None:
        if name in names and name not in answer.shortcuts:
            answer.shortcuts.append(name)

    class Mode(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            note(getattr(function, "__name__", ""))
            return function(*args, **(kwargs or {}))

    def profile(frame, event, _):
        if event == "call":
            name = frame.f_code.co_name
            if name == "__init__":  # a class is known by its name
                name = type(frame.f_locals.get("self")).__name__
            module = frame.f_globals.get("__name__") or ""
            if name in names and module.split(".")[0] in _LIBRARIES:
                note(name)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with Mode():
            yield
    finally:
        sys.setprofile(before)
