"""How an answer is tried: called, or what it builds is used. Knows no answers.

A probe takes the function and a case, and returns what is compared. Networks get
weights that depend on nothing but each tensor's size, so that equal networks give equal
outputs, whatever their layers are called and whatever order they are listed in.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch import nn

from .calls import Noted, Strange, plain

PROBES = {}


def probe(direct: bool = False, wanted: str = ""):
    """Register a probe; ``direct`` ones pass the case to the function as it is.

    ``wanted`` says what the function is to return, where the result does not.
    """

    def register(function):
        function.direct, function.wanted = direct, wanted
        PROBES[function.__name__] = function
        return function

    return register


@probe(direct=True)
def call(function, *case):
    """The returned value itself."""
    return function(*case)


@probe(direct=True)
def without_nan(function, *case):
    """The returned value with 0 for nan (or None), which mean the same here."""
    value = function(*case)
    if isinstance(value, list | tuple):
        value = [0.0 if v is None else v for v in value]
    value = plain(value)
    if isinstance(value, np.ndarray):
        return np.nan_to_num(value, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return value


@probe()
def tables(function):
    """Sequences of whole numbers, in any order within each."""
    value = function()
    try:
        return [sorted(int(entry) for entry in row) for row in value]
    except (TypeError, ValueError):
        return value


def fill(module: nn.Module) -> None:
    """Weights that depend on the number of entries of a tensor alone."""
    with torch.no_grad():
        for parameter in module.parameters():
            n = parameter.numel()
            fan_in = max(parameter[0].numel(), 1) if parameter.ndim > 1 else 4
            values = torch.sin(0.7 * torch.arange(n, dtype=torch.float64) + n % 7)
            parameter.copy_((values * 1.7 / fan_in**0.5).view_as(parameter))


@probe(wanted="an nn.Module")
def network(function, *case):
    """(number of parameters, output) of the module that the function builds.

    A case ends with the images; what comes before are the function's arguments.
    """
    *settings, images = case
    module = function(*settings)
    if not isinstance(module, nn.Module):
        return module if module is None else Strange(type(module).__name__)
    module = module.to(images.dtype)
    with torch.no_grad():
        module(images)  # lazy layers have weights after this
        fill(module)
        output = module(images)
    value = sum(p.numel() for p in module.parameters()), output
    return Noted(value, _described(module))


def _described(module: nn.Module) -> str:
    """The shapes of a network's weights and the kinds of its layers, as JSON."""
    weights = [list(p.shape) for p in module.parameters() if p.ndim > 1]
    kinds = {type(m).__name__ for m in module.modules() if not list(m.children())}
    return json.dumps({"weights": weights, "layers": sorted(kinds)})


@probe(wanted="a tensor")
def two_masks(function, x, p, training):
    """What two calls of a dropout do to ``x``, in nine numbers.

    Shares: of zeros, of zeros found again in the second call, of zeros whose right
    neighbor is one, too, and whose lower one; of entries neither 0 nor scaled alike.
    Then the scale of what is kept times 1 - p, whether the input was left alone,
    whether there is nan, and whether the dropped entries are of another size (1 if so).
    """
    before = x.clone()
    results = [plain(function(x, p, training)) for _ in range(2)]
    if any(getattr(result, "shape", None) != x.shape for result in results):
        return results[0]
    one, two = map(torch.from_numpy, results)
    zero, again = one == 0, two == 0
    dropped = before[zero] if zero.any() else before
    scale = (one / before)[~zero]
    usual = scale.median() if len(scale) else torch.tensor(0.0)
    odd = (scale - usual).abs() > 1e-3 * usual.abs()
    return [
        zero.double().mean(),
        (zero & again).double().mean(),
        (zero[:, 1:] & zero[:, :-1]).double().mean(),
        (zero[1:] & zero[:-1]).double().mean(),
        odd.double().sum() / x.numel(),
        usual * (1 - p) if p < 1 else usual,
        float(torch.equal(x, before)),
        float(one.isnan().any()),
        float((dropped.abs().mean() / before.abs().mean() - 1).abs() > 0.1),
    ]


class _SmallNetwork(nn.Module):
    """Batch normalization tells training from evaluation mode."""

    def __init__(self, inputs: int, classes: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs, 6),
            nn.BatchNorm1d(6),
            nn.ReLU(),
            nn.Linear(6, classes),
        )

    def forward(self, x):
        return self.layers(x)


@probe(wanted="a float")
def training_steps(function, images, labels, classes, lr):
    """Three steps: the first one's loss and weights, the later ones', and the rest."""
    model = _SmallNetwork(images[0].numel(), classes).to(images.dtype)
    fill(model)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    events = _listen(model, optimizer)
    losses, weights, graph = [], [], 0.0
    for _ in range(3):
        loss = function(model, images.clone(), labels.clone(), optimizer)
        if loss is None or isinstance(loss, str):
            return loss
        graph = max(graph, float(getattr(loss, "requires_grad", False)))
        losses.append(torch.as_tensor(loss).detach().clone())
        weights.append(nn.utils.parameters_to_vector(model.parameters()).detach())
    mode = float(model.training)
    later = losses[1:], torch.stack(weights[1:])
    value = losses[0], weights[0], *later, mode, graph
    return Noted(value, events())


def _listen(model, optimizer):
    """In which order backward and step came, and what gradients the step found."""
    events = []
    first = next(model.parameters())
    first.register_hook(lambda _: events.append("backward"))

    def before_step(*_):
        zero = first.grad is None or not bool(first.grad.any())
        events.append("step with no gradient" if zero else "step")

    optimizer.register_step_pre_hook(before_step)
    return lambda: ", ".join(events[:4])
