"""The jobs on Spark: dbt builds there, executors run the scorer, and training and publishing read an extract."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models_ml.errors import UsageError
from models_ml.features.contract import FeatureContract, read_contract
from models_ml.publishing.tables import APPLICANT_TABLES, PUBLISHED_TABLES
from models_ml.registry.pointers import challenger_path, champion_path, champion_version
from models_ml.settings import Settings, Warehouse
from models_ml.warehouse.dbt import DbtOutcome
from models_ml.warehouse.sampling import shuffle_keys
from udf.raw_files import RawFiles, register_raw_files_on_spark
from udf.spark.dbt import run_dbt_here
from udf.spark.extract import Extract
from udf.spark.function import Models, register
from udf.spark.session import spark_session
from udf.spark.workers import check_workers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA_VARIABLE = "SCOREHOUSE_SPARK_SCHEMA"


@dataclass(frozen=True)
class SparkEngine:
    """An open Spark session."""

    session: SparkSession
    settings: Settings
    contract: FeatureContract

    @property
    def extract(self) -> Extract:
        """Copies of the tables, in a local file."""
        return Extract(self.session, schema_of(os.environ), self.settings)

    def build(self, *arguments: str) -> DbtOutcome:
        """Run ``dbt`` on this session, with the functions of the current models registered."""
        artifacts = self.settings.artifacts
        champion = champion_path(artifacts) if champion_version(artifacts) else None
        register(self.session, Models(self.contract, champion, challenger_path(artifacts)))
        register_raw_files_on_spark(self.session, RawFiles(self.settings.raw, self.contract))
        return run_dbt_here(self.settings, arguments, target="spark")

    def tables_for_training(self, sample: int | None, seed: int) -> Warehouse:
        """A copy of the outcomes and features of the applicants to train on."""
        extract = self.extract
        ids = np.intersect1d(extract.ids("applicant_outcomes"), extract.ids("applicant_features"))
        if sample is not None:
            ids = np.sort(ids[np.argsort(shuffle_keys(ids, seed))[:sample]])
        return extract.copy(
            {"raw_parts": None, "applicant_outcomes": ids, "applicant_features": ids}
        )

    @property
    def published_tables(self) -> tuple[str, ...]:
        """Published tables that are built on Spark; the monitoring tables are not."""
        return tuple(table for table in PUBLISHED_TABLES if self.extract.has(table))

    def tables_for_publishing(self) -> Warehouse:
        """A copy of the tables to publish."""
        extract = self.extract
        return extract.copy(
            {
                table: extract.ids(table) if table in APPLICANT_TABLES else None
                for table in self.published_tables
            }
        )

    def check_workers(self, model_version: str | None) -> None:
        """Check that the executors have our packages and can read the model."""
        artifact = None if model_version is None else self.settings.artifacts / model_version
        check_workers(self.session, artifact, self.contract)


def schema_of(environment: Mapping[str, str]) -> str:
    """Name of the schema of our tables.

    Raises:
        UsageError: `SCHEMA_VARIABLE` is not a plain name, and it becomes part of SQL.
    """
    schema = environment.get(SCHEMA_VARIABLE) or "scorehouse"
    if not re.fullmatch(r"[A-Za-z_]\w*", schema, re.ASCII):
        raise UsageError(
            f"{SCHEMA_VARIABLE}: expected letters, digits and _, found {schema!r}. Correct the variable."
        )
    return schema


@contextmanager
def open_engine(settings: Settings) -> Iterator[SparkEngine]:
    """Open the session, and close it when the block ends."""
    schema_of(os.environ)  # an invalid name is refused before a session is opened
    with spark_session(settings) as session:
        yield SparkEngine(session, settings, read_contract(settings.dictionary))
