"""How fast do raw products become features, and how does it grow?

Ours is the whole ``dbt build`` of the features from the parquet parts: start of dbt, checks, quarantine, fingerprints,
counts, recent products, data tests. The contender is the usual SQL: one ``count(*) filter (where column = code)`` per
code, counts only.

    python benchmarks/features.py --applicants 30000 300000 --runs 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb
from harness import Row, compare, report

from models_ml.contract import FeatureContract, read_contract
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.simulator import SimulationSettings, simulate

MEMORY = "4GB"


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


def run_filtered_counts(raw: Path, database: Path) -> None:
    """The contender, in a process of its own."""
    contract = read_contract(Settings(raw, raw).dictionary)
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(filtered_counts_sql(contract, raw))


def measure(applicants: int, runs: int, folder: Path, alone: bool) -> list[Row]:
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
        *("--exclude", "tag:scoring", "--quiet"),
        *("--project-dir", str(settings.dbt_project), "--profiles-dir", str(settings.profiles)),
        *("--target-path", str(home / "dbt_target"), "--log-path", str(home / "dbt_logs")),
    ]
    contenders = {"scorehouse, dbt build": (dbt, settings.environment())}
    if not alone:
        script = [sys.executable, __file__, "--filtered", str(raw), str(folder / "filtered.duckdb")]
        contenders["count(*) filter per code"] = (script, {})
    return compare("features (product rows)", n_products[0][0], contenders, runs)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the simulated parts here")
    parser.add_argument("--alone", action="store_true", help="without the contender")
    parser.add_argument("--filtered", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.filtered:
        run_filtered_counts(*options.filtered)
        return
    with tempfile.TemporaryDirectory(dir=PROJECT_ROOT / "data") as temporary:
        folder = options.folder or Path(temporary)
        rows = [
            row
            for applicants in options.applicants
            for row in measure(applicants, options.runs, folder, options.alone)
        ]
    report("features", rows)


if __name__ == "__main__":
    main()
