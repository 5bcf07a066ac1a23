"""Calibration: from the booster's raw score to a probability of default, chosen by cross-validated log loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from scipy.special import expit

from models_ml.errors import ArtifactError

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

PD_FLOOR = 1e-6
"""PDs are kept within [PD_FLOOR, 1 - PD_FLOOR], so that odds and points are finite."""

N_FOLDS = 5
"""Folds within the calibration slice that compare the methods."""


class Calibration(Protocol):
    """What every method gives."""

    method: ClassVar[str]

    def pd(self, raw_scores: np.ndarray) -> np.ndarray:
        """PD of each raw score (log-odds), float64 of shape (N,)."""


@dataclass(frozen=True)
class PlattCalibration:
    """``log-odds = intercept + slope * raw`` (Platt 1999).

    Attributes:
        intercept: Log-odds at raw score 0.
        slope: Log-odds per unit of raw score.
    """

    method: ClassVar[str] = "platt"
    intercept: float
    slope: float

    def pd(self, raw_scores: np.ndarray) -> np.ndarray:
        """PD of each raw score (log-odds), float64 of shape (N,)."""
        return _within_floor(expit(self.intercept + self.slope * raw_scores))


@dataclass(frozen=True)
class BetaCalibration:
    """``log-odds = intercept + a * log(p) - b * log(1 - p)`` with p the raw probability (Kull et al. 2017).

    Attributes:
        intercept: Shift of the log-odds.
        a: Weight of log(p), at least 0.
        b: Weight of -log(1 - p), at least 0.
    """

    method: ClassVar[str] = "beta"
    intercept: float
    a: float
    b: float

    def pd(self, raw_scores: np.ndarray) -> np.ndarray:
        """PD of each raw score (log-odds), float64 of shape (N,)."""
        log_p, minus_log_rest = _beta_terms(raw_scores)
        return _within_floor(expit(self.intercept + self.a * log_p + self.b * minus_log_rest))


@dataclass(frozen=True)
class IsotonicCalibration:
    """A rising line through the steps of isotonic regression (Zadrozny and Elkan 2002).

    Attributes:
        raw: Raw scores of the corners, ascending.
        risk: PD at each corner, never falling.
    """

    method: ClassVar[str] = "isotonic"
    raw: tuple[float, ...]
    risk: tuple[float, ...]

    def pd(self, raw_scores: np.ndarray) -> np.ndarray:
        """PD of each raw score (log-odds), float64 of shape (N,)."""
        return _within_floor(np.interp(raw_scores, self.raw, self.risk))


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

    Folds go by rank of the raw score, so that every fold covers all scores, whatever the order of the rows.

    Args:
        raw_scores: Log-odds from the booster, float64 of shape (N,).
        defaulted: Outcomes 0 or 1, shape (N,); both occur in every four of `N_FOLDS` folds.
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
        log_losses[method] = float(-np.mean(np.log(np.where(defaulted == 1, pd, 1 - pd))))
    best = min(log_losses, key=log_losses.__getitem__)
    return CalibrationChoice(FITS[best](raw_scores, defaulted), log_losses)


def fit_platt(raw_scores: np.ndarray, defaulted: np.ndarray) -> PlattCalibration:
    """Fit by maximum likelihood."""
    regression = _logistic(raw_scores.reshape(-1, 1), defaulted)
    return PlattCalibration(float(regression.intercept_[0]), float(regression.coef_[0, 0]))


def fit_beta(raw_scores: np.ndarray, defaulted: np.ndarray) -> BetaCalibration:
    """Fit by maximum likelihood; a term whose weight would be negative is left out, as its authors do."""
    terms = np.column_stack(_beta_terms(raw_scores))
    weights, intercept = np.zeros(2), 0.0
    used = [0, 1]
    while used:
        regression = _logistic(terms[:, used], defaulted)
        if (regression.coef_[0] >= 0).all():
            weights[used], intercept = regression.coef_[0], float(regression.intercept_[0])
            break
        used.pop(int(np.argmin(regression.coef_[0])))
    return BetaCalibration(intercept, float(weights[0]), float(weights[1]))


def fit_isotonic(raw_scores: np.ndarray, defaulted: np.ndarray) -> IsotonicCalibration:
    """Fit by pooling adjacent violators."""
    from sklearn.isotonic import IsotonicRegression  # slow to import, and scoring needs none of it

    regression = IsotonicRegression(out_of_bounds="clip").fit(raw_scores, defaulted)
    return IsotonicCalibration(
        tuple(regression.X_thresholds_.tolist()), tuple(regression.y_thresholds_.tolist())
    )


FITS: Mapping[str, Callable[[np.ndarray, np.ndarray], Calibration]] = {
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}
METHODS: Mapping[str, Callable[..., Calibration]] = {
    kind.method: kind for kind in (PlattCalibration, BetaCalibration, IsotonicCalibration)
}


def calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    """The method and its numbers as JSON values."""
    values: dict[str, Any] = {"method": calibration.method}
    for item in fields(calibration):  # type: ignore[arg-type]
        value = getattr(calibration, item.name)
        values[item.name] = list(value) if isinstance(value, tuple) else value
    return values


def calibration_from_json(values: Mapping[str, Any]) -> Calibration:
    """Read what `calibration_to_json` gave.

    Raises:
        ArtifactError: The method is not known, or its numbers do not give probabilities.
    """
    numbers = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name != "method"
    }
    if values.get("method") not in METHODS:
        raise ArtifactError(
            f"Calibration method {values.get('method')!r} is unknown; expected one of "
            f"{', '.join(METHODS)}. Train a new model with: scorehouse train"
        )
    flat = np.concatenate([np.ravel(value) for value in numbers.values()]).astype(np.float64)
    risk = np.array(numbers.get("risk", ()), dtype=np.float64)
    if not (np.isfinite(flat).all() and ((risk >= 0) & (risk <= 1)).all()):
        raise ArtifactError(
            f"The calibration {values['method']} does not give probabilities: its numbers are "
            f"{dict(numbers)}. Train a new model with: scorehouse train"
        )
    calibration: Calibration = METHODS[values["method"]](**numbers)
    return calibration


def _logistic(terms: np.ndarray, defaulted: np.ndarray) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(terms, defaulted)


def _beta_terms(raw_scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log(p) and -log(1 - p) of p = sigmoid(raw)."""
    return -np.logaddexp(0.0, -raw_scores), np.logaddexp(0.0, raw_scores)


def _within_floor(pd: np.ndarray) -> np.ndarray:
    return np.clip(pd, PD_FLOOR, 1.0 - PD_FLOOR)
