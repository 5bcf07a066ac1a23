"""The rooms: each names its face, other rooms import only that, and scoring loads no training library."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from models_ml.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "models_ml"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
FITTING = ("torch", "lightgbm", "sklearn", "optuna")


def face(room: str) -> list[str]:
    """Names in ``__all__`` of a room."""
    for node in ast.parse((PACKAGE / room / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def imported(path: Path) -> list[tuple[str, str]]:
    """Module and name of everything that a file imports by ``from``."""
    return [
        (node.module or "", alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def loaded_by(modules: list[str], libraries: tuple[str, ...]) -> list[str]:
    """Libraries that these modules load, in a new process because the tests themselves import torch."""
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*(name for name in {libraries!r} if name in sys.modules))"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_names_a_face(room: str) -> None:
    said = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))
    assert said
    names = face(room)
    assert 1 <= len(names) <= 10
    for name in names:
        is_module = (PACKAGE / room / f"{name}.py").is_file()
        own = [n for _, n in imported(PACKAGE / room / "__init__.py")]
        assert is_module or name in own, f"{room} names {name} and does not have it"


def test_nobody_reaches_behind_a_face() -> None:
    """Other rooms import a room, or a module that its face names."""
    behind = []
    for path in [*PACKAGE.rglob("*.py"), *(PROJECT_ROOT / "udf").rglob("*.py")]:
        mine = path.relative_to(PACKAGE).parts[0] if path.is_relative_to(PACKAGE) else "udf"
        for module, name in imported(path):
            package, _, inside = module.removeprefix("models_ml.").partition(".")
            if not module.startswith("models_ml.") or package not in ROOMS or package == mine:
                continue
            first = (inside or name).split(".")[0]
            if first not in face(package):
                behind.append(f"{path.relative_to(PROJECT_ROOT)} imports {module}.{name}")
    assert not behind


def test_what_scores_loads_nothing_that_fits() -> None:
    rooms = ("scoring", "features", "registry")
    modules = [f"models_ml.{room}.{name}" for room in rooms for name in face(room)]
    assert loaded_by([*modules, "udf.registration", "udf.plugin"], FITTING) == []


def test_the_command_line_starts_without_what_computes() -> None:
    assert (
        loaded_by(["models_ml.cli"], ("torch", "lightgbm", "sklearn", "numba", "fastapi", "dbt"))
        == []
    )
