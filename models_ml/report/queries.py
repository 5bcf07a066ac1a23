"""Figures of the report, read from the warehouse by the queries in ``sql/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from models_ml.errors import MissingInputError

QUERIES = Path(__file__).with_name("sql")

Row = dict[str, Any]


def read(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[Row]:
    """Rows of a query of this package.

    Args:
        connection: The warehouse.
        query: Name of the file in ``sql/`` without its ending.
        parameters: Values of the query's ``$names``.

    Raises:
        MissingInputError: A table it reads is not built yet.
    """
    sql = (QUERIES / f"{query}.sql").read_text(encoding="utf-8")
    try:
        found = connection.execute(sql, parameters or None)
    except duckdb.CatalogException as error:
        raise MissingInputError(
            f"The warehouse lacks a table that the report reads ({str(error).splitlines()[0]}); "
            "build it with: scorehouse run"
        ) from error
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]
