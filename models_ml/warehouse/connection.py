"""Opening the warehouse; a failure says in one sentence who holds the file or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from models_ml.errors import BuildError, MissingInputError, WarehouseLockedError
from models_ml.settings import Warehouse


@contextmanager
def open_warehouse(
    warehouse: Warehouse, read_only: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse.

    Raises:
        MissingInputError: There is no warehouse yet.
        WarehouseLockedError: Another process holds it; the message names that process.
        BuildError: The file is not a DuckDB database this version can read.
    """
    if not warehouse.path.is_file():
        raise MissingInputError(
            f"There is no warehouse at {warehouse.path} yet; build it with: scorehouse run"
        )
    try:
        connection = duckdb.connect(str(warehouse.path), read_only=read_only)
    except duckdb.IOException as error:
        raise explain_connection_error(str(error), warehouse) from error
    except duckdb.Error as error:
        raise BuildError(
            f"{warehouse.path} cannot be read ({error}). Move it away and rebuild it with: "
            "scorehouse run"
        ) from error
    try:
        connection.execute("set memory_limit = ?", [warehouse.memory])
        yield connection
    finally:
        connection.close()


def explain_connection_error(text: str, warehouse: Warehouse) -> BuildError | WarehouseLockedError:
    """Turn DuckDB's message about a file that it cannot open into one with a remedy."""
    if "could not set lock" in text.lower():
        holder = re.search(r"held in (.+?) \(PID (\d+)\)", text)
        who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
        return WarehouseLockedError(
            f"The warehouse {warehouse.path} is in use by {who}. Nothing was changed; try "
            f"again when it has finished. Readers should open the published files instead."
        )
    return BuildError(
        f"{warehouse.path} cannot be read ({text.strip().splitlines()[-1].strip()[:300]}). What was published "
        "before is unchanged. Restore the file from a backup, or move it away and rebuild it with: scorehouse run "
        "(the history of scores then starts over)"
    )
