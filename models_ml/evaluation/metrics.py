"""Performance metrics of a model, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
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
    """A metric and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, samples: Sequence[float] | np.ndarray) -> Estimate:
        """A metric, with the interval of its values on the resamples."""
        low, high = np.quantile(samples, [0.025, 0.975])
        return cls(float(value), float(low), float(high))

    def to_json(self) -> dict[str, float]:
        """The metric as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True)
class Metrics:
    """Metrics of one model on one slice of applicants.

    Attributes:
        n_applicants: Applicants in the slice.
        default_rate: Share of them who defaulted.
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
        """The metrics as JSON values."""
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
        defaulted: 0 or 1, shape (N,); both must occur.
        ids: Application numbers of shape (N,), for the time slices; None for no time slices.
        bands: Letter of each applicant's risk band, shape (N,); None for no calibration by band.
        n_bootstrap: Number of resamples.
        seed: Seed of the resampling.
    """
    ranked = Ranked.of(pd, defaulted)
    values = ranked.metrics(np.ones(len(pd)))
    samples = np.array(
        [
            ranked.metrics(weights)
            for weights in resamples(len(pd), n_bootstrap, seed)
            if 0 < weights @ ranked.bad < weights.sum()
        ]
    )
    estimates = {
        name: Estimate.of(value, sample)
        for name, value, sample in zip(METRICS, values, samples.T, strict=True)
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
    samples = [
        ranked.auc(weights[ranked.order]) for weights in resamples(len(scores), n_bootstrap, seed)
    ]
    return Estimate.of(ranked.auc(np.ones(len(scores))), samples)


def auc_difference(
    scores: np.ndarray,
    other_scores: np.ndarray,
    defaulted: np.ndarray,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Estimate:
    """AUC of one score minus that of another on the same applicants and resamples."""
    first, second = Ranked.of(scores, defaulted), Ranked.of(other_scores, defaulted)
    samples = [
        first.auc(weights[first.order]) - second.auc(weights[second.order])
        for weights in resamples(len(scores), n_bootstrap, seed)
    ]
    ones = np.ones(len(scores))
    return Estimate.of(first.auc(ones) - second.auc(ones), samples)
