"""Batch normalization over a batch that several processes share.

``nn.SyncBatchNorm`` does this on GPUs only; this is the same on every device.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def whole_batch_statistics(model: nn.Module) -> Iterator[None]:
    """Let the model's batch normalization use the whole batch's mean and variance."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    for norm in norms:
        norm.forward = partial(_forward, norm)
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


class _Sum(torch.autograd.Function):
    """The sum over all processes, in the backward pass too."""

    @staticmethod
    def forward(context, part):
        total = part.clone()
        dist.all_reduce(total)
        return total

    backward = forward


def _forward(norm: _BatchNorm, input: Tensor) -> Tensor:
    if not norm.training:
        return type(norm).forward(norm, input)
    values = input.float()  # sums in 16 bits would not do
    rest = [d for d in range(input.ndim) if d != 1]
    column = [-1 if d == 1 else 1 for d in range(input.ndim)]
    # A process without images adds sums of 0 and a count of 0.
    count = values.new_tensor([input.numel() // input.shape[1]])
    sums = _Sum.apply(torch.cat([values.sum(rest), count]))
    n = sums[-1].detach()
    mean = sums[:-1] / n
    centered = values - mean.view(column)
    var = _Sum.apply(centered.square().sum(rest)) / n
    _update(norm, mean.detach(), var.detach() * n / (n - 1))
    output = centered * (var + norm.eps).rsqrt().view(column)
    if norm.affine:
        output = output * norm.weight.view(column) + norm.bias.view(column)
    return output.to(input.dtype)


@torch.no_grad()
def _update(norm: _BatchNorm, mean: Tensor, var: Tensor) -> None:
    """Move the running statistics, as ``nn.BatchNorm2d`` moves them."""
    if norm.running_mean is None:
        return
    norm.num_batches_tracked += 1
    share = norm.momentum
    if share is None:  # the average of all batches
        share = 1 / norm.num_batches_tracked.item()
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var, share)
