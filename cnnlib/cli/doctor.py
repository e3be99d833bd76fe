"""`python -m cnnlib doctor`: what is installed, what is missing, how to get it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

OLDEST = (3, 10)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    mend:   what to do, if something is wrong
    needed: whether the lecture cannot run without it
    """

    what: str
    found: str
    mend: str | None = None
    needed: bool = True


def run(options) -> int:
    """Print the report; 1 if something is missing that the lecture needs, else 0."""
    findings = [*python(), *packages(), *torch(), *sets()]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{finding.what:{width}}  {finding.found}")
    missing = [f for f in findings if f.mend and f.needed]
    absent = [f for f in findings if f.mend and not f.needed]
    tell("Missing, and how to get it:", missing)
    tell("Optional:", absent)
    print(f"\nThe lecture {'cannot' if missing else 'can'} run.")
    return int(bool(missing))


def tell(title: str, findings: list[Finding]) -> None:
    if findings:
        print(f"\n{title}")
    for finding in findings:
        print(f"  {finding.what}: {finding.mend}")


def python() -> Iterator[Finding]:
    version = f"{platform.python_version()}, {platform.platform(terse=True)}"
    old = sys.version_info < OLDEST
    mend = f"install Python {'.'.join(map(str, OLDEST))} or newer" if old else None
    yield Finding("Python", version, mend)


def packages(distribution: str = "cnnlib") -> Iterator[Finding]:
    """What pyproject.toml asks for, for the lecture itself and for JupyterLab."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        here = f'{sys.executable} -m pip install -e ".[lab]"'
        yield Finding(distribution, "not installed", f"in the repository: {here}")
        return
    yield Finding(distribution, metadata.version(distribution))
    from packaging.requirements import Requirement

    for requirement in map(Requirement, lines):
        marker = requirement.marker
        for extra in ("", "lab"):
            if marker is None or marker.evaluate({"extra": extra}):
                yield package(requirement, needed=extra == "")
                break


def package(requirement, needed: bool) -> Finding:
    """One requirement: its version here, or how to get it."""
    name, wanted = requirement.name, f"{requirement.name}{requirement.specifier}"
    mend = f'{sys.executable} -m pip install "{wanted}"'
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "not installed", mend, needed)
    if not requirement.specifier.contains(version, prereleases=True):
        found = f"{version}, but {requirement.specifier} is needed"
        return Finding(name, found, mend, needed)
    return Finding(name, version)


def torch() -> Iterator[Finding]:
    """Where networks would compute."""
    try:
        import torch

        from cnnlib import runtime
    except (ImportError, OSError) as error:
        reason = " ".join(str(error).split())
        again = f"{sys.executable} -m pip install --force-reinstall torch"
        yield Finding("device", f"PyTorch cannot be loaded: {reason}", again)
        return
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} processors"
    try:
        device = runtime.device()
    except (ValueError, RuntimeError) as error:
        yield Finding("device", str(error), "unset CNNLIB_DEVICE")
        return
    name = f", {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    yield Finding("device", f"{device}{name}, {threads}")
    if shutil.which("nvidia-smi") and not torch.cuda.is_available():
        found = f"an NVIDIA GPU that torch {torch.__version__} does not use"
        mend = "https://pytorch.org/get-started/locally names the build that does"
        yield Finding("GPU", found, mend, needed=False)


def sets() -> Iterator[Finding]:
    """The data sets and where they were found."""
    try:
        from cnnlib import data

        table = data.available()
    except ImportError:  # a package is missing, and has been named
        return
    except OSError as error:
        yield Finding("data", str(error), "let CNNLIB_DATA name a folder, or unset it")
        return
    for name, where, _ in table:
        mend = None if where else f"{sys.executable} -m cnnlib data fetch {name}"
        yield Finding(f"data: {name}", where or "not at hand", mend, needed=False)
