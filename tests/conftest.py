"""Shared installations: built once, through the real command, dbt, DuckDB, torch and LightGBM."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from browser import browser
from postgres_server import postgres
from small_model import small_model

from models_ml.settings import PROJECT_ROOT, Settings

FACTS = PROJECT_ROOT / "models_ml" / "facts"
__all__ = ["browser", "postgres", "small_model"]  # fixtures that several test files share

SCOREHOUSE = Path(sys.executable).parent / "scorehouse"
FIRST_SIMULATED_ID = 10_000
N_SIMULATED = 12_000
LOCAL_SPARK = (
    "--master local[2] --driver-memory 3g --conf spark.sql.shuffle.partitions=4 pyspark-shell"
)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Write the rows of the fault matrix that a test covers into the report of the run."""
    for mark in item.iter_markers("fault"):
        for fault in mark.args:
            item.user_properties.append(("fault", fault))


@dataclass(frozen=True)
class Installation:
    """A home and a raw folder, and a way to run the command there."""

    raw: Path
    home: Path

    @property
    def settings(self) -> Settings:
        return Settings(raw=self.raw, home=self.home)

    @property
    def environment(self) -> Mapping[str, str]:
        return {**os.environ, **self.settings.environment(), "COLUMNS": "200"}

    def command(
        self,
        *arguments: str,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [str(SCOREHOUSE), *arguments],
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if check and result.returncode != 0:
            pytest.fail(f"scorehouse {arguments}: {result.returncode}\n{result.stderr[-3000:]}")
        return result

    def query(self, sql: str) -> pd.DataFrame:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.sql(sql).df()


def real_products() -> pd.DataFrame:
    """The 254 real rows: 61 raw columns, and what is known about the applicant."""
    return pd.read_csv(FACTS / "real_rows.csv")


def raw_columns() -> list[str]:
    return list(pd.read_csv(FACTS / "columns.csv")["column"][:-1])


def write_part(products: pd.DataFrame, path: Path) -> None:
    products[raw_columns()].astype("int64").to_parquet(path, index=False)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The main job, run once by the command, on simulated applicants and all real rows."""
    folder = tmp_path_factory.mktemp("installation")
    installation = Installation(folder / "raw", folder / "home")
    installation.command(
        "simulate",
        *("--applicants", str(N_SIMULATED), "--start-id", str(FIRST_SIMULATED_ID)),
        *("--parts", "3", "--out", str(installation.raw)),
    )
    write_part(real_products(), installation.raw / "train_data_real.pq")
    result = installation.command("run")
    (folder / "run.txt").write_text(result.stdout)
    (folder / "run_progress.txt").write_text(result.stderr)
    return installation


@pytest.fixture
def home_copy(finished_run: Installation, tmp_path: Path) -> Installation:
    """An installation of its own, with the same warehouse, model and published files."""
    shutil.copytree(finished_run.home, tmp_path / "home", symlinks=True)
    return replace(finished_run, home=tmp_path / "home")
