"""Calibration: each method is found where it is right, and survives JSON."""

import json

import numpy as np
import pytest
from scipy.special import expit

from models_ml.errors import ArtifactError
from models_ml.scoring.calibration import calibration_from_json, calibration_to_json
from models_ml.training.calibration_fit import FITS, choose_calibration


def draw(log_odds, n: int = 40_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    raw = random.normal(-3, 1, n)
    return raw, (random.random(n) < expit(log_odds(raw))).astype(np.uint8)


def test_platt_recovers_its_own_line() -> None:
    raw, defaulted = draw(lambda x: 0.5 + 1.2 * x)
    fitted = FITS["platt"](raw, defaulted)
    assert (fitted.intercept, fitted.slope) == pytest.approx((0.5, 1.2), abs=0.12)


def test_isotonic_does_not_win_by_overfitting() -> None:
    assert choose_calibration(*draw(lambda x: x, n=3000)).calibration.method != "isotonic"


def test_isotonic_wins_where_risk_is_a_step() -> None:
    raw, defaulted = draw(lambda x: np.where(x > -2, 1.0, -4.0))
    assert choose_calibration(raw, defaulted).calibration.method == "isotonic"


@pytest.mark.parametrize("method", list(FITS))
def test_json_keeps_every_pd_and_pds_rise(method: str) -> None:
    fitted = FITS[method](*draw(lambda x: 0.5 + 1.2 * x))
    again = calibration_from_json(json.loads(json.dumps(calibration_to_json(fitted))))
    grid = np.linspace(-50, 50, 1001)
    assert np.array_equal(again.pd(grid), fitted.pd(grid))
    assert (np.diff(fitted.pd(grid)) >= 0).all()
    assert (fitted.pd(grid) > 0).all()
    assert (fitted.pd(grid) < 1).all()


def test_row_order_does_not_matter() -> None:
    raw, defaulted = draw(lambda x: x)
    turned = np.random.default_rng(5).permutation(len(raw))
    first, second = (
        choose_calibration(raw, defaulted),
        choose_calibration(raw[turned], defaulted[turned]),
    )
    assert first.calibration.method == second.calibration.method


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ArtifactError, match="sorcery"):
        calibration_from_json({"method": "sorcery"})
