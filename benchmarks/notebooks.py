"""How long does each notebook take, and how much memory?

    python -m benchmarks.notebooks [--repeat 1] [NOTEBOOK ...]

Each is run from a fresh kernel, on the data that `data.load` finds here. Memory is the
largest resident size that the kernel's process had, as the system counted it.
"""

import platform
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks import measuring

FOLDER = Path(__file__).parent.parent / "notebooks"
PEAK = """\
import pathlib, resource
status = pathlib.Path("/proc/self/status")
if status.exists():  # Linux, whose ru_maxrss begins with what the starting process had
    lines = status.read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
GOALS = {"seconds": 180, "GB": 2}


def run(path: Path) -> tuple[float, float]:
    """Seconds and peak memory (10^9 bytes) of one notebook, run to its end."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    place = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=place
    )
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    (said,) = notebook.cells[-1].outputs
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes or kB
    return seconds, int(said.text) * unit / 1e9


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=1)
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    paths = paths[:1] if options.tiny else paths
    if platform.system() == "Windows":
        raise SystemExit("Windows does not tell a process's peak memory in this way.")
    runs = {path.stem: [] for path in paths}
    for _ in range(1 if options.tiny else options.repeat):
        for path in paths:
            runs[path.stem].append(run(path))
    seconds, memory = (
        {name: measuring.spread([r[i] for r in all]) for name, all in runs.items()}
        for i in (0, 1)
    )
    rows = [
        [name, measuring.told(seconds[name], 1), f"{memory[name]['median']:.2f}"]
        for name in runs
    ]
    total = sum(value["median"] for value in seconds.values())
    most = max(value["median"] for value in memory.values())
    rows.append(["all, and the largest", f"{total:.1f}", f"{most:.2f}"])
    table = {
        "title": "Each notebook, from a fresh kernel",
        "columns": ["notebook", "seconds", "peak memory, GB"],
        "rows": rows,
        "notes": [
            f"Data: {data_used()}. Goals: all together under {GOALS['seconds']} s, "
            f"none above {GOALS['GB']} GB."
        ],
    }
    chart = {
        "kind": "bars",
        "title": "Time of each notebook",
        "values": seconds,
        "unit": " s",
    }
    question = "How long does each notebook take, and how much memory?"
    content = {"question": question, "tables": [table], "charts": [chart]}
    measuring.write("notebooks", content, options)


def data_used() -> str:
    """Which of the sets that the notebooks ask for are at hand."""
    from cnnlib import data

    found = [name for name, where, _ in data.available() if where]
    return ", ".join(found) + " at hand"


if __name__ == "__main__":
    main()
