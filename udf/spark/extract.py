"""Copies tables of the warehouse on Spark to a local DuckDB file, for training and publishing.

The copy has the types of the contract, so training and publishing read it like the working file on DuckDB and have one
implementation. Rows arrive as Arrow, in pieces by id, so memory does not grow with their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from models_ml.errors import BuildError
from models_ml.runtime.console import Progress
from models_ml.runtime.files import whole_file
from models_ml.settings import Settings, Warehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXTRACT_FILE = "spark_extract.duckdb"
PIECE_ROWS = 100_000
"""Rows fetched at once: about 300 MB of features as Spark sends them."""


@dataclass(frozen=True)
class Extract:
    """A DuckDB file with copies of tables, rewritten by each run.

    Attributes:
        session: Spark session of the tables.
        schema: Their schema there.
        settings: Folders of the installation.
    """

    session: SparkSession
    schema: str
    settings: Settings

    def ids(self, table: str) -> np.ndarray:
        """Ascending application numbers of the rows of a table, int64 of shape (N,)."""
        found = self.session.table(f"{self.schema}.{table}").select("id").toArrow()
        return np.sort(found["id"].to_numpy())

    def has(self, table: str) -> bool:
        """Whether the table exists."""
        return bool(self.session.catalog.tableExists(f"{self.schema}.{table}"))

    def copy(self, tables: Mapping[str, np.ndarray | None]) -> Warehouse:
        """Rewrite the file with only these tables.

        Args:
            tables: For each, the ascending application numbers of the rows to copy, int64 of shape (N,); None for a
                small table that is copied whole.

        Returns:
            The file.
        """
        path = self.settings.home / EXTRACT_FILE
        path.unlink(missing_ok=True)  # its space may be needed for the new one
        with (
            whole_file(path, temporary=path.with_name(f".{path.name}")) as new,
            duckdb.connect(str(new)) as connection,
        ):
            connection.execute("set memory_limit = ?", [self.settings.memory])
            for table, ids in tables.items():
                self._copy(connection, table, ids)
        return Warehouse(path, self.settings.memory)

    def _copy(
        self, connection: duckdb.DuckDBPyConnection, table: str, ids: np.ndarray | None
    ) -> None:
        source = self.session.table(f"{self.schema}.{table}")
        types = contract_types(self.settings, table)
        if ids is None:
            _append(connection, table, source.toArrow(), types)
            return
        wanted = self.session.createDataFrame(pa.table({"id": np.unique(ids)}))
        source = source.join(wanted, "id", "left_semi")
        with Progress(f"rows of {table}", len(ids)) as progress:
            for piece in _pieces(ids):
                between = f"id between {piece[0]} and {piece[-1]}" if len(piece) else "false"
                rows = source.where(between).toArrow()
                if len(rows) != len(piece):
                    raise BuildError(
                        f"{self.schema}.{table} changed while it was read: expected {len(piece)} "
                        f"rows with {between}, found {len(rows)}. Run again."
                    )
                _append(connection, table, rows, types)
                progress.advance(len(piece))


def _pieces(ids: np.ndarray) -> Iterator[np.ndarray]:
    """Ascending ids in pieces that never split equal ids; one empty piece when there are no ids."""
    start = 0
    while start == 0 or start < len(ids):
        end = min(start + PIECE_ROWS, len(ids))
        if end < len(ids):
            end = int(np.searchsorted(ids, ids[end - 1], side="right"))
        yield ids[start:end]
        start = max(end, 1)


def contract_types(settings: Settings, table: str) -> Mapping[str, str]:
    """DuckDB types of the columns of a model or seed, where the dbt project declares them."""
    manifest: Path = settings.home / "dbt_target" / "manifest.json"
    nodes = json.loads(manifest.read_text())["nodes"]
    node = nodes.get(f"model.scorehouse.{table}") or nodes[f"seed.scorehouse.{table}"]
    return {
        name: column["data_type"] for name, column in node["columns"].items() if column["data_type"]
    }


def _append(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, types: Mapping[str, str]
) -> None:
    """Append rows, cast to the contract's types: DuckDB refuses a value or an array length that does not fit."""
    for i, field in enumerate(rows.schema):
        if pa.types.is_timestamp(
            field.type
        ):  # an instant; the contract has UTC without a time zone
            rows = rows.set_column(i, field.name, rows.column(i).cast(pa.timestamp("us")))
    columns = ", ".join(
        f"cast({name} as {types[name]}) as {name}" if name in types else name
        for name in (*types, *(name for name in rows.column_names if name not in types))
    )
    connection.register("piece", rows)
    query = f"select {columns} from piece order by all"  # noqa: S608  names come from the contract
    connection.execute(f"create table if not exists {table} as {query} limit 0")
    connection.execute(f"insert into {table} {query}")
    connection.unregister("piece")
