"""Where the dbt project runs: on DuckDB in this folder, or on an engine a lender already has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from models_ml.publishing.tables import PUBLISHED_TABLES
from models_ml.settings import Settings, Warehouse
from models_ml.warehouse.dbt import DbtOutcome, run_dbt


class Target(StrEnum):
    """Target of the dbt profile."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class Engine(Protocol):
    """What the jobs need from wherever the tables are."""

    @property
    def published_tables(self) -> tuple[str, ...]:
        """Names of the tables that are published."""

    def build(self, *arguments: str) -> DbtOutcome:
        """Run ``dbt`` there with our project."""

    def tables_for_training(self, sample: int | None, seed: int) -> Warehouse:
        """A warehouse with the features and outcomes to train on.

        Args:
            sample: Applicants to use at most; all when None.
            seed: Of the draw.
        """

    def tables_for_publishing(self) -> Warehouse:
        """A warehouse with the scores to publish."""

    def check_workers(self, model_version: str | None) -> None:
        """Check that the workers can compute scores, before anything is written.

        Args:
            model_version: The model that will score; None when there is none yet.
        """


@dataclass(frozen=True)
class DuckDbEngine:
    """The working file of the installation, which this machine computes."""

    settings: Settings

    @property
    def published_tables(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(PUBLISHED_TABLES)

    def build(self, *arguments: str) -> DbtOutcome:
        """Run ``dbt`` as a child process."""
        return run_dbt(self.settings, arguments)

    def tables_for_training(self, sample: int | None, seed: int) -> Warehouse:
        """The working file itself."""
        return self.settings.warehouse

    def tables_for_publishing(self) -> Warehouse:
        """The working file itself."""
        return self.settings.warehouse

    def check_workers(self, model_version: str | None) -> None:
        """There are no workers: the plugin loads the model in the process that runs dbt."""


@contextmanager
def open_engine(target: Target, settings: Settings) -> Iterator[Engine]:
    """The engine of a target, open until the block ends.

    Raises:
        EngineError: It is missing, cannot be reached or has another version.
    """
    if target is Target.DUCKDB:
        yield DuckDbEngine(settings)
        return
    from udf.spark.engine import open_engine as open_spark  # pyspark is an extra

    with open_spark(settings) as engine:
        yield engine
