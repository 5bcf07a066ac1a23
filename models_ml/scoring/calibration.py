"""Calibration: from the raw score to a probability of default. Fitting it is `training.calibration_fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from scipy.special import expit

from models_ml.errors import ArtifactError

PD_FLOOR = 1e-6
"""PDs are kept within [PD_FLOOR, 1 - PD_FLOOR], so that odds and points are finite."""


class Calibration(Protocol):
    """What every method provides."""

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
        log_p, minus_log_rest = beta_terms(raw_scores)
        return _within_floor(expit(self.intercept + self.a * log_p + self.b * minus_log_rest))


@dataclass(frozen=True)
class IsotonicCalibration:
    """A non-decreasing line through the steps of isotonic regression (Zadrozny and Elkan 2002).

    Attributes:
        raw: Raw scores of the knots, ascending.
        risk: PD at each knot, non-decreasing.
    """

    method: ClassVar[str] = "isotonic"
    raw: tuple[float, ...]
    risk: tuple[float, ...]

    def pd(self, raw_scores: np.ndarray) -> np.ndarray:
        """PD of each raw score (log-odds), float64 of shape (N,)."""
        return _within_floor(np.interp(raw_scores, self.raw, self.risk))


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
    """Read what `calibration_to_json` wrote.

    Raises:
        ArtifactError: The method is unknown, or its numbers do not yield probabilities.
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
            f"The {values['method']} calibration does not yield probabilities: expected finite "
            f"numbers and risks from 0 to 1, found {dict(numbers)}. Train a new model with: scorehouse train"
        )
    calibration: Calibration = METHODS[values["method"]](**numbers)
    return calibration


def beta_terms(raw_scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log(p) and -log(1 - p) of p = sigmoid(raw)."""
    return -np.logaddexp(0.0, -raw_scores), np.logaddexp(0.0, raw_scores)


def _within_floor(pd: np.ndarray) -> np.ndarray:
    return np.clip(pd, PD_FLOOR, 1.0 - PD_FLOOR)
