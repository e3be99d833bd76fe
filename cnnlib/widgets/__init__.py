"""What moves under the hand: widgets for the ideas that are hard to see in a still.

Each widget works with mouse, touch and keyboard, and carries a still form that is
stored in the notebook for where no kernel runs.
"""

from cnnlib.widgets.convolution import ConvolutionExplorer, convolution_explorer
from cnnlib.widgets.digit_pad import DigitPad, digit_pad
from cnnlib.widgets.kernel_studio import KernelStudio, kernel_studio
from cnnlib.widgets.network_explorer import NetworkExplorer, network_explorer
from cnnlib.widgets.output_shape import OutputShapeExplorer, output_shape_explorer
from cnnlib.widgets.softmax import SoftmaxExplorer, softmax_explorer

__all__ = [
    "ConvolutionExplorer",
    "DigitPad",
    "KernelStudio",
    "NetworkExplorer",
    "OutputShapeExplorer",
    "SoftmaxExplorer",
    "convolution_explorer",
    "digit_pad",
    "kernel_studio",
    "network_explorer",
    "output_shape_explorer",
    "softmax_explorer",
]
