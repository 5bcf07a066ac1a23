"""The map "where does my change go" and the tree agree."""

from __future__ import annotations

import re
import tomllib

from models_ml.settings import PROJECT_ROOT

MAP = (PROJECT_ROOT / "docs" / "develop" / "architecture.md").read_text()
ROOMS = {path.parent.name for path in (PROJECT_ROOT / "models_ml").glob("*/__init__.py")}
TOPS = ("models_ml/", "udf/", "dbt_project/", "tests/", "docs/", "profiles/", "benchmarks/")


def paths_named(text: str) -> set[str]:
    """Everything in backticks that is a path of this repository."""
    return {named for named in re.findall(r"`([^`\s]+)`", text) if named.startswith(TOPS)}


def test_every_room_is_on_the_map() -> None:
    """In the table of rooms: that a path below names one does not say what it is for."""
    assert set(re.findall(r"^\| `models_ml/(\w+)/` \|", MAP, re.MULTILINE)) == ROOMS


def test_every_path_on_the_map_exists() -> None:
    named = paths_named(MAP)
    assert len(named) > 40
    assert not [path for path in sorted(named) if not (PROJECT_ROOT / path).exists()]


def test_every_folder_of_tests_is_on_the_map() -> None:
    folders = {
        f"tests/{path.name}/"
        for path in (PROJECT_ROOT / "tests").iterdir()
        if any(path.glob("**/*.py"))
    }
    assert folders <= paths_named(MAP)


def test_unit_tests_mirror_the_rooms() -> None:
    folders = {
        path.name for path in (PROJECT_ROOT / "tests" / "unit").iterdir() if any(path.glob("*.py"))
    }
    assert folders <= ROOMS


def test_every_room_stands_on_a_floor() -> None:
    settings = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(c for c in settings["contracts"] if c["type"] == "layers")["layers"]
    named = {room for floor in floors for room in re.findall(r"models_ml\.(\w+)", floor)}
    modules = {path.stem for path in (PROJECT_ROOT / "models_ml").glob("[!_]*.py")}
    assert named == ROOMS | modules
    shown = [re.findall(r"\w+", line) for line in MAP.split("```")[1].strip().splitlines()]
    assert shown == [
        [name.removeprefix("models_ml.") for name in re.findall(r"[\w.]+", floor)]
        for floor in floors
    ]
