"""How long does it take to turn raw products into features, and how does that grow?

Ours is the whole ``dbt build`` of the features from the parquet parts: start of dbt, checks, quarantine, fingerprints,
counts, recent products, data tests; and, to separate the SQL from its overhead, the SQL of the same models as one
statement. The contenders count codes and do nothing else: the usual SQL with one
``count(*) filter (where column = code)`` per code; pandas as people write it for this data, a pivot per column, part by
part, merged; polars with one sum per code. They need memory for everything at once, as our SQL does without
the batches of the build, so at full size only the usual SQL is compared unless ``--all`` asks for the others.

    python benchmarks/features.py --applicants 30000 300000 --runs 3
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
from harness import Row, compare, report

from models_ml.features.contract import FeatureContract, read_contract
from models_ml.live.compiled_sql import FEATURES, read_live_sql
from models_ml.live.plan import connect_in_memory, create_views
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.simulator import SimulationSettings, simulate

MEMORY = "4GB"
LARGE = 1_000_000
"""Applicants from which on only the usual SQL is compared: the others, our SQL without its batches too, need memory for
everything at once."""


def filtered_counts_sql(contract: FeatureContract, raw: Path) -> str:
    """One filtered count per code of the dictionary."""
    counts = ", ".join(
        f"count(*) filter (where {column.name} = {code}) as {column.name}_{code}"
        for column in contract.columns
        for code in range(column.n_codes)
    )
    return (
        f"create table counts as select id, count(*) as n_products, {counts} "
        f"from read_parquet('{raw}/train_data_*.pq') group by id"
    )


def count_with_sql(contract: FeatureContract, raw: Path, result: Path) -> None:
    """DuckDB, one filtered count per code."""
    result.unlink(missing_ok=True)
    with duckdb.connect(str(result)) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(filtered_counts_sql(contract, raw))


def build_with_our_sql(contract: FeatureContract, raw: Path, result: Path) -> None:
    """The compiled SQL of the models up to ``applicant_features``, rules and latest products too, in one statement."""
    sql = read_live_sql(Settings.from_environment())
    result.unlink(missing_ok=True)
    with connect_in_memory("memory_only", threads=os.cpu_count() or 1) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach '{result}' as {sql.database}")
        connection.execute(f"use {sql.database}")
        parts = f"read_parquet('{raw}/train_data_*.pq', filename = 'raw_part')"
        create_views(connection, sql, parts, sql.doubtful_parts)
        columns = ", ".join(contract.data_types)
        connection.execute(f"create table features as select {columns} from {FEATURES}")


def count_with_pandas(contract: FeatureContract, raw: Path, result: Path) -> None:
    """Pandas, part by part: a pivot per column, merged by applicant."""
    parts = []
    for path in sorted(raw.glob("train_data_*.pq")):
        products = pd.read_parquet(path)
        features = products.groupby("id").size().rename("n_products").to_frame()
        for column in contract.columns:
            counts = products.groupby(["id", column.name]).size().unstack(fill_value=0)
            features = features.merge(counts.add_prefix(f"{column.name}_"), on="id")
        parts.append(features)
    pd.concat(parts).fillna(0).astype("uint8").to_parquet(result)


def count_with_polars(contract: FeatureContract, raw: Path, result: Path) -> None:
    """Polars, lazy: one sum per code, all in one pass."""
    import polars as pl

    counts = [
        (pl.col(column.name) == code).sum().cast(pl.UInt8).alias(f"{column.name}_{code}")
        for column in contract.columns
        for code in range(column.n_codes)
    ]
    products = pl.scan_parquet(sorted(raw.glob("train_data_*.pq")))
    features = products.group_by("id").agg(pl.len().alias("n_products"), *counts)
    features.sink_parquet(result)


OUR_SQL = "scorehouse, its SQL alone"
FILTERED = "count(*) filter per code"
CONTENDERS = {
    OUR_SQL: build_with_our_sql,
    FILTERED: count_with_sql,
    "pandas": count_with_pandas,
    "polars": count_with_polars,
}


def measure(applicants: int, runs: int, folder: Path, others: Sequence[str]) -> list[Row]:
    """Rows of the results table for one number of applicants."""
    raw, home = folder / f"raw_{applicants}", folder / f"home_{applicants}"
    if not (raw / "train_target.csv").exists():
        simulate(SimulationSettings(applicants=applicants), raw)
    home.mkdir(exist_ok=True)
    settings = Settings(raw, home, memory=MEMORY)
    n_products = duckdb.sql(
        f"select count(*) from read_parquet('{raw}/train_data_*.pq')"
    ).fetchall()
    dbt = [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--full-refresh"),
        *("--selector", "features", "--quiet"),
        *("--project-dir", str(settings.dbt_project), "--profiles-dir", str(settings.profiles)),
        *("--target-path", str(home / "dbt_target"), "--log-path", str(home / "dbt_logs")),
    ]
    read_live_sql(settings)  # compiled and kept
    contenders = {"scorehouse, dbt build": (dbt, settings.environment())}
    for name in others:
        script = [sys.executable, __file__, "--contender", name]
        script += ["--raw", str(raw), "--result", str(folder / "counts")]
        contenders[name] = (script, settings.environment())
    return compare("features (product rows)", n_products[0][0], contenders, runs)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the simulated parts here")
    parser.add_argument("--all", action="store_true", help="every contender at every size")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        contract = read_contract(Settings(options.raw, options.raw).dictionary)
        CONTENDERS[options.contender](contract, options.raw, options.result)
        return
    with tempfile.TemporaryDirectory(dir=PROJECT_ROOT / "data") as temporary:
        folder = options.folder or Path(temporary)
        rows = [
            row
            for applicants in options.applicants
            for row in measure(
                applicants,
                options.runs,
                folder,
                list(CONTENDERS) if options.all or applicants < LARGE else [FILTERED],
            )
        ]
    report("features", rows)


if __name__ == "__main__":
    main()
