"""What does importing cnnlib cost on top of importing torch?

    python -m benchmarks.import_time [--repeat 9]

Each import happens in a fresh interpreter, in turns. "on top" is the time of the second
import alone, after torch.
"""

import subprocess
import sys

from benchmarks import measuring

MODULES = (
    "cnnlib",
    "cnnlib.models",
    "cnnlib.data",
    "cnnlib.training",
    "cnnlib.figures",
)
CODE = """
import time
start = time.perf_counter()
import torch
middle = time.perf_counter()
import {module}
print(middle - start, time.perf_counter() - middle)
"""


def imported(module: str) -> tuple[float, float]:
    """Seconds of `import torch`, and of importing the module after it."""
    code = CODE.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    torch, ours = map(float, done.stdout.split())
    return torch, ours


def helped() -> float:
    """Seconds of `python -m cnnlib --help`, from start to end."""
    command = [sys.executable, "-m", "cnnlib", "--help"]
    return measuring.seconds(
        lambda: subprocess.run(command, capture_output=True, check=True)
    )


def main(arguments=None) -> None:
    options = measuring.options(__doc__, repeat=9).parse_args(arguments)
    modules = MODULES[:1] if options.tiny else MODULES
    repeat = 1 if options.tiny else options.repeat
    times = {module: [] for module in modules}
    helps = []
    for module in modules:
        imported(module)  # from here on the files are in the system's cache
    for _ in range(repeat):
        for module in modules:
            times[module].append(imported(module))
        helps.append(helped())
    rows, values = [], {}
    for module, pairs in times.items():
        torch, ours = zip(*pairs, strict=True)
        share = measuring.ratio([*ours], [*torch])
        values[module] = {end: 100 * value for end, value in share.items()}
        milliseconds = measuring.told(measuring.spread([1000 * t for t in ours]), 1)
        share = measuring.told(values[module], 1)
        rows.append([f"import {module}", milliseconds, share])
    base = measuring.spread([1000 * t for pairs in times.values() for t, _ in pairs])
    rows.insert(0, ["import torch", measuring.told(base, 0), "100"])
    help_ms = measuring.spread([1000 * second for second in helps])
    rows.append(["python -m cnnlib --help, all of it", measuring.told(help_ms, 0), ""])
    table = {
        "title": "Imports, each after torch in a fresh interpreter",
        "columns": ["what", "milliseconds", "% of import torch"],
        "rows": rows,
        "notes": ["Goal: import cnnlib costs under 5 % on top of import torch."],
    }
    chart = {
        "kind": "bars",
        "title": "Imports on top of torch's, in % of it",
        "values": values,
        "unit": " %",
    }
    question = "What does importing cnnlib cost on top of importing torch?"
    content = {"question": question, "tables": [table], "charts": [chart]}
    measuring.write("import_time", content, options, "cpu")


if __name__ == "__main__":
    main()
