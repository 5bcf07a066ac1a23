"""LightGBM on counts and scalars."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from models_ml.runtime.console import Progress
from models_ml.scoring.trees import read_forest

PIECE_ROWS = 8192
"""Rows converted to floats for LightGBM at a time, which bounds memory."""


@dataclass(frozen=True)
class BoosterSettings:
    """Settings of LightGBM, named in the terms of its documentation.

    Attributes:
        learning_rate: Shrinkage per tree.
        n_trees: Most trees; early stopping usually ends training sooner.
        early_stopping_rounds: Stop after this many trees without a better log loss on the early-stopping slice.
        n_leaves: Leaves per tree.
        min_leaf_rows: Fewest applicants in a leaf.
        feature_share: Share of columns tried per tree.
        n_bins: Most bins per column.
        l2: Weight of the L2 penalty on leaf values.
        negative_share: Share of the applicants without default that are used, weighted up to make up for the rest.
    """

    learning_rate: float = 0.05
    n_trees: int = 600
    early_stopping_rounds: int = 50
    n_leaves: int = 24
    min_leaf_rows: int = 100
    feature_share: float = 0.3
    n_bins: int = 63
    l2: float = 10.0
    negative_share: float = 1.0

    def parameters(self, seed: int, n_threads: int) -> dict[str, object]:
        """Parameters for ``lightgbm.train``; deterministic for a given seed, whatever the number of threads."""
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.n_leaves,
            "min_data_in_leaf": self.min_leaf_rows,
            "feature_fraction": self.feature_share,
            "max_bin": self.n_bins,
            "lambda_l2": self.l2,
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": n_threads,
            "verbosity": -1,
        }


@dataclass(frozen=True)
class BoosterRows:
    """What the booster reads and is blended with; counts stay bytes until LightGBM asks for a piece.

    Attributes:
        tree_features: Scalars and counts, uint8 of shape (N, n_tree_features).
        log_odds: Log-odds of default by the encoder, float32 of shape (N,).
        defaulted: 0 or 1, uint8 of shape (N,).
    """

    tree_features: np.ndarray
    log_odds: np.ndarray
    defaulted: np.ndarray

    def __len__(self) -> int:
        return len(self.defaulted)

    def take(self, rows: np.ndarray) -> BoosterRows:
        """Chosen rows."""
        return BoosterRows(self.tree_features[rows], self.log_odds[rows], self.defaulted[rows])


class _Pieces(lgb.Sequence):
    """Rows for LightGBM's binning, made piece by piece: a float matrix of 1.8 M rows would take 7 GB."""

    batch_size = PIECE_ROWS

    def __init__(self, rows: BoosterRows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | slice | list[int]) -> np.ndarray:
        if isinstance(index, slice):
            return self.rows.tree_features[index].astype(np.float64)
        matrix = self.rows.tree_features[np.atleast_1d(index)].astype(np.float64)
        return matrix[0] if np.isscalar(index) else matrix


def fit_booster(
    train: BoosterRows,
    early_stopping: BoosterRows,
    feature_names: tuple[str, ...],
    settings: BoosterSettings,
    seed: int,
    n_threads: int,
    progress: Progress,
) -> str:
    """Train until log loss on the early-stopping slice stops improving.

    Args:
        train: Applicants to learn from.
        early_stopping: Applicants that decide when to stop.
        feature_names: Names of the K columns.
        settings: Settings of LightGBM.
        seed: Of the sampling of columns and of applicants without default.
        n_threads: Threads of LightGBM.
        progress: Updated after every tree.

    Returns:
        The booster as LightGBM's text, cut at its best tree.
    """
    parameters = settings.parameters(seed, n_threads)
    used, weights = _sample_negatives(train.defaulted, settings.negative_share, seed)
    rows = train if len(used) == len(train) else train.take(used)
    train_set = lgb.Dataset(
        _Pieces(rows),
        rows.defaulted,
        weight=weights,
        feature_name=list(feature_names),
        params=parameters,
    )
    stopping_set = train_set.create_valid(_Pieces(early_stopping), early_stopping.defaulted)

    def count_tree(environment: lgb.callback.CallbackEnv) -> None:
        progress.set_done(environment.iteration + 1)

    booster = lgb.train(
        parameters,
        train_set,
        num_boost_round=settings.n_trees,
        valid_sets=[stopping_set],
        callbacks=[
            lgb.early_stopping(settings.early_stopping_rounds, verbose=False),
            count_tree,
        ],
    )
    return without_thread_count(booster.model_to_string(num_iteration=booster.best_iteration))


def raw_scores(booster: str, rows: BoosterRows) -> np.ndarray:
    """Log-odds before calibration, float64 of shape (N,), by the kernel that scores.

    Args:
        booster: LightGBM's text. Its own loader never reads it, because a malformed text can make that abort.
        rows: The applicants.
    """
    return read_forest(booster).raw_scores(rows.tree_features)


def without_thread_count(text: str) -> str:
    """Drop the number of threads, which LightGBM writes into the text although the model does not depend on it."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("[num_threads:"))


def _sample_negatives(
    defaulted: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Every defaulter and a share of the others, weighted up to make up for the rest."""
    if share >= 1:
        return np.arange(len(defaulted)), None
    kept = np.random.default_rng(seed).random(len(defaulted)) < share
    used = np.flatnonzero(kept | (defaulted == 1))
    return used, np.where(defaulted[used] == 1, 1.0, 1.0 / share)
