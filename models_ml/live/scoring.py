"""Scores of raw records that are not in the warehouse: same SQL and scorer, in a DuckDB in memory."""

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

from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import FeatureContract
from models_ml.features.packing import feature_hashes
from models_ml.live.compiled_sql import LiveSql
from models_ml.live.plan import LivePlan, LiveTable, connect_in_memory, seal, without_duplicates
from models_ml.live.records import Records
from models_ml.scoring.scorer import Scorer, score_types


@dataclass(frozen=True)
class BrokenRecord:
    """A record that breaks a rule of the staging SQL and is therefore left out.

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
    """Result of one request.

    Attributes:
        scores: Columns as in the table ``applicant_scores``, in the order of the first records; applicants
            without a usable record are not in it.
        broken: Records that were left out, in order.
    """

    scores: pa.Table
    broken: tuple[BrokenRecord, ...]


class LiveScoring:
    """The feature SQL, planned once, and the scorer of its rows; safe to call from several threads, which take turns.

    The model is passed with each call, so it can change between two calls.
    """

    def __init__(self, sql: LiveSql, contract: FeatureContract, threads: int = 1) -> None:
        """Plan all statements.

        Args:
            sql: Compiled by dbt.
            contract: Contract of the features.
            threads: Threads of DuckDB; small requests are fastest on one.
        """
        self.contract = contract
        self._lock = threading.Lock()
        self._any_records = LivePlan(sql, contract, threads)
        self._unique_records = LivePlan(without_duplicates(sql), contract, threads)
        self._scored = LiveTable(_empty_scored(contract))
        self._scores = connect_in_memory(sql.database, threads)
        self._scores.register("live_scored", self._scored)
        self._scores.execute(f"prepare scores as {sql.scores}")
        seal(self._scores)

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
            plan = self._any_records if _any_twice(values) else self._unique_records
            features = plan.features(values)
            # Every record is counted once in n_products, so nothing is in quarantine when the sum is complete.
            n_used = int(features.tree_features[:, self.contract.product_count_feature].sum())
            broken = self._any_records.broken(values) if n_used < values.shape[1] else []
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
        scores = self._scores.execute("execute scores").to_arrow_table()
        return scores.take(np.argsort(scores["id"]))


def _any_twice(values: np.ndarray) -> bool:
    """Whether two records have the same id and rn."""
    ids, numbers = values[:2]
    order = np.lexsort((numbers, ids))
    return bool(np.any((np.diff(ids[order]) == 0) & (np.diff(numbers[order]) == 0)))


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
