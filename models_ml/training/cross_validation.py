"""Cross-validation on random stratified folds, for comparison with published figures.

A random split flatters a model: it is asked about applicants from periods it has learnt from. The out-of-time figures
are the ones to trust.
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
from models_ml.training.fitting import score_held_out
from models_ml.training.settings import TrainingSettings
from models_ml.warehouse.sampling import shuffle_keys
from models_ml.warehouse.tables import Outcomes

STOPPING_PARTS = 10
"""One in so many of the applicants outside a fold is used for early stopping."""


@dataclass(frozen=True)
class CrossValidation:
    """AUC on stratified folds.

    Attributes:
        n_folds: Number of folds.
        fold_aucs: AUC on each fold, by the model trained on the others.
        mean_auc: Mean of these.
        auc: AUC of the out-of-fold scores of all applicants, with its interval.
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
    """Train and score once per fold; folds that an interrupted training finished are not repeated.

    Raises:
        InputDataError: A fold, or the slice for its early stopping, has too few defaulters.
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
    """Part of each applicant, int64 of shape (N,); each part gets the same share of defaulters.

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
    scores, _ = score_held_out(
        connection, contract, replace(outcomes, splits=splits), training, "out_of_time"
    )
    return scores
