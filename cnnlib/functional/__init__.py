"""The lecture's operations, from scratch: views of tensors and matrix products.

Names, signatures and results are those of ``torch.nn.functional``; none of its
convolutions, poolings or losses is called. Everything is differentiable. The functions
named ``*_loops`` say the same thing slowly, one window at a time.
"""

from .convolution import conv2d, conv2d_loops
from .loss import cross_entropy, log_softmax, relu, softmax
from .normalization import local_response_norm
from .pooling import avg_pool2d, avg_pool2d_loops, max_pool2d, max_pool2d_loops
from .shapes import ArgumentError, output_size

__all__ = [
    "ArgumentError",
    "avg_pool2d",
    "avg_pool2d_loops",
    "conv2d",
    "conv2d_loops",
    "cross_entropy",
    "local_response_norm",
    "log_softmax",
    "max_pool2d",
    "max_pool2d_loops",
    "output_size",
    "relu",
    "softmax",
]
