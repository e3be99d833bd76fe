"""What moves under the hand: widgets for the ideas that are hard to see in a still.

Each widget works with mouse, touch and keyboard, and carries a still form that is
stored in the notebook for where no kernel runs.
"""

from cnnlib.widgets.center import center_digit
from cnnlib.widgets.digit_pad import DigitPad, digit_pad
from cnnlib.widgets.softmax import SoftmaxExplorer, softmax_explorer

__all__ = [
    "DigitPad",
    "SoftmaxExplorer",
    "center_digit",
    "digit_pad",
    "softmax_explorer",
]
