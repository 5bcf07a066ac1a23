"""What the training data looked like, frozen in the artifact for the drift monitors."""

from __future__ import annotations

from typing import Any

import numpy as np

from models_ml.features.contract import FeatureContract

N_QUANTILES = 20


def freeze_distributions(
    tree_features: np.ndarray, pd: np.ndarray, points: np.ndarray, contract: FeatureContract
) -> dict[str, Any]:
    """Code shares of the training slice and quantiles of the scores of the calibration slice.

    Args:
        tree_features: Training applicants, uint8 of shape (N, n_tree_features).
        pd: PDs of the calibration applicants, whom the booster did not learn from.
        points: Their points.
        contract: Names the codes.

    Returns:
        ``pd_quantiles`` and ``score_quantiles`` (inner edges of `N_QUANTILES` equal bins), ``score_shares`` (the
        actual share of each score bin, since whole points have ties; an edge belongs to the bin above it) and
        ``code_shares`` (by column, the share of product rows at each code position).
    """
    shares, start = {}, len(contract.scalars)
    for column in contract.columns:
        counts = tree_features[:, start : start + column.n_positions].sum(axis=0, dtype=np.int64)
        shares[column.name] = (counts / max(int(counts.sum()), 1)).tolist()
        start += column.n_positions
    inner = np.arange(1, N_QUANTILES) / N_QUANTILES
    edges = np.quantile(points, inner)
    in_bin = np.bincount(np.searchsorted(edges, points, side="right"), minlength=N_QUANTILES)
    return {
        "pd_quantiles": np.quantile(pd, inner).tolist(),
        "score_quantiles": edges.tolist(),
        "score_shares": (in_bin / len(points)).tolist(),
        "code_shares": shares,
    }
