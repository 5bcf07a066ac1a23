"""Fits the weights of encoder and booster in the raw score."""

from __future__ import annotations

import numpy as np

from models_ml.scoring.blend import Blend


def fit_blend(trees: np.ndarray, log_odds: np.ndarray, defaulted: np.ndarray) -> Blend:
    """Weights by maximum likelihood; one that would be negative is left out.

    Args:
        trees: Raw scores of the booster, float64 of shape (N,), of applicants it did not learn from.
        log_odds: Log-odds of the encoder, likewise.
        defaulted: 0 or 1, shape (N,).
    """
    from sklearn.linear_model import (
        LogisticRegression,  # slow to import, and scoring needs none of it
    )

    terms = np.column_stack([trees, log_odds]).astype(np.float64)
    weights = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(terms, defaulted).coef_[0]
    if weights[0] < 0:
        return Blend(trees=0.0, log_odds=1.0)
    if weights[1] < 0:
        return Blend(trees=1.0, log_odds=0.0)
    return Blend(trees=float(weights[0]), log_odds=float(weights[1]))
