"""The SQL functions around the scorer, above all ``score_applicant``: a struct of features in, a struct of scores out.

They work on any DuckDB connection, with or without dbt::

    connection = duckdb.connect("data/warehouse.duckdb")
    register(connection, ScoreFunction(Path("data/artifacts"), read_contract(...)))
    connection.sql("select score_applicant(f) from (select ... from applicant_features) as f")
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import VARCHAR, DuckDBPyType

from models_ml.errors import ArtifactError
from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract
from models_ml.features.packing import feature_hashes, pack
from models_ml.registry.loading import load_scorer
from models_ml.registry.pointers import challenger_path, champion_path
from models_ml.scoring.decision_policy import numbers_of_sentence, policy_types
from models_ml.scoring.scorer import Scorer, score_both, score_types

FUNCTION_NAME = "score_applicant"
PD_FUNCTION_NAME = "score_applicant_pd"
"""The same without reasons: several times faster."""
BOTH_FUNCTION_NAME = "score_champion_and_challenger"
HASH_FUNCTION_NAME = "hash_features"
PACK_FUNCTION_NAME = "pack_features"
CHAMPION_FUNCTION_NAME = "champion_version"
CHALLENGER_FUNCTION_NAME = "challenger_version"
PROBLEM_FUNCTION_NAME = "model_problem"
"""Why no model is usable, in one sentence; DuckDB would add a traceback to an error of the two functions above."""
POLICY_FUNCTION_NAME = "decision_policy_numbers"
"""The numbers in the sentence of a decision policy, for scores given before they had columns of their own."""

Column: TypeAlias = pa.ChunkedArray | pa.Array


class ScoreFunction:
    """The functions that DuckDB calls, from several threads at once, with at most 2,048 rows per call.

    Each model is loaded when first needed and then kept, so that a run never mixes two champions.
    """

    def __init__(self, artifacts: Path, contract: FeatureContract) -> None:
        self.artifacts = artifacts
        self.contract = contract
        self._champion: Scorer | None = None
        self._challenger: Scorer | None = None
        self._challenger_known = False
        self._lock = threading.Lock()

    def __call__(self, features: Column) -> pa.Array:
        """Score one vector of applicants, with reasons.

        Args:
            features: Struct column with the fields of the feature contract.

        Returns:
            Struct column with the fields of `score_types`.
        """
        scorer = self.scorer()
        return _by_chunk(features, scorer.score_arrow)

    def pd_only(self, features: Column) -> pa.Array:
        """The same without reasons."""
        scorer = self.scorer()
        return _by_chunk(features, lambda chunk: scorer.score_arrow(chunk, reasons=False))

    def both(self, features: Column) -> pa.Array:
        """Scores of champion and challenger without reasons; the features are read once.

        Returns:
            Struct column with the fields ``champion`` and ``challenger``; the challenger's is NULL when none is set.
        """
        champion, challenger = self.scorer(), self.challenger()
        return _by_chunk(features, lambda chunk: score_both(champion, challenger, chunk))

    def hashes(self, features: Column) -> pa.Array:
        """Hash of each feature row; needs no model."""
        return self._rows(features, lambda batch: pa.array(feature_hashes(batch, self.contract)))

    def packed(self, features: Column) -> pa.Array:
        """Each feature row as a compressed record; needs no model."""
        return self._rows(features, lambda batch: pa.array(pack(batch), pa.binary()))

    def scorer(self) -> Scorer:
        """The champion's scorer, loaded once.

        Raises:
            ArtifactError: There is no usable champion.
        """
        with self._lock:
            if self._champion is None:
                self._champion = load_scorer(champion_path(self.artifacts), self.contract)
            return self._champion

    def challenger(self) -> Scorer | None:
        """The challenger's scorer, loaded once; None when no challenger is set."""
        with self._lock:
            if not self._challenger_known:
                folder = challenger_path(self.artifacts)
                self._challenger = load_scorer(folder, self.contract) if folder else None
                self._challenger_known = True
            return self._challenger

    def champion_version(self) -> str:
        """Version of the champion that this object scores with."""
        return self.scorer().version

    def challenger_version(self) -> str | None:
        """Version of the challenger, or None."""
        challenger = self.challenger()
        return None if challenger is None else challenger.version

    def problem(self) -> str | None:
        """Why champion or challenger cannot score; None when both can."""
        try:
            self.scorer()
            self.challenger()
        except ArtifactError as error:
            return str(error)
        return None

    def _rows(self, features: Column, compute: Callable[[FeatureBatch], pa.Array]) -> pa.Array:
        return _by_chunk(features, lambda chunk: compute(features_from_arrow(chunk, self.contract)))


def register(connection: DuckDBPyConnection, function: ScoreFunction) -> None:
    """Register all functions on a connection.

    Special null handling is needed: by default DuckDB skips rows with a NULL argument, which would silently get a NULL
    score. The versions are declared to have side effects, so that no query plan reuses an old one.
    """
    pd_types = score_types(function.contract, reasons=False)
    functions: tuple[tuple[str, Callable[..., pa.Array], object], ...] = (
        (FUNCTION_NAME, function.__call__, score_types(function.contract)),
        (PD_FUNCTION_NAME, function.pd_only, pd_types),
        (BOTH_FUNCTION_NAME, function.both, {"champion": pd_types, "challenger": pd_types}),
        (HASH_FUNCTION_NAME, function.hashes, "varchar"),
        (PACK_FUNCTION_NAME, function.packed, "blob"),
    )
    for name, call, returned in functions:
        connection.create_function(
            name,
            call,
            [DuckDBPyType(function.contract.data_types)],
            DuckDBPyType(returned),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=False,
        )
    for name, version in (
        (CHAMPION_FUNCTION_NAME, function.champion_version),
        (CHALLENGER_FUNCTION_NAME, function.challenger_version),
        (PROBLEM_FUNCTION_NAME, function.problem),
    ):
        connection.create_function(
            name,
            version,
            [],
            VARCHAR,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
    connection.create_function(
        POLICY_FUNCTION_NAME,
        numbers_of_sentence,
        [DuckDBPyType("varchar")],
        DuckDBPyType(policy_types()),
        type=PythonUDFType.NATIVE,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def _by_chunk(features: Column, compute: Callable[[pa.StructArray], pa.Array]) -> pa.Array:
    chunks = features.chunks if isinstance(features, pa.ChunkedArray) else [features]
    computed = [compute(chunk) for chunk in chunks]
    return pa.concat_arrays(computed) if len(computed) != 1 else computed[0]
