"""``score_applicant`` in Spark's SQL: the same scorer as in DuckDB, called by the Python workers of the executors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from models_ml.arrow_types import as_contract_types, as_plain_lists
from models_ml.contract import FeatureContract
from models_ml.scorer import Scorer, load_scorer, score_types
from udf.registration import FUNCTION_NAME, PD_FUNCTION_NAME
from udf.spark.session import spark_release
from udf.spark.types import spark_struct

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST_ARROW_UDF = (4, 1)
"""Spark release that first hands Arrow arrays over as they are; before, they go through pandas."""


@cache
def worker_scorer(artifact: Path, contract: FeatureContract) -> Scorer:
    """The scorer of this process, loaded once; every file is verified by its hash.

    Args:
        artifact: Folder of the model, on storage that every worker sees. Its name is the version, which follows from
            the hashes: a worker can only score with the model that the driver asked for.
        contract: Contract of the feature table.
    """
    return load_scorer(artifact, contract)


def arrow_function(
    artifact: Path, contract: FeatureContract, reasons: bool
) -> Callable[[pa.Array], pa.Array]:
    """The function that Spark ships to its workers: a struct of features in, a struct of scores out."""

    def score(features: pa.Array) -> pa.Array:
        scorer = worker_scorer(artifact, contract)
        return as_plain_lists(scorer.score_arrow(as_contract_types(features, contract), reasons))

    return score


def pandas_function(
    artifact: Path, contract: FeatureContract, reasons: bool
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The same for a Spark that hands rows over as a pandas frame."""
    score = arrow_function(artifact, contract, reasons)

    def score_frame(features: pd.DataFrame) -> pd.DataFrame:
        batch = pa.RecordBatch.from_pandas(features, preserve_index=False)
        scores: pd.DataFrame = pa.RecordBatch.from_struct_array(
            score(batch.to_struct_array())
        ).to_pandas()
        return scores

    return score_frame


def register(
    session: SparkSession, artifact: Path, contract: FeatureContract, arrow: bool | None = None
) -> None:
    """Register ``score_applicant`` and ``score_applicant_pd`` in a session.

    Args:
        session: Where.
        artifact: Folder of the model that scores.
        contract: Contract of the feature table.
        arrow: Whether Spark hands over Arrow arrays; found out from its version when not given.
    """
    from pyspark.sql import functions

    if arrow is None:
        arrow = spark_release(session.version) >= FIRST_ARROW_UDF
    for name, reasons in ((FUNCTION_NAME, True), (PD_FUNCTION_NAME, False)):
        returns = spark_struct(score_types(contract, reasons))
        if arrow:
            from pyspark.sql.pandas.functions import ArrowUDFType

            function = functions.arrow_udf(
                arrow_function(artifact, contract, reasons), returns, ArrowUDFType.SCALAR
            )
        else:
            function = functions.pandas_udf(
                pandas_function(artifact, contract, reasons),
                returns,
                functions.PandasUDFType.SCALAR,
            )
        session.udf.register(name, function)
