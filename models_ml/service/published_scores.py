"""Scores of the last published run, by application number."""

from __future__ import annotations

from typing import Any

import duckdb

from models_ml.errors import MissingInputError
from models_ml.publishing.files import SCORES_PARQUET
from models_ml.settings import Settings

COLUMNS = (
    *("id", "pd", "score", "risk_band", "decision", "expected_loss", "reason_codes"),
    *("contributions", "thin_file", "unseen_code_count", "model_version", "scored_at"),
)


class PublishedScores:
    """Reads the published parquet file at each call, so a new publication takes effect at once."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.published / SCORES_PARQUET
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute("set allowed_directories = [?]", [str(settings.published)])
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    @property
    def exists(self) -> bool:
        """Whether anything is published."""
        return self._path.is_file()

    def get(self, id_: int) -> dict[str, Any] | None:
        """Row of the table ``applicant_scores``, or None for an unknown applicant.

        Raises:
            MissingInputError: Nothing is published yet, or another release with other columns published it.
        """
        if not self.exists:
            raise MissingInputError("no scores are published yet; run: scorehouse run")
        # A folder in the path named id=7 is not a column.
        table = "read_parquet(?, hive_partitioning = false)"
        query = f"select {', '.join(COLUMNS)} from {table} where id = ?"  # noqa: S608
        with self._connection.cursor() as cursor:
            try:
                found = cursor.execute(query, [str(self._path), id_]).to_arrow_table()
            except duckdb.BinderException as error:
                raise MissingInputError(
                    "the published scores come from another release; run: scorehouse run"
                ) from error
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows[0] if rows else None
