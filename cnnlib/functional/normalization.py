"""Local response normalization: loud neighbors make a channel quieter."""

from torch import Tensor

from .pooling import avg_pool2d
from .shapes import ArgumentError, check_number, check_tensor, integer, pad


def local_response_norm(input: Tensor, size, alpha=1e-4, beta=0.75, k=1.0) -> Tensor:
    """input / (k + alpha * mean of the squares of ``size`` neighboring channels)^beta.

    ``input`` is (N, C, d1, ...); channels beyond the first and last count as zero.
    As in PyTorch the mean is taken, where the paper (Krizhevsky et al. 2012, section
    3.3) takes the sum: its alpha is PyTorch's divided by ``size``.
    Raises ArgumentError (a ValueError) for fewer than 3 dimensions or a size below 1.
    """
    check_tensor("input", input)
    if input.dim() < 3:
        raise ArgumentError(
            "expected input to have 3 or more dimensions (N, C, d1, ...), "
            f"but got {tuple(input.shape)}"
        )
    if input.numel() == 0:
        return input
    size = integer("size", size, minimum=1)
    for name, value in (("alpha", alpha), ("beta", beta), ("k", k)):
        check_number(name, value)
    squares = (input * input).flatten(2)[:, None]
    squares = pad(squares, size // 2, (size - 1) // 2, 0, 0)
    mean = avg_pool2d(squares, (size, 1), stride=1).view(input.shape)
    return input / (mean * alpha + k) ** beta
