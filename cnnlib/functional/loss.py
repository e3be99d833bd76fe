"""From scores to probabilities, and from probabilities to a loss."""

import warnings

import torch
from torch import Tensor

from .shapes import (
    ArgumentError,
    ArgumentIndexError,
    ArgumentTypeError,
    brief,
    check_dtype,
    check_floating,
    check_number,
    check_tensor,
    integer,
    wide,
)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, x) for each number x; NaN stays NaN.

    ``input`` may have any shape and real dtype; ``inplace`` overwrites it. Raises
    ArgumentError or TypeError where torch.nn.functional.relu refuses its arguments.
    """
    check_tensor("input", input)
    real = not (input.is_complex() or input.dtype == torch.bool)
    check_dtype("input", input.dtype, "of a real dtype", real)
    if inplace and torch.is_grad_enabled() and input.is_leaf and input.requires_grad:
        raise ArgumentError(
            "expected input not to be a leaf that requires a gradient with "
            "inplace=True, but got one: its values would be lost"
        )
    if inplace and 0 in (
        s for s, n in zip(input.stride(), input.shape, strict=True) if n > 1
    ):
        raise ArgumentError(
            "expected input to have memory of its own for each element with "
            f"inplace=True, but got an expanded tensor with strides {input.stride()}"
        )
    return Rectify.apply(input, inplace)


class Rectify(torch.autograd.Function):
    """max(0, x), with slope 0 at 0 as in PyTorch; plain clamp has slope 1 there."""

    @staticmethod
    def forward(input, inplace):
        return input.clamp_(min=0) if inplace else input.clamp(min=0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        if inputs[1]:
            ctx.mark_dirty(inputs[0])
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad):
        (output,) = ctx.saved_tensors
        return torch.where(output == 0, 0, grad), None


def softmax(input: Tensor, dim=None, _stacklevel=3, dtype=None) -> Tensor:
    """exp(x) / sum of exp(x) along ``dim``: positive numbers that sum to 1.

    The largest x is subtracted first, so that exp never overflows. ``input`` is
    floating point, or is converted to ``dtype`` first; the result has its shape.
    Without ``dim`` (deprecated) dimension 0 for 0, 1 or 3 dimensions, else 1. Raises
    ArgumentError, which is also an IndexError, for a dimension that input does not
    have.
    """
    shifted, dim, dtype = shift("softmax", input, dim, _stacklevel, dtype)
    exponentials = shifted.exp()
    return (exponentials / exponentials.sum(dim, keepdim=True)).to(dtype)


def log_softmax(input: Tensor, dim=None, _stacklevel=3, dtype=None) -> Tensor:
    """x - log(sum of exp(x)) along ``dim``: the logarithm of ``softmax``, never log(0).

    Arguments and errors as in ``softmax``.
    """
    shifted, dim, dtype = shift("log_softmax", input, dim, _stacklevel, dtype)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).to(dtype)


def shift(name, input, dim, stacklevel, dtype):
    """input minus its maximum along dim; the dim; and the dtype to return."""
    check_tensor("input", input)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. "
            "Change the call to include dim=X as an argument.",
            stacklevel=stacklevel,
        )
        dim = 0 if input.dim() in (0, 1, 3) else 1
    dim, limit = integer("dim", dim), max(input.dim(), 1)
    if not -limit <= dim < limit:
        raise ArgumentIndexError(
            f"expected dim to be from {-limit} to {limit - 1} for input of shape "
            f"{tuple(input.shape)}, but got {dim}"
        )
    if not (dtype is None or dtype is float or isinstance(dtype, torch.dtype)):
        raise ArgumentTypeError(
            f"expected dtype to be a torch.dtype, but got {brief(dtype)}"
        )
    input = input if dtype is None else input.to(dtype)
    check_floating("input" if dtype is None else "dtype", input.dtype)
    precise = wide(input)
    if input.numel():
        precise = precise - precise.detach().amax(dim, keepdim=True)
    return precise, dim, input.dtype


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average=None,
    ignore_index: int = -100,
    reduce=None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log of the probability that the softmax of the scores gives to the true class.

    ``input`` holds scores (logits) of shape (C,), (N, C) or (N, C, d1, ...). ``target``
    holds class indices (int64) of that shape without C, or probabilities of that very
    shape. ``weight`` (C,) weighs classes; samples of class ``ignore_index`` do not
    count; ``label_smoothing`` mixes the target with the uniform distribution;
    ``reduction`` is "none", "sum" or "mean" (of the weights that count, or of samples).
    ``size_average`` and ``reduce`` are deprecated and override ``reduction``.
    Raises ArgumentError (a ValueError; also an IndexError for a class out of range) or
    TypeError where torch.nn.functional.cross_entropy refuses its arguments.
    """
    reduction = choose_reduction(size_average, reduce, reduction)
    ignore_index = integer("ignore_index", ignore_index)
    soft = check_loss(input, target, weight, ignore_index, label_smoothing)
    label_smoothing = float(label_smoothing)
    axis = 0 if input.dim() == 1 else 1
    loss = -log_softmax(input, axis)  # of each class, were it the true one
    weighed = loss
    if weight is not None:
        weighed = loss * weight.view(-1, *[1] * (input.dim() - axis - 1))
    if soft:
        if label_smoothing:
            even = label_smoothing / input.shape[axis]
            target = target * (1 - label_smoothing) + even
        losses = (weighed * target).sum(axis)
        return reduce_to(reduction, losses, losses.numel())
    target = target.long().reshape(input.shape[:axis] + input.shape[axis + 1 :])
    counts = target != ignore_index
    true = target.where(counts, 0)
    shares = counts if weight is None else weight[true].where(counts, 0)
    losses = loss.gather(axis, true.unsqueeze(axis)).squeeze(axis) * shares
    losses = reduce_to(reduction, losses.where(counts, 0), shares.sum())
    if label_smoothing:
        smooth = weighed.mean(axis).where(counts, 0)
        smooth = reduce_to(reduction, smooth, shares.sum())
        losses = losses * (1 - label_smoothing) + smooth * label_smoothing
    return losses


def reduce_to(reduction, losses, count):
    """The losses themselves, their sum, or their sum divided by ``count``."""
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / count


def choose_reduction(size_average, reduce, reduction) -> str:
    """The reduction that ``reduction`` or the two deprecated arguments ask for."""
    if size_average is not None or reduce is not None:
        mean, reduced = (flag is None or flag for flag in (size_average, reduce))
        reduction = ("mean" if mean else "sum") if reduced else "none"
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if not isinstance(reduction, str) or reduction not in ("none", "mean", "sum"):
        raise ArgumentError(
            "expected reduction to be 'none', 'mean' or 'sum', but got "
            f"{brief(reduction)}"
        )
    return reduction


def check_loss(input, target, weight, ignore_index, label_smoothing) -> bool:
    """Whether the target holds probabilities; or a clear refusal."""
    check_tensor("input", input)
    check_tensor("target", target)
    check_floating("input", input.dtype)
    if input.dim() == 0:
        raise ArgumentIndexError(
            "expected input to have the shape (C,), (N, C) or (N, C, d1, ...), but "
            "got ()"
        )
    axis = 0 if input.dim() == 1 else 1
    C = input.shape[axis]
    check_number("label_smoothing", label_smoothing)
    if isinstance(label_smoothing, Tensor) and label_smoothing.dim():
        raise TypeError(
            "expected label_smoothing to be one number, but got "
            f"{brief(label_smoothing)}"
        )
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(
            f"expected label_smoothing to be between 0 and 1, but got {label_smoothing}"
        )
    soft = target.shape == input.shape
    if weight is not None:
        check_tensor("weight", weight)
        if weight.shape != (C,):
            raise ArgumentError(
                f"expected weight to have the shape ({C},), one number for each class, "
                f"but got {tuple(weight.shape)}"
            )
        if not soft and weight.dtype != input.dtype:
            raise ArgumentError(
                f"expected weight to be {input.dtype} as input is, but got "
                f"{weight.dtype}"
            )
        if not soft and weight.requires_grad and torch.is_grad_enabled():
            raise ArgumentError(
                "expected weight not to require a gradient with a target of class "
                "indices, but got one that does"
            )
    if soft:
        if not target.is_floating_point():
            raise ArgumentError(
                "expected target of input's shape to hold probabilities in floating "
                f"point, but got {target.dtype}"
            )
        if ignore_index >= 0:
            raise ArgumentError(
                "expected no ignore_index with a target of probabilities, "
                f"but got {ignore_index}"
            )
        return True
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    if target.shape != expected and not (axis == 0 and target.shape == (1,)):
        raise ArgumentError(
            f"expected target to have the shape {tuple(expected)} (class indices) or "
            f"{tuple(input.shape)} (probabilities), but got {tuple(target.shape)}"
        )
    if target.dtype != torch.int64 and (target.dtype != torch.uint8 or input.dim() > 2):
        raise ArgumentError(
            "expected target of class indices to be int64 (uint8 for input of 1 or 2 "
            f"dimensions), but got {target.dtype}"
        )
    if target.is_meta:
        return False  # it has no numbers to look at
    target = target.long()  # in uint8, 255 would equal an ignore_index of -1
    wrong = target[((target < 0) | (target >= C)) & (target != ignore_index)]
    if wrong.numel():
        raise ArgumentIndexError(
            f"expected target to hold classes from 0 to {C - 1} or ignore_index "
            f"{ignore_index}, but got {wrong[0].item()}"
        )
    return False
