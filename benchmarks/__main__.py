"""Run the benchmarks and write RESULTS.md: `python -m benchmarks [NAME ...]`."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import report

# Options of each script for the quick set, which takes under ten minutes on two cores.
QUICK = {
    "epoch": ["--repeat", "3", "--images", "20000"],
    "time_to_accuracy": ["--ours", "3", "--examples", "1"],
    "operations": ["--repeat", "10"],
    "convolution": ["--repeat", "5"],
    "image_folder": ["--repeat", "1"],
    "processes": ["--repeat", "2", "--batch-sizes", "128"],
    "busy": ["--repeat", "2"],
    "import_time": ["--repeat", "3"],
}
FULL = {
    "epoch": ["--repeat", "15"],
    "time_to_accuracy": ["--ours", "15", "--examples", "3"],
    "lenet5_1998": [],
    "operations": ["--repeat", "40"],
    "convolution": ["--repeat", "20"],
    "image_folder": [],
    "processes": ["--repeat", "7"],
    "busy": ["--repeat", "9"],
    "import_time": ["--repeat", "25"],
    "notebooks": ["--repeat", "3"],
    "staircase": [],
    "features": [],
}
ROOT = Path(__file__).parent.parent


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FULL))
    parser.add_argument(
        "--full", action="store_true", help="more rounds: about an hour"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(FULL)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}")
    failed = []
    chosen = FULL if options.full else QUICK
    for name in options.names or chosen:
        more = chosen.get(name, FULL[name])
        print(f"== {name} {' '.join(more)}", flush=True)
        start = time.perf_counter()
        command = [sys.executable, "-m", f"benchmarks.{name}", *more]
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(name)
        print(f"== {name}: {time.perf_counter() - start:.0f} s\n", flush=True)
    print(report.write())
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
