"""The SQL functions around the scorer on Spark: the code of DuckDB's, called by the executors' Python workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
import pyarrow as pa

from models_ml.features.batch import features_from_arrow
from models_ml.features.contract import FeatureContract
from models_ml.features.packing import feature_hashes
from models_ml.registry.loading import load_scorer
from models_ml.scoring.scorer import Scorer, score_both, score_types
from udf.registration import (
    BOTH_FUNCTION_NAME,
    CHALLENGER_FUNCTION_NAME,
    CHAMPION_FUNCTION_NAME,
    FUNCTION_NAME,
    HASH_FUNCTION_NAME,
    PD_FUNCTION_NAME,
)
from udf.spark.arrow_types import as_contract_types, as_plain_lists
from udf.spark.session import spark_release
from udf.spark.types import spark_struct
from udf.statistics import register_statistics_on_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST_ARROW_UDF = (4, 1)
"""First Spark release that passes Arrow arrays directly; earlier ones go through pandas."""

ArrowFunction: TypeAlias = Callable[[pa.StructArray], pa.Array]
PandasFunction: TypeAlias = Callable[[pd.DataFrame], "pd.DataFrame | pd.Series[str]"]


@cache
def worker_scorer(artifact: Path, contract: FeatureContract) -> Scorer:
    """The scorer of this process, loaded once; every file is verified by its hash.

    Args:
        artifact: Folder of the model, on storage that every worker can read. Its name is the version, made from the
            hashes, so a worker can only score with the model that the driver chose.
        contract: Contract of the feature table.
    """
    return load_scorer(artifact, contract)


@dataclass(frozen=True)
class Models:
    """The models of a run, chosen by the driver.

    Attributes:
        contract: Contract of the feature table.
        champion: Folder of the model that scores; None when there is none yet.
        challenger: Folder of the model it is compared with, if any.
    """

    contract: FeatureContract
    champion: Path | None
    challenger: Path | None = None


def hash_function(contract: FeatureContract) -> ArrowFunction:
    """Hash of each feature row."""

    def hashes(features: pa.StructArray) -> pa.Array:
        batch = features_from_arrow(as_contract_types(features, contract), contract)
        return pa.array(feature_hashes(batch, contract))

    return hashes


def score_function(artifact: Path, contract: FeatureContract, reasons: bool) -> ArrowFunction:
    """A struct of features in, a struct of scores out."""

    def score(features: pa.StructArray) -> pa.Array:
        scorer = worker_scorer(artifact, contract)
        return as_plain_lists(scorer.score_arrow(as_contract_types(features, contract), reasons))

    return score


def both_function(
    champion: Path, challenger: Path | None, contract: FeatureContract
) -> ArrowFunction:
    """Scores of champion and challenger without reasons."""

    def score(features: pa.StructArray) -> pa.Array:
        scorers = (
            worker_scorer(champion, contract),
            None if challenger is None else worker_scorer(challenger, contract),
        )
        return score_both(*scorers, as_contract_types(features, contract))

    return score


def through_pandas(function: ArrowFunction) -> PandasFunction:
    """The same function for a Spark that passes rows as a pandas frame."""

    def call(features: pd.DataFrame) -> pd.DataFrame | pd.Series[str]:
        rows = pa.RecordBatch.from_pandas(features, preserve_index=False).to_struct_array()
        result = function(rows)
        if pa.types.is_struct(result.type):
            return pa.RecordBatch.from_struct_array(result).to_pandas()
        return result.to_pandas()

    return call


def register(session: SparkSession, models: Models, arrow: bool | None = None) -> None:
    """Register the functions that the models of the dbt project call.

    Args:
        session: Spark session to register them in.
        models: The models of this run; without a champion, no scoring function is registered.
        arrow: Whether Spark passes Arrow arrays; by default this follows from its version.
    """
    contract, champion = models.contract, models.champion
    if arrow is None:
        arrow = spark_release(session.version) >= FIRST_ARROW_UDF
    functions: dict[str, tuple[ArrowFunction, str]] = {
        HASH_FUNCTION_NAME: (hash_function(contract), "string")
    }
    if champion is not None:
        pd_type = spark_struct(score_types(contract, reasons=False))
        functions |= {
            FUNCTION_NAME: (
                score_function(champion, contract, reasons=True),
                spark_struct(score_types(contract)),
            ),
            PD_FUNCTION_NAME: (score_function(champion, contract, reasons=False), pd_type),
            BOTH_FUNCTION_NAME: (
                both_function(champion, models.challenger, contract),
                f"struct<champion:{pd_type},challenger:{pd_type}>",
            ),
        }
    register_statistics_on_spark(session)
    for name, (function, returned) in functions.items():
        session.udf.register(name, _vectorised(function, returned, arrow))
    for name, folder in (
        (CHAMPION_FUNCTION_NAME, champion),
        (CHALLENGER_FUNCTION_NAME, models.challenger),
    ):
        version = None if folder is None else folder.name
        session.udf.register(name, lambda version=version: version, "string")


def _vectorised(function: ArrowFunction, returned: str, arrow: bool) -> Callable[..., object]:
    from pyspark.sql.pandas.functions import ArrowUDFType, PandasUDFType, arrow_udf, pandas_udf

    if arrow:
        return arrow_udf(function, returned, ArrowUDFType.SCALAR)
    return pandas_udf(through_pandas(function), returned, PandasUDFType.SCALAR)
