"""Scores of raw records that are not in the warehouse: same SQL, same scorer, in a DuckDB that lives in memory."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from models_ml.contract import FeatureContract
from models_ml.feature_record import feature_hashes
from models_ml.features import FeatureBatch, features_from_arrow
from models_ml.live_sql import FEATURES, QUARANTINE, WORK_LIST, LiveSql
from models_ml.records import Records, record_columns
from models_ml.scorer import Scorer, score_types

EVERY_RECORD = "select raw_file from temp.main.live_records"


@dataclass(frozen=True)
class BrokenRecord:
    """A record that breaks a rule of the staging SQL and was therefore not used.

    Attributes:
        position: Its position in the request.
        column: The column that breaks the rule.
        problem: The rule, in words.
    """

    position: int
    column: str
    problem: str


@dataclass(frozen=True)
class LiveScores:
    """What became of the records of one request.

    Attributes:
        scores: Columns as in the table ``applicant_scores``, in the order of the first records; applicants
            without a usable record are not in it.
        broken: Records that were not used, in order.
    """

    scores: pa.Table
    broken: tuple[BrokenRecord, ...]


class _LiveTable:
    """An Arrow table that DuckDB reads anew at each execution of a prepared statement.

    Loading a table first would cost as much as half the query, and would let the plan rest on the statistics of the
    records that happened to be there when it was made.
    """

    def __init__(self, empty: pa.Table) -> None:
        self.table = empty

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class LiveScoring:
    """The feature SQL, planned once, and what turns its rows into scores; safe to call from several threads, in turn.

    The model is given with each call, so another one can take over between two calls.
    """

    def __init__(self, sql: LiveSql, contract: FeatureContract, threads: int = 1) -> None:
        """Plan all statements.

        Args:
            sql: Compiled by dbt.
            contract: Contract of the features.
            threads: Threads of DuckDB; small requests are fastest on one.
        """
        self.contract = contract
        self._columns = record_columns(contract)
        self._lock = threading.Lock()
        self._products = _LiveTable(self._to_table(np.zeros((len(self._columns), 0), np.int64)))
        self._scored = _LiveTable(_empty_scored(contract))
        self._connection = self._connect(sql, threads)

    def score(self, requests: Sequence[Records], scorer: Scorer) -> list[LiveScores]:
        """Score several requests with one query; an id in two requests is two applicants.

        Args:
            requests: Records of each request.
            scorer: The model.

        Raises:
            InputDataError: A feature cannot be scored.
        """
        sizes = [len(request.applicants[0]) for request in requests]
        first_applicant = np.concatenate([[0], np.cumsum(sizes)])
        first_record = np.concatenate([[0], np.cumsum([len(request) for request in requests])])
        values = np.concatenate([request.values for request in requests], axis=1)
        positions = [request.applicants[1] for request in requests]
        numbers = [
            np.where(position < 0, position, position + start)
            for position, start in zip(positions, first_applicant[:-1], strict=True)
        ]
        values[0] = np.concatenate(numbers)
        with self._lock:
            features = self._features(values)
            # Every record is counted once in n_products, so nothing is in quarantine when the sum is complete.
            n_used = int(features.tree_features[:, self._n_products].sum())
            broken = self._broken() if n_used < values.shape[1] else []
            scored = self._finish(features, scorer)
        rows = scored["id"].to_numpy()
        results = []
        for i, request in enumerate(requests):
            start, stop = np.searchsorted(rows, first_applicant[i : i + 2])
            part = scored.slice(start, stop - start)
            ids = request.applicants[0][rows[start:stop] - first_applicant[i]]
            mine = tuple(
                BrokenRecord(position - int(first_record[i]), *reason.split(": ", 1))
                for position, reason in broken
                if first_record[i] <= position < first_record[i + 1]
            )
            results.append(LiveScores(part.set_column(0, "id", pa.array(ids)), mine))
        return results

    @property
    def _n_products(self) -> int:
        return self.contract.tree_feature_names.index("n_products")

    def _to_table(self, values: np.ndarray) -> pa.Table:
        """Records as the raw products; the name of the raw file is the record's position."""
        raw_file = np.arange(values.shape[1]).astype(str)
        columns = [*(pa.array(column) for column in values), pa.array(raw_file, pa.string())]
        return pa.Table.from_arrays(columns, names=[*self._columns, "raw_file"])

    def _features(self, values: np.ndarray) -> FeatureBatch:
        self._products.table = self._to_table(values)
        rows = self._connection.execute("execute features").to_arrow_table().combine_chunks()
        return features_from_arrow(rows.to_struct_array().combine_chunks(), self.contract)

    def _broken(self) -> list[tuple[int, str]]:
        """Position and reason of each record in quarantine."""
        return sorted(
            (int(position), reason)
            for position, reason in self._connection.execute("execute quarantine").fetchall()
        )

    def _finish(self, features: FeatureBatch, scorer: Scorer) -> pa.Table:
        """Columns of a score, by number of the applicant."""
        n_rows = len(features)
        if n_rows == 0:
            self._scored.table = _empty_scored(self.contract)
        else:
            self._scored.table = pa.Table.from_arrays(
                [
                    pa.array(features.ids),
                    scorer.score_batch(features),
                    pa.array(feature_hashes(features, self.contract)),
                    pa.array([str(uuid.uuid4())] * n_rows),
                    pa.array([datetime.now(UTC).replace(tzinfo=None)] * n_rows, pa.timestamp("us")),
                ],
                schema=self._scored.table.schema,
            )
        return self._connection.execute("execute scores").to_arrow_table().sort_by("id")

    def _connect(self, sql: LiveSql, threads: int) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:", config={"threads": threads})
        connection.execute(f"attach ':memory:' as {sql.database}")
        connection.execute(f"use {sql.database}")
        # A list of a dozen codes is looked up faster by comparing than through a hash join built for each query.
        connection.execute("set disabled_optimizers = 'in_clause'")
        connection.register("live_records", self._products)
        connection.register("live_scored", self._scored)
        # Everyone with a record is computed. Names in the SQL are ours, nothing of a request is ever part of it.
        connection.execute(
            f"create view {WORK_LIST} as select id, '' as source_fingerprint "  # noqa: S608
            "from temp.main.live_records where id >= 0 group by id"
        )
        # The hash of a row is made from the matrices, with the score; here the name only has to be known.
        connection.execute("create macro hash_features(features) as null::varchar")
        for name, query in sql.views:
            query = query.replace(sql.products, "temp.main.live_records")
            query = query.replace(sql.doubtful_parts, EVERY_RECORD)
            connection.execute(f"create view {name} as {query}")
        columns = ", ".join(self.contract.data_types)
        statements = {
            "features": f"select {columns} from {FEATURES}",  # noqa: S608
            "quarantine": f"select raw_part, quarantine_reason from {QUARANTINE}",  # noqa: S608
            "scores": sql.scores,
        }
        for name, query in statements.items():
            connection.execute(f"prepare {name} as {query}")
        # Nothing but the records is read from here on, and nothing can change that.
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        return connection


def _empty_scored(contract: FeatureContract) -> pa.Table:
    """No rows, of the relation that the analysis ``live_scores`` reads."""
    types: dict[str, Any] = {
        "id": "bigint",
        "scored": duckdb.struct_type(score_types(contract)),
        "features_hash": "varchar",
        "run_id": "varchar",
        "scored_at": "timestamp",
    }
    casts = ", ".join(f"null::{kind} as {name}" for name, kind in types.items())
    with duckdb.connect(":memory:") as connection:
        return connection.sql(f"select {casts} limit 0").to_arrow_table()
