"""The figure of a random split: stratified folds over all applicants, to compare with published ones.

A random split is kinder than the future: a model is asked about applicants of times it has learnt from. The
out-of-time figures stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np

from models_ml.evaluation.metrics import Estimate, estimate_auc
from models_ml.evaluation.ranking import auc
from models_ml.features.contract import FeatureContract
from models_ml.runtime.console import console
from models_ml.training.checkpoints import Stages
from models_ml.training.data import check_slices
from models_ml.training.fitting import (
    blend_by,
    blended_scores,
    fit_encoder_weights,
    fit_trees,
    read_slices,
)
from models_ml.training.settings import TrainingSettings
from models_ml.warehouse.sampling import shuffle_keys
from models_ml.warehouse.tables import Outcomes

STOPPING_PARTS = 10
"""One of so many parts of the applicants outside a fold stops the training."""
FOLD_SPLITS = ("train", "early_stopping", "out_of_time")
"""Slices of a fold; the fold itself is in the place of the out-of-time slice."""


@dataclass(frozen=True)
class CrossValidation:
    """AUC over stratified folds.

    Attributes:
        n_folds: Number of folds.
        fold_aucs: AUC on each fold of the model trained on the others.
        mean_auc: Mean of these.
        auc: AUC of all applicants by their out-of-fold scores, with its interval.
    """

    n_folds: int
    fold_aucs: tuple[float, ...]
    mean_auc: float
    auc: Estimate

    def __str__(self) -> str:
        return f"{self.mean_auc:.4f} mean of {self.n_folds} folds, {self.auc} out of fold"

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "n_folds": self.n_folds,
            "fold_aucs": list(self.fold_aucs),
            "mean_auc": self.mean_auc,
            "auc": self.auc.to_json(),
        }


def cross_validate(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
    n_folds: int,
    stages: Stages,
) -> CrossValidation:
    """Train and score once per fold; a fold that an interrupted run finished is not trained again.

    Raises:
        InputDataError: A fold, or what stops its training, has too few defaulters.
    """
    folds = stratified_parts(outcomes, n_folds, training.seed)
    scores = np.empty(len(outcomes))
    for fold in range(n_folds):
        console.print(f"Fold {fold + 1} of {n_folds}", style="bold")
        inside = folds == fold
        name = f"fold_{fold + 1}_of_{n_folds}.f64"
        of_fold = stages.get(name, lambda content: np.frombuffer(content))
        if of_fold is None or len(of_fold) != inside.sum():
            of_fold = _score_fold(connection, contract, outcomes, training, inside)
            stages.put(name, of_fold.tobytes())
        scores[inside] = of_fold
    fold_aucs = tuple(
        auc(scores[folds == fold], outcomes.defaulted[folds == fold]) for fold in range(n_folds)
    )
    return CrossValidation(
        n_folds, fold_aucs, float(np.mean(fold_aucs)), estimate_auc(scores, outcomes.defaulted)
    )


def stratified_parts(outcomes: Outcomes, n_parts: int, seed: int) -> np.ndarray:
    """Part of each applicant, int64 of shape (N,); defaulters and others are dealt out alike.

    The part depends on ids, outcomes and the seed, not on the order of rows.
    """
    parts = np.empty(len(outcomes), dtype=np.int64)
    keys = shuffle_keys(outcomes.ids, seed)
    for outcome in (0, 1):
        rows = np.flatnonzero(outcomes.defaulted == outcome)
        parts[rows[np.argsort(keys[rows])]] = np.arange(len(rows)) % n_parts
    return parts


def _score_fold(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
    inside: np.ndarray,
) -> np.ndarray:
    """Raw scores of the applicants of a fold by a model trained on the others, float64."""
    parts = stratified_parts(outcomes, STOPPING_PARTS, training.seed + 1)
    splits = np.select([inside, parts == 0], ["out_of_time", "early_stopping"], "train")
    split = replace(outcomes, splits=splits)
    check_slices(split, FOLD_SPLITS)
    weights = fit_encoder_weights(connection, contract, split, training)
    slices = read_slices(connection, contract, split, weights, training, FOLD_SPLITS)
    booster = fit_trees(contract.tree_feature_names, slices, training)
    blend = blend_by(booster, slices["early_stopping"])
    return blended_scores(booster, blend, slices["out_of_time"])
