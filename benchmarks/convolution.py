"""How does the cost of a convolution grow with image size, channels and kernel?

    python -m benchmarks.convolution [--repeat 10]

One convolution, forward only, on 8 images; one of its three sizes grows while the
others stay. In turns: PyTorch's, ours, and the loops of the first notebook where they
end in reasonable time. The MACs say how the cost should grow.
"""

import torch
import torch.nn.functional as reference

from benchmarks import measuring
from cnnlib import functional as ours

BATCH = 8
BASE = {"side": 32, "channels": 16, "kernel": 3}
GROWING = {
    "side": (8, 16, 32, 64, 128, 256),
    "channels": (1, 4, 16, 64, 128),
    "kernel": (1, 3, 5, 7, 9, 11),
}
MOST_MACS_IN_LOOPS = 3e5
LIBRARIES = {
    "torch": reference.conv2d,
    "cnnlib": ours.conv2d,
    "loops": ours.conv2d_loops,
}


def case(side: int, channels: int, kernel: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Input (8, C, S, S) and weight (C, C, K, K) of a convolution that keeps size."""
    input = torch.randn(BATCH, channels, side, side)
    return input, torch.randn(channels, channels, kernel, kernel)


def macs(side: int, channels: int, kernel: int) -> int:
    return BATCH * side**2 * channels**2 * kernel**2


def compare(size: dict[str, int], repeat: int) -> dict[str, list[float]]:
    """Seconds of each library's turns for one size."""
    input, weight = case(**size)
    times = {name: [] for name in LIBRARIES}
    if macs(**size) > MOST_MACS_IN_LOOPS:
        del times["loops"]
    with torch.no_grad():
        for name in times:
            LIBRARIES[name](input, weight, padding=size["kernel"] // 2)
        for _ in range(repeat):
            for name, seen in times.items():
                convolve = LIBRARIES[name]
                seen.append(
                    measuring.seconds(
                        convolve, input, weight, None, 1, size["kernel"] // 2
                    )
                )
    return times


def main(arguments=None) -> None:
    options = measuring.options(__doc__, repeat=10).parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    repeat = 1 if options.tiny else options.repeat
    tables, charts = [], []
    for growing, values in GROWING.items():
        rows, lines = [], {}
        for value in values[:2] if options.tiny else values:
            size = BASE | {growing: value}
            times = compare(size, repeat)
            middles = {
                n: 1000 * measuring.spread(t)["median"] for n, t in times.items()
            }
            for name, middle in middles.items():
                lines.setdefault(name, []).append([value, middle])
            rows.append(
                [
                    value,
                    f"{macs(**size):,}",
                    *(f"{middles[n]:.2f}" if n in middles else "" for n in LIBRARIES),
                    measuring.told(measuring.ratio(times["cnnlib"], times["torch"])),
                ]
            )
        others = ", ".join(f"{n} {v}" for n, v in BASE.items() if n != growing)
        tables.append(
            {
                "title": f"{growing.capitalize()} grows ({others})",
                "columns": [
                    growing,
                    "MACs",
                    *(f"{n}, ms" for n in LIBRARIES),
                    "cnnlib / torch",
                ],
                "rows": rows,
            }
        )
        charts.append(
            {
                "kind": "lines",
                "title": f"A convolution of {BATCH} images, {others}",
                "x": growing,
                "y": "milliseconds",
                "logx": True,
                "logy": True,
                "lines": lines,
            }
        )
    question = "How does the cost of a convolution grow with its sizes?"
    content = {"question": question, "tables": tables, "charts": charts}
    measuring.write("convolution", content, options, "cpu")


if __name__ == "__main__":
    main()
