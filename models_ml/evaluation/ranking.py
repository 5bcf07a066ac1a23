"""Applicants ranked by score, so that metrics are resampled without sorting again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ECE_BINS = 20
"""Number of equal-size bins of the expected calibration error."""


@dataclass(frozen=True)
class Ranked:
    """Applicants by ascending score, so that a resample is a vector of weights and needs no sorting.

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
    def of(cls, scores: np.ndarray, defaulted: np.ndarray) -> Ranked:
        """Sort N scores and their outcomes."""
        order = np.argsort(scores, kind="stable")
        ranked = np.asarray(scores, dtype=np.float64)[order]
        ties = np.flatnonzero(np.append(True, np.diff(ranked) > 0))
        return cls(order, ranked, defaulted[order].astype(np.float64), ties)

    def auc(self, weights: np.ndarray) -> float:
        """Area under the ROC curve, each ranked applicant counted ``weights`` times; ties count half."""
        bad, good = self.by_tie(weights * self.bad), self.by_tie(weights * (1 - self.bad))
        below = np.cumsum(good) - good
        return float(bad @ (below + good / 2) / (bad.sum() * good.sum()))

    def metrics(self, weights: np.ndarray) -> tuple[float, ...]:
        """Metrics in the order of `METRICS`, each ranked applicant counted ``weights`` times."""
        total = weights.sum()
        bad, good = self.by_tie(weights * self.bad), self.by_tie(weights * (1 - self.bad))
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

    def by_tie(self, values: np.ndarray) -> np.ndarray:
        """Sum of a value over each group of equal scores."""
        sums: np.ndarray = np.add.reduceat(values, self.ties)
        return sums


def resamples(n_rows: int, n_bootstrap: int, seed: int) -> Iterator[np.ndarray]:
    """How often each applicant is drawn; Poisson counts stand for drawing with replacement."""
    rng = np.random.default_rng(seed)
    for _ in range(n_bootstrap):
        yield rng.poisson(1.0, n_rows).astype(np.float64)


def auc(scores: np.ndarray, defaulted: np.ndarray) -> float:
    """Area under the ROC curve; tied scores count half.

    Example: of the two pairs of a good and a bad applicant, one is in order and one is a tie.
        >>> auc(np.array([0.1, 0.3, 0.3]), np.array([False, False, True]))
        0.75
    """
    ranked = Ranked.of(scores, defaulted)
    return float(ranked.auc(np.ones(len(scores))))
