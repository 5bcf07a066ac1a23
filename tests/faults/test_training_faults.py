"""F17: LightGBM's loader, which a malformed text can make abort, is never given a stored model."""

from __future__ import annotations

import ast

import pytest

from models_ml.settings import PROJECT_ROOT

LOADERS = {"Booster", "model_from_string"}
"""What gives LightGBM a text or a file to parse; ``init_model`` of its training does too."""


def loader_calls(source: str) -> list[str]:
    """Calls in a Python text that have LightGBM parse a model."""
    return [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and (
            ast.unparse(node.func).split(".")[-1] in LOADERS
            or any(keyword.arg == "init_model" for keyword in node.keywords)
        )
    ]


@pytest.mark.fault("F17")
def test_no_stored_model_is_given_to_lightgbms_loader(record_property) -> None:
    sources = [
        path for name in ("models_ml", "udf") for path in (PROJECT_ROOT / name).rglob("*.py")
    ]
    found = {path.name: loader_calls(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: calls for name, calls in found.items() if calls} == {}
    record_property("trials", len(sources))


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    "source",
    ["lgb.Booster(model_str=text)", "Booster(model_file=path)", "lgb.train(p, d, init_model=text)"],
)
def test_the_check_finds_the_loader(source: str) -> None:
    assert loader_calls(source)
