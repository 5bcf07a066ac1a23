"""Our training compared with the common recipe: time, memory, AUC and calibration on the same latest applicants.

Both start from the raw parts. Ours is the dbt build of the features and ``scorehouse train``; the recipe is
``benchmarks/recipe.py``. The true default probabilities of the simulated applicants (the oracle, which neither of them
reads) show the best AUC that is possible.

    python benchmarks/training.py --applicants 60000 --runs 1
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
from harness import Row, compare, report

from models_ml.evaluation.ranking import auc
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.simulator import SimulationSettings, simulate
from models_ml.training.job import train
from models_ml.warehouse.dbt import run_dbt

RECIPE = Path(__file__).with_name("recipe.py")


def train_ours(settings: Settings) -> None:
    """Features and model from nothing; prints the figures."""
    shutil.rmtree(settings.home, ignore_errors=True)
    run_dbt(settings, ("build", "--selector", "features"))
    metrics = train(settings).out_of_time
    print(json.dumps({"auc": metrics.auc.value, "ece": metrics.ece.value}))


def oracle_auc(settings: Settings) -> float:
    """AUC of the true probabilities on the latest applicants."""
    with duckdb.connect(str(settings.warehouse.path), read_only=True) as connection:
        table = connection.execute(
            "select oracle.probability, outcomes.defaulted from applicant_outcomes as outcomes "
            "inner join read_parquet(?) as oracle on outcomes.id = oracle.id "
            "where outcomes.split = 'out_of_time'",
            [str(settings.raw / "oracle.parquet")],
        ).fetchnumpy()
    return auc(table["probability"], table["defaulted"])


def measure(applicants: int, runs: int, folder: Path) -> list[Row]:
    """Rows of the results table for one number of applicants."""
    settings = Settings(folder / f"raw_{applicants}", folder / f"training_{applicants}")
    if not (settings.raw / "train_target.csv").exists():
        simulate(SimulationSettings(applicants=applicants), settings.raw)
    # The recipe needs the split, which is in the warehouse.
    run_dbt(settings, ("build", "--select", "+applicant_outcomes"))
    outcomes = folder / f"outcomes_{applicants}.parquet"
    with duckdb.connect(str(settings.warehouse.path), read_only=True) as connection:
        connection.table("applicant_outcomes").write_parquet(str(outcomes))
    oracle = round(oracle_auc(settings), 6)
    contenders = {
        "scorehouse": ([sys.executable, __file__, "--ours"], settings.environment()),
        "common recipe": ([sys.executable, str(RECIPE), str(settings.raw), str(outcomes)], {}),
    }
    rows = compare("training (applicants)", applicants, contenders, runs)
    return [replace(row, figures={**row.figures, "oracle_auc": oracle}) for row in rows]


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, nargs="+", default=[60_000])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the simulated parts here")
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        train_ours(Settings.from_environment())
        return
    with tempfile.TemporaryDirectory(dir=PROJECT_ROOT / "data") as temporary:
        folder = options.folder or Path(temporary)
        rows = [
            row
            for applicants in options.applicants
            for row in measure(applicants, options.runs, folder)
        ]
    report("training", rows)


if __name__ == "__main__":
    main()
