"""drawing: how numbers are written."""

import pytest

from cnnlib.drawing import format


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (18_816, "18.8 kB"),
        (999_600, "1 MB"),
        (14.4e9, "14.4 GB"),
        (5.37e12, "5.37 TB"),
    ],
)
def test_memory_is_written_in_decimal_units(size, text):
    assert format.memory(size) == text
