"""Fits the calibration: Platt, beta and isotonic compared by cross-validated log loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models_ml.scoring.calibration import (
    BetaCalibration,
    Calibration,
    IsotonicCalibration,
    PlattCalibration,
    beta_terms,
)

N_FOLDS = 5
"""Folds of the calibration slice on which the methods are compared."""


@dataclass(frozen=True)
class CalibrationChoice:
    """The chosen method and why.

    Attributes:
        calibration: The method with the smallest log loss, fitted on the whole slice.
        log_losses: Cross-validated log loss of every method, nats.
    """

    calibration: Calibration
    log_losses: Mapping[str, float]


def choose_calibration(raw_scores: np.ndarray, defaulted: np.ndarray) -> CalibrationChoice:
    """Compare Platt, beta and isotonic by cross-validation within the slice and fit the best.

    Folds are dealt out by rank of the raw score, so every fold covers the whole range, whatever the order of the rows.

    Args:
        raw_scores: Log-odds from the booster, float64 of shape (N,).
        defaulted: Outcomes 0 or 1, shape (N,); any `N_FOLDS` - 1 folds must contain both.
    """
    order = np.argsort(raw_scores, kind="stable")
    folds = np.empty(len(order), dtype=np.int64)
    folds[order] = np.arange(len(order)) % N_FOLDS
    log_losses = {}
    for method, fit in FITS.items():
        pd = np.empty(len(raw_scores))
        for fold in range(N_FOLDS):
            inside, outside = folds == fold, folds != fold
            pd[inside] = fit(raw_scores[outside], defaulted[outside]).pd(raw_scores[inside])
        log_losses[method] = log_loss(pd, defaulted)
    best = min(log_losses, key=log_losses.__getitem__)
    return CalibrationChoice(FITS[best](raw_scores, defaulted), log_losses)


def fit_platt(raw_scores: np.ndarray, defaulted: np.ndarray) -> PlattCalibration:
    """Fit by maximum likelihood."""
    regression = fit_logistic(raw_scores.reshape(-1, 1), defaulted)
    return PlattCalibration(float(regression.intercept_[0]), float(regression.coef_[0, 0]))


def fit_beta(raw_scores: np.ndarray, defaulted: np.ndarray) -> BetaCalibration:
    """Fit by maximum likelihood; a term whose weight would be negative is left out, as its authors do."""
    terms = np.column_stack(beta_terms(raw_scores))
    weights, intercept = np.zeros(2), 0.0
    used = [0, 1]
    while used:
        regression = fit_logistic(terms[:, used], defaulted)
        if (regression.coef_[0] >= 0).all():
            weights[used], intercept = regression.coef_[0], float(regression.intercept_[0])
            break
        used.pop(int(np.argmin(regression.coef_[0])))
    return BetaCalibration(intercept, float(weights[0]), float(weights[1]))


def fit_isotonic(raw_scores: np.ndarray, defaulted: np.ndarray) -> IsotonicCalibration:
    """Fit by pooling adjacent violators."""
    regression = IsotonicRegression(out_of_bounds="clip").fit(raw_scores, defaulted)
    return IsotonicCalibration(
        tuple(regression.X_thresholds_.tolist()), tuple(regression.y_thresholds_.tolist())
    )


FITS: Mapping[str, Callable[[np.ndarray, np.ndarray], Calibration]] = {
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def fit_logistic(terms: np.ndarray, defaulted: np.ndarray) -> LogisticRegression:
    """Logistic regression without a penalty."""
    return LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(terms, defaulted)


def log_loss(pd: np.ndarray, defaulted: np.ndarray) -> float:
    """Mean negative log-likelihood of outcomes, nats."""
    return float(-np.mean(np.log(np.where(defaulted == 1, pd, 1 - pd))))
