"""Figures that say how good a model is, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models_ml.evaluation.ranking import Ranked, resamples
from models_ml.evaluation.tables import (
    CalibrationBin,
    Decile,
    TimeSlice,
    band_bins,
    calibration_bins,
    deciles,
    time_slices,
)

METRICS = ("auc", "gini", "ks", "pr_auc", "log_loss", "brier", "ece")


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """The figure as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True)
class Metrics:
    """Figures of one model on one slice of applicants.

    Attributes:
        n_applicants: Applicants in the slice.
        default_rate: Share of them that defaulted.
        mean_pd: Mean PD, to compare with the default rate.
        auc: Area under the ROC curve.
        gini: ``2 * auc - 1``.
        ks: Largest distance between the score distributions of defaulters and others.
        pr_auc: Average precision: area under the precision-recall steps.
        log_loss: Mean negative log likelihood, nats.
        brier: Mean squared error of the PD.
        ece: Expected calibration error over `ECE_BINS` equal-size bins (Naeini et al. 2015).
        deciles: Lift and gains, riskiest decile first.
        calibration_bins: Mean PD and default rate of equal-size bins, safest first.
        bands: The same by risk band, safest first; empty without bands.
        time_slices: AUC by application order.
    """

    n_applicants: int
    default_rate: float
    mean_pd: float
    auc: Estimate
    gini: Estimate
    ks: Estimate
    pr_auc: Estimate
    log_loss: Estimate
    brier: Estimate
    ece: Estimate
    deciles: tuple[Decile, ...]
    calibration_bins: tuple[CalibrationBin, ...]
    bands: tuple[CalibrationBin, ...]
    time_slices: tuple[TimeSlice, ...]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return asdict(self)


def measure(
    pd: np.ndarray,
    defaulted: np.ndarray,
    ids: np.ndarray | None = None,
    bands: np.ndarray | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Metrics:
    """Measure PDs against outcomes.

    Args:
        pd: Probabilities of default, float64 of shape (N,).
        defaulted: 0 or 1, shape (N,); both occur.
        ids: Application numbers of shape (N,), for the time slices; without them there are none.
        bands: Letter of each applicant's risk band, shape (N,); without them there is no calibration by band.
        n_bootstrap: Resamples of applicants.
        seed: Of the resampling.
    """
    ranked = Ranked.of(pd, defaulted)
    value = ranked.metrics(np.ones(len(pd)))
    samples = np.array(list(_bootstrap(ranked, n_bootstrap, seed)))
    low, high = np.quantile(samples, [0.025, 0.975], axis=0)
    estimates = {
        name: Estimate(float(value[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(METRICS)
    }
    return Metrics(
        n_applicants=len(pd),
        default_rate=float(np.mean(defaulted)),
        mean_pd=float(np.mean(pd)),
        deciles=deciles(ranked),
        calibration_bins=calibration_bins(ranked),
        bands=() if bands is None else band_bins(pd, defaulted, bands),
        time_slices=() if ids is None else time_slices(pd, defaulted, ids),
        **estimates,
    )


def estimate_auc(
    scores: np.ndarray, defaulted: np.ndarray, n_bootstrap: int = 200, seed: int = 0
) -> Estimate:
    """AUC of any score, higher = riskier, with its interval."""
    ranked = Ranked.of(scores, defaulted)
    found = [
        ranked.auc(weights[ranked.order]) for weights in resamples(len(scores), n_bootstrap, seed)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(ranked.auc(np.ones(len(scores))), float(low), float(high))


def auc_difference(
    scores: np.ndarray,
    other_scores: np.ndarray,
    defaulted: np.ndarray,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Estimate:
    """AUC of one score minus AUC of another on the same applicants, resampled in pairs."""
    first, second = Ranked.of(scores, defaulted), Ranked.of(other_scores, defaulted)
    differences = []
    for weights in resamples(len(scores), n_bootstrap, seed):
        differences.append(first.auc(weights[first.order]) - second.auc(weights[second.order]))
    low, high = np.quantile(differences, [0.025, 0.975])
    ones = np.ones(len(scores))
    return Estimate(float(first.auc(ones) - second.auc(ones)), float(low), float(high))


def _bootstrap(ranked: Ranked, n_bootstrap: int, seed: int) -> Iterator[tuple[float, ...]]:
    for weights in resamples(len(ranked.pd), n_bootstrap, seed):
        if 0 < weights @ ranked.bad < weights.sum():
            yield ranked.metrics(weights)
