"""The compiled feature SQL over raw records in memory, planned once in a DuckDB of its own."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract, record_columns
from models_ml.live.compiled_sql import DUPLICATES, FEATURES, QUARANTINE, LiveSql

EVERY_RECORD = "select raw_part from temp.main.live_records"
NO_DUPLICATES = "select null::bigint as id, null::bigint as rn where false"


class LiveTable:
    """An Arrow table that DuckDB reads again at each execution of a prepared statement.

    Loading a table first would cost as much as half the query, and would base the plan on the statistics of the
    records present at planning time.
    """

    def __init__(self, empty: pa.Table) -> None:
        self.table = empty

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class LivePlan:
    """Features of records, and the reason why a record is in quarantine; one call at a time."""

    def __init__(self, sql: LiveSql, contract: FeatureContract, threads: int = 1) -> None:
        """Plan all statements.

        Args:
            sql: Compiled by dbt.
            contract: Contract of the features.
            threads: Threads of DuckDB; small requests are fastest on one.
        """
        self._contract = contract
        self._columns = record_columns(contract)
        self._records = LiveTable(self._to_table(np.zeros((len(self._columns), 0), np.int64)))
        self._connection = connect_in_memory(sql.database, threads)
        self._prepare(sql)
        seal(self._connection)

    def features(self, values: np.ndarray) -> FeatureBatch:
        """Features of every applicant with a usable record.

        Args:
            values: int64 of shape (n_columns, N), rows as in `record_columns`.
        """
        self._records.table = self._to_table(values)
        rows = self._connection.execute("execute features").to_arrow_table().combine_chunks()
        return features_from_arrow(rows.to_struct_array().combine_chunks(), self._contract)

    def broken(self, values: np.ndarray) -> list[tuple[int, str]]:
        """Position and reason of each record in quarantine, in order."""
        self._records.table = self._to_table(values)
        found = self._connection.execute("execute quarantine").fetchall()
        return sorted((int(position), reason) for position, reason in found)

    def _to_table(self, values: np.ndarray) -> pa.Table:
        """Records as the raw products; the name of the raw part is the record's position.

        A number that does not fit into a byte is passed on as missing, as the cast in the staging SQL would do: both
        break the same rule there, and those casts are most of the cost for the records of one applicant.
        """
        codes = values[2:]
        missing = (codes < 0) | (codes > 255)
        masks = missing if missing.any() else [None] * len(codes)
        columns = [
            *(pa.array(column) for column in values[:2]),
            *(pa.array(c, mask=m) for c, m in zip(codes.astype(np.uint8), masks, strict=True)),
            pa.array(np.arange(values.shape[1]).astype(str), pa.string()),
        ]
        return pa.Table.from_arrays(columns, names=[*self._columns, "raw_part"])

    def _prepare(self, sql: LiveSql) -> None:
        connection = self._connection
        connection.register("live_records", self._records)
        create_views(connection, sql, "temp.main.live_records", EVERY_RECORD)
        columns = ", ".join(self._contract.data_types)
        connection.execute(f"prepare features as select {columns} from {FEATURES}")  # noqa: S608
        connection.execute(
            f"prepare quarantine as select raw_part, quarantine_reason from {QUARANTINE}"  # noqa: S608
        )


def create_views(
    connection: duckdb.DuckDBPyConnection, sql: LiveSql, products: str, doubtful_parts: str
) -> None:
    """Create all models as views.

    Args:
        connection: Whose default database is the one of the SQL.
        sql: Compiled by dbt.
        products: Relation with the raw products.
        doubtful_parts: Names of the parts that may contain broken rows, as in an SQL list.
    """
    # The hash of a row is computed from the matrices, with the score; here only the name must exist.
    connection.execute("create macro hash_features(features) as null::varchar")
    # All names in the SQL are ours; nothing from a request is ever part of it.
    for name, query in sql.views:
        query = query.replace(sql.products, products).replace(sql.doubtful_parts, doubtful_parts)
        connection.execute(f"create view {name} as {query}")


def without_duplicates(sql: LiveSql) -> LiveSql:
    """The SQL for records no two of which have the same id and rn: the model that finds duplicates then has no rows."""
    views = tuple(
        (name, NO_DUPLICATES if name == DUPLICATES else query) for name, query in sql.views
    )
    return replace(sql, views=views)


def connect_in_memory(database: str, threads: int) -> duckdb.DuckDBPyConnection:
    """An empty DuckDB whose default database has a name."""
    connection = duckdb.connect(":memory:", config={"threads": threads})
    connection.execute(f"attach ':memory:' as {database}")
    connection.execute(f"use {database}")
    # A list of a dozen codes is looked up faster by comparing than through a hash join built for each query.
    connection.execute("set disabled_optimizers = 'in_clause'")
    return connection


def seal(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on only registered tables can be read, and no statement can change that."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
