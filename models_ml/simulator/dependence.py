"""Dependence of columns and of an applicant's products, against the sampling error of 254 rows.

The real sample is 35 applicants. A simulated sample takes 35 applicants with the same numbers of
products and the same positions, so that both carry the same (large) small-sample bias and the same
clustering.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_ml.simulator.facts import load_facts, load_real_rows

Codes = NDArray[np.int64]  # shape (rows, columns)


@dataclass(frozen=True)
class Spread:
    """A statistic on the real rows and its spread over simulated samples.

    Attributes:
        names: What each entry measures.
        real: Value on the real rows, shape (statistics,).
        error: Standard error of ``real`` by leaving out one applicant at a time,
            shape (statistics,).
        simulated: Values on simulated samples, shape (samples, statistics).
    """

    names: tuple[str, ...]
    real: NDArray[np.float64]
    error: NDArray[np.float64]
    simulated: NDArray[np.float64]

    def inside(self) -> NDArray[np.bool_]:
        """Tell which real values lie in the central 95 % of the simulated samples."""
        low, high = np.quantile(self.simulated, [0.025, 0.975], axis=0)
        inside: NDArray[np.bool_] = (self.real >= low - 1e-12) & (self.real <= high + 1e-12)
        return inside

    def near(self) -> NDArray[np.bool_]:
        """Tell which simulated means lie within 1.96 standard errors of the real value."""
        gap = np.abs(self.simulated.mean(axis=0) - self.real)
        near: NDArray[np.bool_] = gap <= 1.96 * self.error + 1e-12
        return near


def cramers_v(codes: Codes) -> NDArray[np.float64]:
    """Return Cramér's V of every pair of columns, shape (pairs,), 0 where a column is constant."""
    columns = codes.shape[1]
    hot = [codes[:, [c]] == np.unique(codes[:, c]) for c in range(columns)]
    sizes = np.array([block.shape[1] for block in hot])
    table = np.concatenate(hot, axis=1).astype(np.float32)
    joint = table.T @ table
    margin = table.sum(axis=0)
    starts = np.cumsum(sizes) - sizes
    ratio = joint.astype(np.float64) ** 2 / np.outer(margin, margin)
    phi = np.add.reduceat(np.add.reduceat(ratio, starts, axis=0), starts, axis=1) - 1.0
    least = np.minimum.outer(sizes, sizes) - 1.0
    upper = np.triu_indices(columns, 1)
    value = np.sqrt(np.clip(phi, 0.0, None) / np.maximum(least, 1.0))
    return np.where(least > 0, value, 0.0)[upper]


def repeats(codes: Codes, owner: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return per column how often two products of one applicant share a code, shape (columns,).

    Every applicant with two or more products counts equally.
    """
    shares = []
    for applicant in np.unique(owner):
        own = codes[owner == applicant]
        count = len(own)
        if count > 1:
            same = (own[:, None, :] == own[None, :, :]).sum(axis=(0, 1)) - count
            shares.append(same / (count * (count - 1)))
    return np.asarray(np.mean(shares, axis=0))


def _statistics(codes: Codes, owner: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.concatenate([cramers_v(codes), repeats(codes, owner)])


def compare_dependence(
    owner: NDArray[np.int64], rn: NDArray[np.int64], codes: Codes, samples: int = 300
) -> tuple[Spread, Spread]:
    """Compare simulated rows with the real ones: pairs of columns, and repeats within applicants.

    Args:
        owner: Applicant of each simulated row, ascending, shape (rows,).
        rn: Position of the product, shape (rows,).
        codes: Shape (rows, 59).
        samples: Simulated samples to draw.
    """
    columns = load_facts().columns
    real = load_real_rows()
    real_codes = np.column_stack([real[name] for name in columns])
    keep = np.ptp(real_codes, axis=0) > 0
    real_codes = real_codes[:, keep]
    names = [name for name, kept in zip(columns, keep, strict=True) if kept]

    _, first, count = np.unique(owner, return_index=True, return_counts=True)
    rng = np.random.default_rng(0)
    pools = []
    for applicant in np.unique(real["id"]):
        positions = real["rn"][real["id"] == applicant] - 1
        enough = np.flatnonzero(count == positions.max() + 1)
        if not len(enough):
            enough = np.flatnonzero(count > positions.max())
        pools.append((first[enough], positions))
    drawn = []
    for _ in range(samples):
        rows = [rng.choice(starts) + positions for starts, positions in pools]
        label = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
        drawn.append(_statistics(codes[np.concatenate(rows)][:, keep], label))
    simulated = np.array(drawn)

    value = _statistics(real_codes, real["id"])
    left_out = np.array(
        [
            _statistics(real_codes[real["id"] != a], real["id"][real["id"] != a])
            for a in np.unique(real["id"])
        ]
    )
    size = len(left_out)
    error = np.sqrt((size - 1) / size * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    pairs = [f"{a} x {b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    cut = len(pairs)
    return (
        Spread(tuple(pairs), value[:cut], error[:cut], simulated[:, :cut]),
        Spread(tuple(names), value[cut:], error[cut:], simulated[:, cut:]),
    )
