"""What each part of the champion contributes, measured on the latest applicants and compared with the oracle.

    scorehouse train
    python benchmarks/ablation.py RAW_FOLDER

Contenders learn from the same train slice, stop by the same early-stopping slice and are measured on the same
out-of-time slice. "closed" is the share of the AUC gap between the organisers' configuration and the oracle. Flags are
drawn, so the AUC that the true probabilities expect is printed too. The oracle is read here, after all training, and
nowhere else. The table is kept in the champion's manifest under ``metrics.ablation``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models_ml.evaluation.metrics import auc_difference, estimate_auc
from models_ml.features.contract import FeatureContract
from models_ml.registry.artifact import add_metrics, load_artifact
from models_ml.registry.pointers import champion_path
from models_ml.runtime.console import console
from models_ml.settings import Settings
from models_ml.training.booster import BoosterRows, raw_scores
from models_ml.training.fitting import blended_scores, read_slices
from models_ml.training.settings import TrainingSettings, read_training_settings
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.sampling import sample
from models_ml.warehouse.tables import read_outcomes

RESULTS = Path(__file__).parent / "results"
SPLITS = ("train", "early_stopping", "out_of_time")
LOGISTIC_ROWS = 300_000
"""Most applicants that the logistic regression learns from: it wants all of them as floats at once."""

ORGANISERS = {
    "objective": "binary", "metric": "auc", "learning_rate": 0.05, "max_depth": 5, "num_leaves": 31,
    "feature_fraction": 0.3, "bagging_fraction": 0.6, "bagging_freq": 1, "lambda_l2": 1.0,
    "verbosity": -1, "deterministic": True, "force_col_wise": True,
}  # fmt: skip
ORGANISERS_TREES, ORGANISERS_PATIENCE = 2000, 100

CHAMPION = "counts and latent code, blended (champion)"

Slices = dict[str, BoosterRows]


def expected_auc(scores: np.ndarray, probability: np.ndarray) -> float:
    """AUC that the true probabilities expect of a score without ties, both of shape (N,)."""
    bad = probability[np.argsort(scores, kind="stable")]
    good = 1 - bad
    return float(bad @ (np.cumsum(good) - good / 2) / (bad.sum() * good.sum()))


def organisers(slices: Slices, contract: FeatureContract, training: TrainingSettings) -> np.ndarray:
    """LightGBM on code counts as in the organisers' example: rate 0.05, depth 5, up to 2,000 trees."""

    def counts(split: str) -> np.ndarray:
        return slices[split].tree_features[:, len(contract.scalars) :]

    parameters = {**ORGANISERS, "seed": training.seed, "num_threads": training.n_threads}
    train = lgb.Dataset(counts("train"), slices["train"].defaulted, params=parameters)
    watched = train.create_valid(counts("early_stopping"), slices["early_stopping"].defaulted)
    stop = lgb.early_stopping(ORGANISERS_PATIENCE, verbose=False)
    booster = lgb.train(parameters, train, ORGANISERS_TREES, [watched], callbacks=[stop])
    console.print(f"  {booster.best_iteration} trees")
    return np.asarray(booster.predict(counts("out_of_time"), raw_score=True))


def stacked(slices: Slices, training: TrainingSettings) -> np.ndarray:
    """The champion's kind of LightGBM, with the encoder's log-odds as one more column."""

    def columns(split: str) -> np.ndarray:
        rows = slices[split]
        return np.column_stack([rows.tree_features.astype(np.float32), rows.log_odds])

    parameters = training.booster.parameters(training.seed, training.n_threads)
    train = lgb.Dataset(columns("train"), slices["train"].defaulted, params=parameters)
    watched = train.create_valid(columns("early_stopping"), slices["early_stopping"].defaulted)
    stop = lgb.early_stopping(training.booster.early_stopping_rounds, verbose=False)
    booster = lgb.train(parameters, train, training.booster.n_trees, [watched], callbacks=[stop])
    return np.asarray(booster.predict(columns("out_of_time"), raw_score=True))


def logistic(slices: Slices) -> np.ndarray:
    """Logistic regression on code counts over the root of the number of products."""

    def scaled(rows: BoosterRows) -> np.ndarray:
        counts = rows.tree_features.astype(np.float32)
        return counts / np.sqrt(np.maximum(counts[:, :1], 1))

    n_train = len(slices["train"])
    latest = np.arange(max(0, n_train - LOGISTIC_ROWS), n_train)
    train = slices["train"].take(latest)
    scaler = StandardScaler().fit(scaled(train))
    regression = LogisticRegression(C=1e-3, max_iter=200)
    regression.fit(scaler.transform(scaled(train)), train.defaulted)
    return regression.decision_function(scaler.transform(scaled(slices["out_of_time"])))


def main() -> None:
    """Print the table, write it below ``benchmarks/results`` and into the champion's manifest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, help="raw folder with oracle.parquet")
    folder = parser.parse_args().raw
    settings = Settings.from_environment()
    artifact_folder = champion_path(settings.artifacts)
    artifact = load_artifact(artifact_folder)
    recorded = artifact.facts["settings"]
    training = read_training_settings(seed=recorded["seed"], sample=recorded["sample"])
    contract = artifact.contract
    with open_warehouse(settings.warehouse) as connection:
        outcomes = sample(read_outcomes(connection), training.sample, training.seed)
        weights = {name: np.asarray(value) for name, value in artifact.weights.items()}
        slices = read_slices(connection, contract, outcomes, weights, training, SPLITS)
    latest = slices["out_of_time"]
    scores = {
        "LightGBM on code counts, organisers' configuration": organisers(
            slices, contract, training
        ),
        "logistic regression on counts": logistic(slices),
        "counts only": raw_scores(artifact.booster, latest),
        "latent code only, its log-odds": latest.log_odds.astype(np.float64),
        "counts and the encoder's log-odds in one LightGBM": stacked(slices, training),
        CHAMPION: blended_scores(artifact.booster, artifact.blend, latest),
    }
    oracle = pq.read_table(folder / "oracle.parquet").to_pandas().set_index("id")["probability"]
    probability = oracle.loc[outcomes.ids[outcomes.splits == "out_of_time"]].to_numpy()
    scores["oracle"] = probability

    first = next(iter(scores.values()))
    found, expected = {}, {}
    for name, score in scores.items():
        found[name] = estimate_auc(score, latest.defaulted)
        expected[name] = expected_auc(score, probability)
    lowest, highest = next(iter(found)), "oracle"
    rows = [
        {
            "contender": name,
            "auc": found[name].to_json(),
            "over_organisers": auc_difference(score, first, latest.defaulted).to_json(),
            "closed": (found[name].value - found[lowest].value)
            / (found[highest].value - found[lowest].value),
            "expected_auc": expected[name],
            "expected_closed": (expected[name] - expected[lowest])
            / (expected[highest] - expected[lowest]),
        }
        for name, score in scores.items()
    ]
    gain = auc_difference(scores[CHAMPION], scores["counts only"], latest.defaulted)
    table = [
        "| contender | AUC (95 % interval) | over the organisers', paired | closed | expected AUC | closed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        over = row["over_organisers"]
        table.append(
            f"| {row['contender']} | {found[row['contender']]} | {over['value']:+.4f} "
            f"({over['low']:+.4f} to {over['high']:+.4f}) | {row['closed']:.0%} | "
            f"{row['expected_auc']:.4f} | {row['expected_closed']:.0%} |"
        )
    table += [
        "",
        f"Counts and latent code over counts only, paired: {gain.value:+.4f} ({gain.low:+.4f} to "
        f"{gain.high:+.4f}). {len(latest):,} applicants out of time, {int(latest.defaulted.sum()):,} "
        f"defaulted; {len(slices['train']):,} to learn from. Model {artifact.version}.",
        "",
    ]
    text = "\n".join(table)
    print(text)
    add_metrics(artifact_folder, {"ablation": rows, "latent_gain": gain.to_json()})
    (RESULTS / "ablation.md").write_text(text, encoding="utf-8")
    (RESULTS / "ablation.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
