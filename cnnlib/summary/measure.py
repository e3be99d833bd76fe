"""One forward pass without numbers, and what each layer cost in it."""

from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ..layers import Conv2d, Linear
from .field import Field, Follow, behind, mark, of
from .table import Row, Summary

REST = "(outside layers)"


def summarize(model: nn.Module, *inputs) -> Summary:
    """Output shape, parameters, MACs, receptive field and memory of each layer.

    ``inputs`` are what ``model`` takes: the shape of one sample, (C, H, W), to which a
    batch of one is added, or a tensor that is taken as it is, batch and all. There is
    one row for each call of a layer, that is of a module without modules inside; in
    the totals a parameter counts once, however often it is used.

    MACs are multiply-accumulates; FLOPs are about twice as many. Convolutions and
    dense layers are counted by their formulas; of others the matrix products and
    convolutions that they compute, as ``torch.utils.flop_counter`` sees them, and
    nothing else: sums, means and products number by number are 0. A layer may declare
    its own costs with a method ``macs(input, output) -> int``, and its window with the
    attributes ``kernel_size``, ``stride`` and, if it has one, ``dilation``. What is
    computed or stored outside of layers stands in a last row. Activation bytes are
    those of the new tensors that a layer returns; a view of its input takes none.

    The pass runs in evaluation mode on the meta device: nothing is computed, no
    memory is taken and the model does not change. Only a model that needs numbers
    (one that branches on values) is run for real.

    Raises TypeError if ``model`` is no module or an input neither shape nor tensor,
    ValueError for a missing input or lazy parameters that have no shape yet.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"expected model to be a torch.nn.Module, but got {type(model).__name__}"
        )
    if not inputs:
        raise ValueError(
            "expected the shape of one sample, such as (1, 28, 28), for each input of "
            "the model, but got none"
        )
    lazy = [name for name, p in model.named_parameters() if is_lazy(p)]
    if lazy:
        raise ValueError(f"{lazy[0]} has no shape yet: run the model once first")
    samples = [_sample(x, model) for x in inputs]
    with _evaluating(model):
        try:
            rows = _without_numbers(model, samples)
        except (RuntimeError, NotImplementedError):
            if any(t.is_meta for t in _tensors(model).values()):
                raise
            rows = _for_real(model, samples)
    shapes = [tuple(x.shape) for x in samples]
    if not any(isinstance(x, Tensor) for x in inputs):  # the batch of one is ours
        shapes = [shape[1:] for shape in shapes]
        rows = [row.without_batch() for row in rows]
    return Summary(type(model).__name__, tuple(shapes), tuple(rows), _count(model))


def _without_numbers(model: nn.Module, samples: list[Tensor]) -> list[Row]:
    """The rows, by a pass on the meta device."""
    weights = {name: _on_meta(tensor) for name, tensor in _tensors(model).items()}
    samples = [_on_meta(x) for x in samples]
    call = torch.func.functional_call
    return _trace(model, samples, lambda: call(model, weights, tuple(samples)))


def _for_real(model: nn.Module, samples: list[Tensor]) -> list[Row]:
    """The rows, by a pass with numbers where the model is."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    samples = [
        torch.zeros_like(x, device=device) if x.is_meta else x.detach().to(device)
        for x in samples
    ]
    return _trace(model, samples, lambda: model(*samples))


def _trace(model: nn.Module, samples: list[Tensor], run) -> list[Row]:
    """A row for each layer that ``run`` calls, and one for what is left over."""
    counter = FlopCounterMode(display=False)
    recorder = _Recorder(model, counter)
    for sample in samples:
        mark(sample, Field() if sample.ndim >= 3 else None)
    hooks = []
    for layer in filter(_is_layer, recorder.names):
        hooks.append(layer.register_forward_pre_hook(recorder.enter))
        hooks.append(layer.register_forward_hook(recorder.leave, with_kwargs=True))
    try:
        with torch.no_grad(), counter, Follow():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    return recorder.rows + recorder.rest(model)


class _Recorder:
    """Hooks that write a row when a layer is done."""

    def __init__(self, model: nn.Module, counter: FlopCounterMode):
        self.names = {module: name for name, module in model.named_modules()}
        self.counter = counter
        self.rows: list[Row] = []
        self.seen: set[nn.Module] = set()
        self.flops_at_entry: list[int] = []  # of the layers that are running
        self.flops_in_layers = 0

    def enter(self, layer, args) -> None:
        self.flops_at_entry.append(self.counter.get_total_flops())

    def leave(self, layer, args, kwargs, output) -> None:
        flops = self.counter.get_total_flops() - self.flops_at_entry.pop()
        if self.flops_at_entry:  # part of a layer, like a parametrization of its weight
            return
        self.flops_in_layers += flops
        taken, given = _tensors_in((args, kwargs)), _tensors_in(output)
        if taken and given:
            self.rows.append(self.row(layer, taken, given, flops))
            self.seen.add(layer)

    def row(self, layer, taken, given, flops) -> Row:
        output = given[0]
        known = behind(layer, taken[0], output)
        if known is not None:
            mark(output, known)
        field = of(output)
        macs = _macs(layer, taken[0], output)
        return Row(
            name=self.names[layer] or type(layer).__name__,
            kind=type(layer).__name__,
            output_shape=tuple(output.shape),
            params=_count(layer),
            macs=flops // 2 if macs is None else macs,
            receptive_field=field and _plain(field.size),
            stride=field and _plain(field.stride),
            activation_bytes=_new_bytes(taken, given),
            shared=layer in self.seen,
        )

    def rest(self, model: nn.Module) -> list[Row]:
        """A last row for the parameters and MACs that no layer's row has."""
        params = _count(model) - _count(*self.seen)
        macs = (self.counter.get_total_flops() - self.flops_in_layers) // 2
        row = Row(REST, "", (), params, macs, None, None, 0)
        return [row] if params or macs else []


def _is_layer(module: nn.Module) -> bool:
    """A module with a row of its own: its costs are known, or nothing is inside."""
    known = isinstance(module, nn.Linear | _ConvNd)
    return known or _declares_macs(module) or not any(True for _ in module.children())


def _declares_macs(layer: nn.Module) -> bool:
    return callable(getattr(layer, "macs", None))


def _macs(layer: nn.Module, taken: Tensor, given: Tensor) -> int | None:
    """Multiply-accumulates of one call, None if no formula is known."""
    if _declares_macs(layer):
        return layer.macs(taken, given)
    if isinstance(layer, nn.Linear | Linear):
        return given.numel() * layer.in_features
    if isinstance(layer, _ConvTransposeNd):  # each number of the input is spread
        window = prod(layer.kernel_size)
        return taken.numel() * layer.out_channels // layer.groups * window
    if isinstance(layer, _ConvNd | Conv2d):  # each number of the output is a sum
        window = prod(layer.kernel_size)
        return given.numel() * layer.in_channels // layer.groups * window
    return None


def _new_bytes(taken: list[Tensor], given: list[Tensor]) -> int:
    """Bytes of the tensors given that do not share the memory of one taken."""
    known = {t.untyped_storage()._cdata for t in taken}
    new = [t for t in given if t.untyped_storage()._cdata not in known]
    return sum(t.numel() * t.element_size() for t in new)


def _count(*modules: nn.Module) -> int:
    """Numbers in the parameters of ``modules``, each parameter once."""
    return sum(p.numel() for p in {p for m in modules for p in m.parameters()})


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _tensors_in(values) -> list[Tensor]:
    return [t for t in tree_leaves(values) if isinstance(t, Tensor)]


def _plain(values: tuple):
    return values[0] if len(set(values)) == 1 else values


def _sample(x, model: nn.Module) -> Tensor:
    if isinstance(x, Tensor):
        return x
    if not isinstance(x, tuple | list) or not all(isinstance(n, int) for n in x):
        raise TypeError(
            "expected each input to be a shape, such as (3, 224, 224), or a tensor, "
            f"but got {x!r}"
        )
    if any(n < 1 for n in x):
        raise ValueError(f"expected positive sizes in a shape, but got {x!r}")
    floats = (p.dtype for p in model.parameters() if p.is_floating_point())
    dtype = next(floats, torch.get_default_dtype())
    return torch.empty((1, *x), dtype=dtype, device="meta")


def _on_meta(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, device="meta", requires_grad=False)


@contextmanager
def _evaluating(model: nn.Module):
    """Evaluation mode inside, each module's own mode again afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
