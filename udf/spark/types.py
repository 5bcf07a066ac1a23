"""Spark's names of DuckDB types; the dbt macro ``spark_type`` is the same mapping in Jinja."""

from __future__ import annotations

from collections.abc import Mapping

SPARK_NAMES = {"utinyint": "smallint", "varchar": "string", "integer": "int", "blob": "binary"}


def spark_type(duckdb_type: str) -> str:
    """Spark's name of a type; arrays lose their length, bytes become 16-bit integers."""
    element = duckdb_type.split("[")[0]
    name = SPARK_NAMES.get(element, element)
    return f"array<{name}>" if "[" in duckdb_type else name


def spark_struct(duckdb_types: Mapping[str, str]) -> str:
    """Spark's name of a struct type."""
    fields = ",".join(f"{name}:{spark_type(kind)}" for name, kind in duckdb_types.items())
    return f"struct<{fields}>"
