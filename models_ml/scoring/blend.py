"""Encoder and booster in one raw score: a weighted sum of their log-odds.

The encoder has seen the flags of the rows that the booster learns from, so its log-odds look better there than they
are, and a booster that reads them trusts them too much. So the booster learns from counts alone and both weights are
found on applicants that neither has learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Blend:
    """Weights of the two log-odds.

    Attributes:
        trees: Weight of the booster's raw score.
        log_odds: Weight of the encoder's log-odds.
    """

    trees: float = 1.0
    log_odds: float = 0.0

    def raw_scores(self, trees: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
        """Raw scores before calibration, float64 in the shape of both arguments."""
        blended: np.ndarray = self.trees * trees + self.log_odds * log_odds.astype(np.float64)
        return blended
