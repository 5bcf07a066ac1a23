"""Metrics against scikit-learn and cases with known answers."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
    roc_curve,
)

from models_ml.evaluation.metrics import auc_difference, measure
from models_ml.evaluation.ranking import auc


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    pd = np.round(random.beta(1, 20, 8000), 3).clip(0.001, 0.999)  # rounded, so that ties occur
    return pd, (random.random(8000) < pd).astype(np.uint8)


def test_figures_equal_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    pd, defaulted = scored
    figures = measure(pd, defaulted, n_bootstrap=5)
    false_positive, true_positive, _ = roc_curve(defaulted, pd)
    assert figures.auc.value == pytest.approx(roc_auc_score(defaulted, pd))
    assert figures.gini.value == pytest.approx(2 * roc_auc_score(defaulted, pd) - 1)
    assert figures.ks.value == pytest.approx((true_positive - false_positive).max())
    assert figures.pr_auc.value == pytest.approx(average_precision_score(defaulted, pd))
    assert figures.log_loss.value == pytest.approx(log_loss(defaulted, pd))
    assert figures.brier.value == pytest.approx(brier_score_loss(defaulted, pd))


def test_interval_covers_the_value_and_shrinks_with_more_applicants(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    pd, defaulted = scored
    few, many = measure(pd[:1000], defaulted[:1000]).auc, measure(pd, defaulted).auc
    assert many.low < many.value < many.high
    assert many.high - many.low < few.high - few.low


def test_calibration_error_is_the_shift_of_every_pd(scored: tuple[np.ndarray, np.ndarray]) -> None:
    pd, defaulted = scored
    shifted = measure(np.minimum(pd + 0.2, 1 - 1e-9), defaulted, n_bootstrap=5)
    assert shifted.ece.value == pytest.approx(shifted.mean_pd - shifted.default_rate, abs=0.002)


def test_deciles_hold_everyone_and_gains_end_at_one(scored: tuple[np.ndarray, np.ndarray]) -> None:
    deciles = measure(*scored, n_bootstrap=5).deciles
    assert sum(row.n_applicants for row in deciles) == 8000
    assert deciles[-1].cumulative_gain == pytest.approx(1.0)
    assert deciles[0].lift > 1 > deciles[-1].lift


def test_time_slices_go_by_id_not_by_row(scored: tuple[np.ndarray, np.ndarray]) -> None:
    pd, defaulted = scored
    ids, turned = np.arange(8000), np.random.default_rng(2).permutation(8000)
    plain = measure(pd, defaulted, ids, n_bootstrap=5).time_slices
    assert measure(pd[turned], defaulted[turned], ids[turned], n_bootstrap=5).time_slices == plain
    assert plain[0].auc == pytest.approx(auc(pd[:1600], defaulted[:1600]))


def test_calibration_bins_and_bands_hold_everyone(scored: tuple[np.ndarray, np.ndarray]) -> None:
    pd, defaulted = scored
    bands = np.where(pd < np.median(pd), "A", "B")
    figures = measure(pd, defaulted, bands=bands, n_bootstrap=5)
    assert [row.name for row in figures.bands] == ["A", "B"]
    assert figures.bands[1].default_rate == pytest.approx(defaulted[bands == "B"].mean())
    for rows in (figures.bands, figures.calibration_bins):
        assert sum(row.n_applicants for row in rows) == 8000
        assert sum(row.n_defaulted for row in rows) == defaulted.sum()
    gaps = [abs(row.mean_pd - row.default_rate) for row in figures.calibration_bins]
    assert figures.ece.value == pytest.approx(np.mean(gaps), abs=1e-6)


def test_paired_difference_tells_a_worse_score(scored: tuple[np.ndarray, np.ndarray]) -> None:
    pd, defaulted = scored
    noisy = pd + np.random.default_rng(3).normal(0, 0.1, len(pd))
    assert auc_difference(pd, noisy, defaulted).low > 0
    assert auc_difference(pd, pd, defaulted).high == 0
