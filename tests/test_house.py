"""The house keeps its own rules: versions that agree, floors that hold."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]

FLOORS = [
    {"facts", "runtime", "functional", "drawing"},
    {"layers", "data"},
    {"models", "summary"},
    {"training"},
    {"figures", "widgets"},
    {"checks"},
    {"grading"},
    {"cli"},
    {"__main__"},
]
FLOOR = {module: i for i, floor in enumerate(FLOORS) for module in floor}


def environment(python: str, platform: str = "linux") -> dict[str, str]:
    """The marker environment of a Python version on a platform."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}.get(platform, ""),
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "os_name": "nt" if platform == "win32" else "posix",
        "extra": "",
    }


def constraints(python: str) -> dict[str, str]:
    """Package name -> pinned version, as pip on this Python reads constraints.txt."""
    pins: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate(environment(python)):
            name = canonicalize_name(requirement.name)
            assert name not in pins, f"{name} is pinned twice for Python {python}"
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            pins[name] = pin.version
    return pins


def requirements() -> list[Requirement]:
    lines = [*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("python", PYTHONS)
def test_constraints_pin_every_dependency_within_its_bounds(python):
    pins = constraints(python)
    for requirement in requirements():
        marker = requirement.marker
        if marker is not None and not marker.evaluate(environment(python)):
            continue
        name = canonicalize_name(requirement.name)
        assert name in pins, f"constraints.txt does not pin {name}: make constraints"
        assert requirement.specifier.contains(pins[name]), (
            str(requirement),
            pins[name],
        )


def test_dependencies_have_lower_bounds_only():
    for requirement in requirements():
        operators = {s.operator for s in requirement.specifier}
        assert operators == {">="}, f"{requirement}: a lower bound, and nothing else"


def test_constraints_hold_names_and_versions_only():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert "--" not in text
    assert " @ " not in text


def test_colab_versions_are_allowed():
    """Colab today: torch 2.11, torchvision 0.26, the ipywidgets 7.7 API."""
    today = {"torch": "2.11.0", "torchvision": "0.26.0", "ipywidgets": "7.7.1"}
    bounds = {r.name: r.specifier for r in map(Requirement, PROJECT["dependencies"])}
    for name, version in today.items():
        assert bounds[name].contains(version), f"{name} {version} is shut out"


def test_environment_yml_installs_what_make_installs():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, section = conda["dependencies"]
    name, version = python.split(" =")
    assert name == "python"
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert pip == "pip"
    makefile = (ROOT / "Makefile").read_text()
    extras = re.search(r"--editable '\.\[(.*?)\]'", makefile).group(1)
    assert section["pip"] == ["-c constraints.txt", f"-e .[{extras}]"]
    assert set(extras.split(",")) <= set(EXTRAS)


def package_files() -> list[Path]:
    return sorted((ROOT / "cnnlib").rglob("*.py"))


def module_of(path: Path) -> str:
    """The floor's module that a file belongs to: cnnlib/data/folders.py -> data."""
    return path.relative_to(ROOT / "cnnlib").parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    """The cnnlib modules that a file imports, anywhere in it."""
    package = ["cnnlib", *path.relative_to(ROOT / "cnnlib").parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *(node.module or "").split(".")]
            stem = ".".join(part for part in stem if part)
            names = [f"{stem}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {n.split(".")[1] for n in names if n.startswith("cnnlib.")}
    return found


@pytest.mark.parametrize("path", package_files(), ids=lambda p: p.stem)
def test_a_module_imports_only_from_floors_below(path):
    module = module_of(path)
    if module == "__init__":
        return
    assert module in FLOOR, f"{module} stands on no floor"
    for other in imported_modules(path) - {module, "__version__"}:
        assert FLOOR[other] < FLOOR[module], f"{module} must not import {other}"


def test_import_cnnlib_pulls_in_nothing():
    code = "import sys, cnnlib; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_module_of_the_floors_can_be_reached_from_cnnlib():
    import cnnlib

    present = {module_of(path) for path in package_files()} - {"__init__", "__main__"}
    assert present == set(cnnlib.__all__)
