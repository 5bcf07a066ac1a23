"""Points and risk bands."""

import numpy as np
import pytest

from models_ml.errors import UsageError
from models_ml.scoring.scorecard import PointsScale, RiskBands


@pytest.mark.parametrize(
    ("scale", "odds", "points"),
    [
        (PointsScale(), [25, 50, 100], [580, 600, 620]),
        (PointsScale(500, 20, 40), [10, 20, 80], [460, 500, 580]),
    ],
)
def test_points_are_linear_in_the_doublings_of_the_odds(
    scale: PointsScale, odds: list[int], points: list[int]
) -> None:
    pd = 1 / (1 + np.array(odds, dtype=float))
    assert scale.points(pd).tolist() == points


@pytest.mark.parametrize("wrong", [{"anchor_odds": 0.0}, {"points_to_double": -20.0}])
def test_a_scale_without_meaning_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="positive"):
        PointsScale(**wrong)


@pytest.mark.parametrize(
    "cut_points", [(600, 580), (600, 580, 560, 540, 520, 520), (500, 520, 540, 560, 580, 600)]
)
def test_bands_need_descending_cut_points(cut_points: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="descending"):
        RiskBands(cut_points)
