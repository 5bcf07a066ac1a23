"""The SQL function ``score_applicant``: one struct of features in, one struct of scores out.

Works on any DuckDB connection, with or without dbt::

    connection = duckdb.connect("data/warehouse.duckdb")
    register(connection, ScoreFunction(Path("data/artifacts"), read_contract(...)))
    connection.sql("select score_applicant(f) from applicant_features as f")
"""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import DuckDBPyType

from models_ml.artifact import champion_path
from models_ml.contract import FeatureContract
from models_ml.scorer import Scorer, load_scorer, score_types

FUNCTION_NAME = "score_applicant"
PD_FUNCTION_NAME = "score_applicant_pd"
"""The same without reasons, several times as fast."""


class ScoreFunction:
    """The function DuckDB calls, from several threads at once, with at most 2,048 rows each time.

    The champion model is loaded at the first call and kept: one statement never mixes two models. ``refresh`` makes
    the next call look again.
    """

    def __init__(self, artifacts: Path, contract: FeatureContract) -> None:
        self.artifacts = artifacts
        self.contract = contract
        self._scorer: Scorer | None = None
        self._lock = threading.Lock()

    def __call__(self, features: pa.ChunkedArray | pa.Array) -> pa.Array:
        """Score one vector of applicants, with reasons.

        Args:
            features: Struct column with the fields of the feature contract.

        Returns:
            Struct column with the fields of ``score_types``, row by row.
        """
        return self._score(features, reasons=True)

    def pd_only(self, features: pa.ChunkedArray | pa.Array) -> pa.Array:
        """The same without reasons."""
        return self._score(features, reasons=False)

    def _score(self, features: pa.ChunkedArray | pa.Array, reasons: bool) -> pa.Array:
        scorer = self.scorer()
        chunks = features.chunks if isinstance(features, pa.ChunkedArray) else [features]
        scored = [scorer.score_arrow(chunk, reasons) for chunk in chunks]
        return pa.concat_arrays(scored) if len(scored) != 1 else scored[0]

    def scorer(self) -> Scorer:
        """The champion's scorer, loaded once."""
        with self._lock:
            if self._scorer is None:
                self._scorer = load_scorer(champion_path(self.artifacts), self.contract)
            return self._scorer

    def refresh(self) -> None:
        """Load the champion anew at the next call."""
        with self._lock:
            self._scorer = None


def register(connection: DuckDBPyConnection, function: ScoreFunction) -> None:
    """Register ``score_applicant`` and ``score_applicant_pd`` on a connection.

    Special null handling is needed: by default DuckDB drops rows with a NULL argument before the call, and they
    would get a NULL score without any message.
    """
    for name, call, reasons in (
        (FUNCTION_NAME, function.__call__, True),
        (PD_FUNCTION_NAME, function.pd_only, False),
    ):
        connection.create_function(
            name,
            call,
            [DuckDBPyType(function.contract.data_types)],
            DuckDBPyType(score_types(function.contract, reasons)),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=False,
        )
