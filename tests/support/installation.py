"""An installation that tests run the command in, and the real rows that they put into it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from models_ml.settings import PROJECT_ROOT, Settings

FACTS = PROJECT_ROOT / "models_ml" / "facts"

SCOREHOUSE = Path(sys.executable).parent / "scorehouse"
FIRST_SIMULATED_ID = 10_000
N_SIMULATED = 12_000
LOCAL_SPARK = (
    "--master local[2] --driver-memory 3g --conf spark.sql.shuffle.partitions=4 pyspark-shell"
)


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
        with duckdb.connect(str(self.settings.warehouse.path), read_only=True) as connection:
            return connection.sql(sql).df()


def real_products() -> pd.DataFrame:
    """The 254 real rows: 61 raw columns, and what is known about the applicant."""
    return pd.read_csv(FACTS / "real_rows.csv")


def raw_columns() -> list[str]:
    return list(pd.read_csv(FACTS / "columns.csv")["column"][:-1])


def write_part(products: pd.DataFrame, path: Path) -> None:
    products[raw_columns()].astype("int64").to_parquet(path, index=False)
