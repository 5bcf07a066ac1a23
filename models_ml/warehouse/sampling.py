"""Draws of applicants that depend on their ids and the seed alone."""

from __future__ import annotations

import numpy as np

from models_ml.warehouse.tables import Outcomes


def shuffle_keys(ids: np.ndarray, seed: int) -> np.ndarray:
    """A number per applicant that looks random but depends on its id and the seed alone.

    Args:
        ids: Application numbers, int64 of shape (N,).
        seed: Of the draw.

    Returns:
        uint64 of shape (N,), the finaliser of SplitMix64 (Steele et al. 2014).
    """
    mixed = ids.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    keys: np.ndarray = mixed ^ (mixed >> np.uint64(31))
    return keys


def sample(outcomes: Outcomes, n_applicants: int | None, seed: int) -> Outcomes:
    """At most ``n_applicants``, drawn uniformly over all application times."""
    if n_applicants is None or n_applicants >= len(outcomes):
        return outcomes
    rows = np.sort(np.argsort(shuffle_keys(outcomes.ids, seed))[:n_applicants])
    return Outcomes(outcomes.ids[rows], outcomes.defaulted[rows], outcomes.splits[rows])


def rows_of(outcomes: Outcomes, split: str, n_most: int | None = None, seed: int = 0) -> np.ndarray:
    """Rows of a slice; when there are more than ``n_most``, every defaulter and a draw of the others."""
    rows = np.flatnonzero(outcomes.splits == split)
    if n_most is None or len(rows) <= n_most:
        return rows
    keys = shuffle_keys(outcomes.ids[rows], seed)
    keys[outcomes.defaulted[rows] == 1] = 0
    return np.sort(rows[np.argsort(keys, kind="stable")[:n_most]])
