"""Compares contributions with brute-force Shapley values over the business groups, for applicants in the warehouse.

All 256 hybrids of each applicant are scored by torch and LightGBM. Prints how often the top reason agrees and how
many of the top four, and the cpu time with and without reasons.

Usage: ``python benchmarks/reason_fidelity.py [applicants]``, with ``SCOREHOUSE_HOME`` as for the command line.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.shapley import Hybrids, shapley_values

from models_ml.features.batch import features_from_arrow
from models_ml.features.contract import read_contract
from models_ml.registry.artifact import load_artifact
from models_ml.registry.loading import load_scorer
from models_ml.registry.pointers import champion_path
from models_ml.scoring.reasons import N_REASONS, top_reasons
from models_ml.settings import Settings


def main(n_applicants: int) -> None:
    """Measure on a fixed sample of out-of-time applicants."""
    settings = Settings.from_environment()
    contract = read_contract(settings.dictionary)
    scorer = load_scorer(champion_path(settings.artifacts), contract)
    columns = ", ".join(f"f.{name}" for name in contract.data_types)
    with duckdb.connect(str(settings.warehouse.path), read_only=True) as connection:
        table = connection.execute(
            f"select {columns} from applicant_features as f inner join applicant_outcomes as o "
            "on f.id = o.id where o.split = 'out_of_time' order by hash(f.id), f.id limit ?",
            [n_applicants],
        ).to_arrow_table()
    features = features_from_arrow(table.combine_chunks().to_batches()[0], contract)
    start = time.process_time()
    scores = scorer.score(features)
    scored = time.process_time()
    found = scorer.contributions(features, scores)
    explained = time.process_time()
    artifact = load_artifact(champion_path(settings.artifacts))
    exact = shapley_values(Hybrids(artifact).log_odds(features))
    ours, theirs = top_reasons(found), top_reasons(exact)
    overlap = [len(set(a) & set(b)) / N_REASONS for a, b in zip(ours, theirs, strict=True)]
    sums = found.sum(axis=1) - (scores.log_odds - scorer.reference_scores.log_odds)
    print(f"{len(features)} applicants, model {scorer.version}")
    print(f"top reason agrees: {np.mean(ours[:, 0] == theirs[:, 0]):.1%} (goal 80 %)")
    print(f"overlap of the top {N_REASONS}: {np.mean(overlap):.3f} (goal 0.8)")
    print(f"correlation of contributions: {np.corrcoef(found.ravel(), exact.ravel())[0, 1]:.3f}")
    print(f"largest error of the sum: {np.abs(sums).max():.1e} (goal 1e-9)")
    pd_only, more = (
        (scored - start) / len(features) * 1e6,
        (explained - scored) / len(features) * 1e6,
    )
    print(f"cpu per applicant: PD {pd_only:.1f} us, reasons {more:.1f} us more")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
