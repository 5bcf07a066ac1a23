"""Encoder and booster in one raw score: a weighted sum of their log-odds.

The encoder was trained on the same rows as the booster, so its log-odds look better on them than they are, and a
booster that used them as a feature would rely on them too much. The booster therefore learns from counts only, and both
weights are fitted on applicants that neither was trained on.
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
