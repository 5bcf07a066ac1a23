"""Counts rooms, floors and arrows of the import graph, so that a change of the layout can be measured.

python benchmarks/structure.py [--arrows]

A room is a package or module directly below ``models_ml``, or ``udf``. An arrow says that one imports another; floors
are counted along the longest way down. An arrow is upward when it leads to a higher layer of the first contract of
import-linter in ``pyproject.toml`` that names layers. A string passed to ``import_module`` counts as an import.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models_ml", "udf")

Graph = Mapping[str, frozenset[str]]
"""What each node imports."""


def module_graph() -> Graph:
    """Imports between modules; packages that only hold others are left out."""
    found = grimp.build_graph(*PACKAGES, cache_dir=None)
    graph = {
        module: set(found.find_modules_directly_imported_by(module)) for module in found.modules
    }
    for module in graph:
        graph[module] |= hidden_imports(module) & graph.keys()
    imported = set().union(*graph.values())
    holders = {m for m in graph if found.find_children(m) and not graph[m] and m not in imported}
    return {m: frozenset(targets) for m, targets in graph.items() if m not in holders}


def hidden_imports(module: str) -> set[str]:
    """Modules that ``import_module`` is given as a string."""
    path = ROOT.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", "")) == "import_module"
        and isinstance(call.args[0], ast.Constant)
    }


def room_graph(modules: Graph) -> Graph:
    """Imports between rooms."""
    rooms: dict[str, set[str]] = {room_of(module): set() for module in modules}
    for module, targets in modules.items():
        rooms[room_of(module)] |= {room_of(target) for target in targets}
    return {room: frozenset(targets - {room}) for room, targets in rooms.items()}


def room_of(module: str) -> str:
    """The first two parts of a module's name; ``udf`` is one room."""
    return "udf" if module.split(".")[0] == "udf" else ".".join(module.split(".")[:2])


def circles(graph: Graph) -> list[set[str]]:
    """Groups of nodes that import each other, directly or through others."""
    reached = {node: reachable(graph, node) for node in graph}
    groups = {frozenset(m for m in reached[n] if n in reached[m]) for n in graph if n in reached[n]}
    return [set(group) for group in groups]


def reachable(graph: Graph, start: str) -> set[str]:
    """Nodes that one imports, directly or through others."""
    found: set[str] = set()
    todo = list(graph[start])
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += graph[node]
    return found


def n_floors(graph: Graph) -> int:
    """Nodes on the longest path down; the nodes of a circle share a floor."""
    group_of = {node: frozenset({node}) for node in graph}
    for circle in circles(graph):
        group_of |= dict.fromkeys(circle, frozenset(circle))
    height: dict[frozenset[str], int] = {}

    def find(group: frozenset[str]) -> int:
        if group not in height:
            below = {group_of[target] for node in group for target in graph[node]} - {group}
            height[group] = 1 + max(map(find, below), default=0)
        return height[group]

    return max(find(group) for group in group_of.values())


def layers() -> list[frozenset[str]]:
    """Rooms by layer, top first; empty when no contract says so."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    named: list[str] = next((c["layers"] for c in contracts if c["type"] == "layers"), [])
    return [frozenset(layer.replace("|", ":").replace(" ", "").split(":")) for layer in named]


def upward(rooms: Graph) -> list[tuple[str, str]]:
    """Arrows to a higher layer."""
    place = {room: i for i, layer in enumerate(layers()) for room in layer}
    return [
        (room, target)
        for room, targets in rooms.items()
        for target in targets
        if place.get(target, sys.maxsize) < place.get(room, -1)
    ]


def main() -> None:
    """Print the figures as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arrows", action="store_true", help="also list the arrows between rooms")
    sys.path.insert(0, str(ROOT))
    options = parser.parse_args()
    modules = module_graph()
    rooms = room_graph(modules)
    print("| level | nodes | floors | arrows | upward | circles |")
    print("| --- | --- | --- | --- | --- | --- |")
    for level, graph in (("rooms", rooms), ("modules", modules)):
        n_upward = str(len(upward(rooms))) if level == "rooms" and layers() else "-"
        n_arrows = sum(map(len, graph.values()))
        print(
            f"| {level} | {len(graph)} | {n_floors(graph)} | {n_arrows} | {n_upward} | "
            f"{len(circles(graph))} |"
        )
    if options.arrows:
        for room in sorted(rooms):
            print(f"{room} -> {', '.join(sorted(rooms[room]))}")


if __name__ == "__main__":
    main()
