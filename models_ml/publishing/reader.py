"""Queries on what is published."""

from __future__ import annotations

from pathlib import Path

import duckdb

from models_ml.errors import MissingInputError, UsageError
from models_ml.publishing.files import SERVING_FILE


def serving_file(folder: Path) -> Path:
    """The published file.

    Args:
        folder: Of the published files.

    Raises:
        MissingInputError: Nothing was published yet.
    """
    path = folder / SERVING_FILE
    if not path.is_file():
        raise MissingInputError(f"Nothing is published in {path.parent} yet; run: scorehouse run")
    return path


def query_published(folder: Path, sql: str) -> str:
    """Run a query on the serving file, read-only, and return the rows as a text table.

    Raises:
        MissingInputError: Nothing was published yet.
        UsageError: The query fails.
    """
    with duckdb.connect(str(serving_file(folder)), read_only=True) as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            return str(connection.sql(sql) or "")
        except duckdb.Error as error:
            raise UsageError(f"The query fails: {error}") from error
