"""Fits encoder, booster and their blend, each on its slice of the applicants."""

from __future__ import annotations

import duckdb
import numpy as np

from models_ml.features.contract import FeatureContract
from models_ml.runtime.console import Progress, step
from models_ml.scoring.blend import Blend
from models_ml.scoring.encoder import make_encoder
from models_ml.scoring.trees import read_forest
from models_ml.training.booster import BoosterRows, fit_booster, raw_scores
from models_ml.training.calibration_fit import fit_logistic
from models_ml.training.data import application_times, check_slices, read_booster_rows
from models_ml.training.encoder_fit import EncoderRows, Watch, fit_encoder
from models_ml.training.settings import TrainingSettings
from models_ml.warehouse.sampling import rows_of
from models_ml.warehouse.tables import SPLITS, Outcomes, read_features

HELD_OUT_APPLICANTS = 40_000
"""Most early-stopping applicants on which the encoder's held-out loss is measured."""


def fit_encoder_weights(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
    watch: Watch | None = None,
) -> dict[str, np.ndarray]:
    """Train the autoencoder on the train slice; the early-stopping slice gives its held-out loss.

    Args:
        connection: The warehouse.
        contract: The feature contract.
        outcomes: Applicants and their slices.
        training: All settings.
        watch: Called with the held-out loss after each epoch.

    Returns:
        Its weights by name, float32.
    """
    times = application_times(outcomes)

    def read(split: str, n_most: int) -> EncoderRows:
        rows = rows_of(outcomes, split, n_most, training.seed)
        features = read_features(connection, contract, outcomes.ids[rows])
        return EncoderRows(features.recent, outcomes.defaulted[rows], times[rows])

    with step("Reading products"):
        rows = read("train", training.encoder.max_applicants)
        held_out = read("early_stopping", HELD_OUT_APPLICANTS)
    n_steps = training.encoder.n_steps(len(rows))
    with step("Training the autoencoder"), Progress("steps", n_steps) as progress:
        encoder = fit_encoder(
            rows,
            held_out,
            contract,
            training.autoencoder,
            training.encoder,
            training.seed,
            progress,
            watch,
        )
    return {name: value.numpy() for name, value in encoder.state_dict().items()}


def read_slices(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    weights: dict[str, np.ndarray],
    training: TrainingSettings,
    splits: tuple[str, ...] = SPLITS,
) -> dict[str, BoosterRows]:
    """Rows of each slice as the booster reads them, with the encoder's log-odds."""
    encoder = make_encoder(weights, contract)
    n_applicants = int(np.isin(outcomes.splits, splits).sum())
    with (
        step("Reading and encoding features"),
        Progress("applicants", n_applicants) as progress,
    ):
        return {
            split: read_booster_rows(
                connection, contract, outcomes, split, encoder, training.n_threads, progress
            )
            for split in splits
        }


def fit_trees(
    names: tuple[str, ...], slices: dict[str, BoosterRows], training: TrainingSettings
) -> str:
    """Train LightGBM on the train slice; the early-stopping slice decides when to stop.

    Args:
        names: Names of the tree features.
        slices: Rows by slice.
        training: All settings.

    Returns:
        The booster as LightGBM's text.
    """
    with step("Training LightGBM"), Progress("trees", training.booster.n_trees) as progress:
        booster = fit_booster(
            slices["train"],
            slices["early_stopping"],
            names,
            training.booster,
            training.seed,
            training.n_threads,
            progress,
        )
        progress.note(f"{len(read_forest(booster).trees.first_inner) - 1} trees")
    return booster


def fit_blend(booster: str, rows: BoosterRows) -> Blend:
    """Weights of booster and encoder by maximum likelihood; one that would be negative is left out.

    Args:
        booster: LightGBM's text.
        rows: Applicants that neither has learnt from.
    """
    terms = np.column_stack([raw_scores(booster, rows), rows.log_odds]).astype(np.float64)
    trees, log_odds = fit_logistic(terms, rows.defaulted).coef_[0]
    if trees < 0:
        return Blend(trees=0.0, log_odds=1.0)
    if log_odds < 0:
        return Blend(trees=1.0, log_odds=0.0)
    return Blend(trees=float(trees), log_odds=float(log_odds))


def blended_scores(booster: str, blend: Blend, rows: BoosterRows) -> np.ndarray:
    """Raw scores of encoder and booster together, float64 of shape (N,)."""
    return blend.raw_scores(raw_scores(booster, rows), rows.log_odds)


def score_held_out(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
    split: str,
    watch: Watch | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit encoder, booster and blend, and score the applicants of another slice.

    Args:
        connection: The warehouse.
        contract: The feature contract.
        outcomes: Applicants and their slices.
        training: All settings.
        split: Slice to score, neither train nor early_stopping.
        watch: Called with the held-out loss of the encoder after each epoch.

    Returns:
        Raw scores, float64, and outcomes 0 or 1, both of shape (N,).

    Raises:
        InputDataError: One of the three slices has too few applicants of either outcome.
    """
    splits = ("train", "early_stopping", split)
    check_slices(outcomes, splits)
    weights = fit_encoder_weights(connection, contract, outcomes, training, watch)
    slices = read_slices(connection, contract, outcomes, weights, training, splits)
    booster = fit_trees(contract.tree_feature_names, slices, training)
    blend = fit_blend(booster, slices["early_stopping"])
    return blended_scores(booster, blend, slices[split]), slices[split].defaulted
