"""The model card: what the model is for, what it was built from, how good it is, what its limits are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from models_ml.registry.artifact import Artifact
from models_ml.report.card_text import CardText, card_text, measured_on
from models_ml.report.formats import between, number, share
from models_ml.report.layout import Tile
from models_ml.report.queries import Row, read
from models_ml.report.tables import Column, Table, ids, numbers, words

SIMULATED = (
    "Simulated data: the raw files were written by the simulator. Every figure here describes the simulator, not real "
    "applicants, and must not be quoted as if it did."
)
ORACLE = "oracle.parquet"
"""The simulator writes the true probabilities next to its raw files; a delivery from a bureau has no such file."""

METRICS = {
    "auc": ("AUC", "chance that a defaulter scores below an applicant who pays; 0.5 is random"),
    "gini": ("Gini", "2 AUC − 1"),
    "ks": ("KS", "largest distance between the score curves of defaulters and others"),
    "pr_auc": (
        "Average precision",
        "area under the precision-recall curve; compare with the default rate",
    ),
    "log_loss": ("Log loss", "nats per applicant, lower is better"),
    "brier": ("Brier score", "mean squared error of the PD, lower is better"),
    "ece": ("Calibration error", "mean distance between PD and default rate over equal bins"),
}
"""Names in the manifest, and how they are explained."""

IN_WAREHOUSE = {"pr_auc": "average_precision"}
"""Figures with another name in the monitoring table."""

INTERVALS = ("auc", "gini", "ks")
"""Figures for which the monitoring table has intervals."""

SLICES = (
    words("Slice", "name"),
    numbers("Applicants", "applicants"),
    numbers("Defaulted", "defaulted"),
    Column("Default rate", lambda s: share(s["defaulted"] / s["applicants"], 2)),
    ids("First id", "first_id"),
    ids("Last id", "last_id"),
)
FIGURES = (
    words("Figure", 0),
    words("Meaning", 1),
    Column("At training", lambda row: number(row[2]["value"], 4)),
    Column("95 % interval", lambda row: between(row[2]["low"], row[2]["high"])),
    ids("Now", 3),
    ids("95 % interval", 4),
)
MODELS = (
    words("Model", "model_version"),
    Column("State", lambda model: "champion" if model["is_champion"] else "", is_text=True),
    Column("Trained (UTC)", lambda model: f"{model['created_at']:%Y-%m-%d %H:%M}", is_text=True),
    Column("Last decision", lambda model: model["last_action"] or "never promoted", is_text=True),
    Column("Reason", lambda model: model["last_reason"] or "", is_text=True),
    numbers("AUC at training", "auc", 4),
    Column("Files", lambda model: "as trained" if model["is_as_trained"] else "damaged"),
)


@dataclass(frozen=True)
class Card:
    """Facts of the model card.

    Attributes:
        model: The model that gave the scores.
        totals: Who was scored, and which applicants the model is measured on.
        tiles: Key figures on the out-of-time applicants.
        metrics: All figures, at training and now.
        slices: Applicants that the model was built from.
        text: Its sentences.
        measured_on: Which applicants the current figures cover.
        versions: Libraries and hashes.
        registry: All models.
        caution: Sentence about simulated data; empty for other data.
    """

    model: Artifact
    totals: Row
    tiles: tuple[Tile, ...]
    metrics: Table
    slices: Table
    text: CardText
    measured_on: str
    versions: Table
    registry: Table
    caution: str


def simulated(raw: Path) -> str:
    """The sentence for every page about simulated applicants; empty for other data."""
    return SIMULATED if (raw / ORACLE).is_file() else ""


def read_card(
    connection: duckdb.DuckDBPyConnection, totals: Row, model: Artifact, raw: Path
) -> Card:
    """Put the facts of manifest and warehouse together."""
    (performance,) = read(connection, "performance")
    manifest = model.facts
    slices = manifest["data"]["slices"]
    return Card(
        model=model,
        totals=totals,
        tiles=_tiles(performance),
        metrics=_metrics(manifest["metrics"], performance),
        slices=Table(SLICES, [{"name": name.replace("_", " "), **s} for name, s in slices.items()]),
        versions=Table(
            (words("What", 0), words("Version", 1)),
            [
                ("Model", manifest["version"]),
                ("Trained", manifest["created_at"]),
                ("Seed", str(manifest["seed"])),
                ("Source commit", manifest["git_commit"] or "not recorded"),
                ("Python", manifest["python"]),
                *manifest["libraries"].items(),
                ("Feature contract (SHA-256)", manifest["contract_sha256"]),
                ("Training data (SHA-256)", manifest["data_sha256"]),
            ],
        ),
        text=card_text(model, totals, performance, bool(simulated(raw))),
        measured_on=measured_on(model, totals),
        registry=Table(MODELS, read(connection, "model_registry")),
        caution=simulated(raw),
    )


def _tiles(now: Row) -> tuple[Tile, ...]:
    ranking = [
        Tile(
            METRICS[name][0], number(now[name], 3), between(now[f"{name}_low"], now[f"{name}_high"])
        )
        for name in INTERVALS
    ]
    people = f"of {number(now['n_applicants'])} applicants"
    return (
        *ranking,
        Tile("Defaulted", share(now["default_rate"], 2), people),
        Tile("Expected (mean PD)", share(now["mean_pd"], 2), people),
    )


def _metrics(metrics: dict[str, Any], now: Row) -> Table:
    trained = metrics["out_of_time"]
    rows = []
    for name, (title, meaning) in METRICS.items():
        estimate, column = trained[name], IN_WAREHOUSE.get(name, name)
        interval = between(now[f"{column}_low"], now[f"{column}_high"]) if name in INTERVALS else ""
        rows.append((title, meaning, estimate, number(now.get(column), 4), interval))
    if folds := metrics.get("cross_validation"):
        meaning = f"over {folds['n_folds']} random folds: more favourable than the future, for comparison only"
        rows.append(("AUC, random split", meaning, folds["auc"], "", ""))
    return Table(FIGURES, rows)
