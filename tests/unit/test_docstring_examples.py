"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest

from models_ml.settings import PROJECT_ROOT

EXAMPLES = {
    ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts): path.read_text().count(">>> ")
    for package in ("models_ml", "udf")
    for path in sorted((PROJECT_ROOT / package).rglob("*.py"))
}


@pytest.mark.parametrize("module", [module for module, n in EXAMPLES.items() if n])
def test_examples_give_what_they_show(module: str) -> None:
    """Counted too: doctest passes over the docstrings of cached properties and compiled functions."""
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted == EXAMPLES[module]
    assert found.failed == 0
