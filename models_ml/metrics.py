"""Figures that say how good a model is, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

ECE_BINS = 20
"""Equal-size bins of the expected calibration error."""

N_SLICES = 5
"""Application-time slices for which the AUC is told apart."""

METRICS = ("auc", "gini", "ks", "pr_auc", "log_loss", "brier", "ece")


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True)
class Decile:
    """One tenth of the applicants by PD, riskiest first.

    Attributes:
        decile: 1 is the riskiest tenth.
        n_applicants: Applicants in it.
        mean_pd: Their mean PD.
        default_rate: Share of them that defaulted.
        lift: Default rate here over the default rate of all.
        cumulative_gain: Share of all defaulters in this decile and those above it.
    """

    decile: int
    n_applicants: int
    mean_pd: float
    default_rate: float
    lift: float
    cumulative_gain: float


@dataclass(frozen=True)
class TimeSlice:
    """AUC of consecutive applicants, oldest slice first; None when only one outcome occurs."""

    first_id: int
    last_id: int
    n_applicants: int
    default_rate: float
    auc: float | None


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
    time_slices: tuple[TimeSlice, ...]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return asdict(self)


def measure(
    pd: np.ndarray,
    defaulted: np.ndarray,
    ids: np.ndarray | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Metrics:
    """Measure PDs against outcomes.

    Args:
        pd: Probabilities of default, float64 of shape (N,).
        defaulted: 0 or 1, shape (N,); both occur.
        ids: Application numbers of shape (N,), for the time slices; without them there are none.
        n_bootstrap: Resamples of applicants.
        seed: Of the resampling.
    """
    ranked = _Ranked.of(pd, defaulted)
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
        deciles=_deciles(ranked),
        time_slices=() if ids is None else _time_slices(pd, defaulted, ids),
        **estimates,
    )


def auc(scores: np.ndarray, defaulted: np.ndarray) -> float:
    """Area under the ROC curve; tied scores count half."""
    ranked = _Ranked.of(scores, defaulted)
    return float(ranked.auc(np.ones(len(scores))))


def auc_difference(
    scores: np.ndarray,
    other_scores: np.ndarray,
    defaulted: np.ndarray,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Estimate:
    """AUC of one score minus AUC of another on the same applicants, resampled in pairs."""
    first, second = _Ranked.of(scores, defaulted), _Ranked.of(other_scores, defaulted)
    differences = []
    for weights in _resamples(len(scores), n_bootstrap, seed):
        differences.append(first.auc(weights[first.order]) - second.auc(weights[second.order]))
    low, high = np.quantile(differences, [0.025, 0.975])
    ones = np.ones(len(scores))
    return Estimate(float(first.auc(ones) - second.auc(ones)), float(low), float(high))


@dataclass(frozen=True)
class _Ranked:
    """Applicants by ascending score, so that a resample is a vector of weights and sorts nothing.

    Attributes:
        order: Position of each ranked applicant in the input, shape (N,).
        pd: Sorted scores, shape (N,).
        bad: Outcomes in that order, float64 of shape (N,).
        ties: First position of every group of equal scores.
    """

    order: np.ndarray
    pd: np.ndarray
    bad: np.ndarray
    ties: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, defaulted: np.ndarray) -> _Ranked:
        order = np.argsort(scores, kind="stable")
        ranked = np.asarray(scores, dtype=np.float64)[order]
        ties = np.flatnonzero(np.append(True, np.diff(ranked) > 0))
        return cls(order, ranked, defaulted[order].astype(np.float64), ties)

    def auc(self, weights: np.ndarray) -> float:
        bad, good = self._by_tie(weights * self.bad), self._by_tie(weights * (1 - self.bad))
        below = np.cumsum(good) - good
        return float(bad @ (below + good / 2) / (bad.sum() * good.sum()))

    def metrics(self, weights: np.ndarray) -> tuple[float, ...]:
        """Figures in the order of `METRICS`, each applicant counted ``weights`` times."""
        total = weights.sum()
        bad, good = self._by_tie(weights * self.bad), self._by_tie(weights * (1 - self.bad))
        auc = self.auc(weights)
        ks = np.abs(np.cumsum(bad) / bad.sum() - np.cumsum(good) / good.sum()).max()
        bad_above, all_above = np.cumsum(bad[::-1]), np.cumsum((bad + good)[::-1])
        precision = bad_above / np.maximum(all_above, 1e-300)
        pr_auc = bad[::-1] @ precision / bad.sum()
        likelihood = np.where(self.bad == 1, self.pd, 1 - self.pd)
        log_loss = -(weights @ np.log(np.maximum(likelihood, 1e-300))) / total
        brier = weights @ (self.pd - self.bad) ** 2 / total
        return (auc, 2 * auc - 1, ks, pr_auc, log_loss, brier, self._ece(weights))

    def _ece(self, weights: np.ndarray) -> float:
        bins = np.minimum(
            (np.cumsum(weights) - weights / 2) / weights.sum() * ECE_BINS, ECE_BINS - 1
        ).astype(np.int64)
        gap = np.bincount(bins, weights * (self.pd - self.bad), minlength=ECE_BINS)
        return float(np.abs(gap).sum() / weights.sum())

    def _by_tie(self, values: np.ndarray) -> np.ndarray:
        sums: np.ndarray = np.add.reduceat(values, self.ties)
        return sums


def _resamples(n_rows: int, n_bootstrap: int, seed: int) -> Iterator[np.ndarray]:
    """How often each applicant is drawn; Poisson counts stand for drawing with replacement."""
    rng = np.random.default_rng(seed)
    for _ in range(n_bootstrap):
        yield rng.poisson(1.0, n_rows).astype(np.float64)


def _bootstrap(ranked: _Ranked, n_bootstrap: int, seed: int) -> Iterator[tuple[float, ...]]:
    for weights in _resamples(len(ranked.pd), n_bootstrap, seed):
        if 0 < weights @ ranked.bad < weights.sum():
            yield ranked.metrics(weights)


def _deciles(ranked: _Ranked) -> tuple[Decile, ...]:
    rate, found, rows = ranked.bad.mean(), 0.0, []
    groups = np.array_split(np.arange(len(ranked.pd))[::-1], 10)
    for number, group in enumerate(groups, start=1):
        if not len(group):
            continue
        found += ranked.bad[group].sum()
        rows.append(
            Decile(
                decile=number,
                n_applicants=len(group),
                mean_pd=float(ranked.pd[group].mean()),
                default_rate=float(ranked.bad[group].mean()),
                lift=float(ranked.bad[group].mean() / rate),
                cumulative_gain=float(found / ranked.bad.sum()),
            )
        )
    return tuple(rows)


def _time_slices(pd: np.ndarray, defaulted: np.ndarray, ids: np.ndarray) -> tuple[TimeSlice, ...]:
    slices = []
    for rows in np.array_split(np.argsort(ids, kind="stable"), N_SLICES):
        if not len(rows):
            continue
        rate = float(defaulted[rows].mean())
        slices.append(
            TimeSlice(
                first_id=int(ids[rows[0]]),
                last_id=int(ids[rows[-1]]),
                n_applicants=len(rows),
                default_rate=rate,
                auc=auc(pd[rows], defaulted[rows]) if 0 < rate < 1 else None,
            )
        )
    return tuple(slices)
