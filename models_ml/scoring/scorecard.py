"""Scorecard points: a PD on the scale that credit analysts read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models_ml.errors import UsageError


def log_odds(pd: np.ndarray) -> np.ndarray:
    """Log-odds of default of PDs strictly between 0 and 1."""
    return np.asarray(np.log(pd) - np.log1p(-pd))


@dataclass(frozen=True)
class PointsScale:
    """Linear in the log of the odds (good to bad).

    Attributes:
        anchor_points: Points at the anchor odds.
        anchor_odds: Odds of not defaulting at the anchor points.
        points_to_double: Additional points at which the odds double.
    """

    anchor_points: float = 600.0
    anchor_odds: float = 50.0
    points_to_double: float = 20.0

    def __post_init__(self) -> None:
        if not (self.anchor_odds > 0 and self.points_to_double > 0):
            raise UsageError(
                "The points scale needs positive anchor_odds and points_to_double, found "
                f"{self.anchor_odds} and {self.points_to_double}."
            )

    def points(self, pd: np.ndarray) -> np.ndarray:
        """Points of each PD.

        Args:
            pd: Probabilities strictly between 0 and 1, float64 of shape (N,).

        Returns:
            Whole points, int32 of shape (N,); higher is safer.

        Example: odds of 50 to 1 are 600 points, odds twice as good are 20 points more.
            >>> PointsScale().points(np.array([1 / 51, 1 / 101]))
            array([600, 620], dtype=int32)
        """
        factor = self.points_to_double / np.log(2.0)
        points = self.anchor_points + factor * (-log_odds(pd) - np.log(self.anchor_odds))
        return np.rint(points).astype(np.int32)


BAND_LETTERS = "ABCDEFG"


@dataclass(frozen=True)
class RiskBands:
    """Letters A (safest) to G by points.

    Attributes:
        cut_points: Lowest points of bands A to F, descending; scores below the last are in band G.
    """

    cut_points: tuple[int, ...] = (600, 580, 560, 540, 520, 500)

    def __post_init__(self) -> None:
        falling = all(a > b for a, b in pairwise(self.cut_points))
        if len(self.cut_points) != len(BAND_LETTERS) - 1 or not falling:
            raise UsageError(
                f"The risk bands need {len(BAND_LETTERS) - 1} descending cut points, found "
                f"{self.cut_points}."
            )

    def band_numbers(self, points: np.ndarray) -> np.ndarray:
        """Position in ``BAND_LETTERS`` of each score, int8 of shape (N,).

        Example: a cut point belongs to the safer band.
            >>> [BAND_LETTERS[i] for i in RiskBands().band_numbers(np.array([600, 599, 499]))]
            ['A', 'B', 'G']
        """
        rising = np.array(self.cut_points[::-1])
        return (len(rising) - np.searchsorted(rising, points, side="right")).astype(np.int8)
