"""Tables behind the metrics of a model: lift and gains, calibration, AUC by application time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models_ml.evaluation.ranking import ECE_BINS, Ranked, auc

N_SLICES = 5
"""Number of application-time slices with an AUC each."""


@dataclass(frozen=True)
class Decile:
    """One tenth of the applicants by PD, riskiest first.

    Attributes:
        decile: 1 is the riskiest tenth.
        n_applicants: Applicants in it.
        mean_pd: Their mean PD.
        default_rate: Share of them who defaulted.
        lift: Default rate here over the default rate of all.
        cumulative_gain: Share of all defaulters in this decile and those above it.
    """

    decile: int
    n_applicants: int
    mean_pd: float
    default_rate: float
    lift: float
    cumulative_gain: float


@dataclass(frozen=True)
class CalibrationBin:
    """Applicants of one risk band, or of one of `ECE_BINS` equal-size bins, by ascending PD.

    Attributes:
        name: Letter of the band, or number of the bin.
        n_applicants: Applicants in it.
        n_defaulted: Those who defaulted.
        mean_pd: Mean PD, to compare with the default rate.
        default_rate: Share of them who defaulted.
    """

    name: str
    n_applicants: int
    n_defaulted: int
    mean_pd: float
    default_rate: float


@dataclass(frozen=True)
class TimeSlice:
    """AUC of consecutive applicants, oldest slice first; None when only one outcome occurs."""

    first_id: int
    last_id: int
    n_applicants: int
    default_rate: float
    auc: float | None


def deciles(ranked: Ranked) -> tuple[Decile, ...]:
    """Lift and gains by tenth, riskiest first."""
    rate, found, rows = ranked.bad.mean(), 0.0, []
    groups = np.array_split(np.arange(len(ranked.pd))[::-1], 10)
    for number, group in enumerate(groups, start=1):
        if not len(group):
            continue
        found += ranked.bad[group].sum()
        rows.append(
            Decile(
                decile=number,
                n_applicants=len(group),
                mean_pd=float(ranked.pd[group].mean()),
                default_rate=float(ranked.bad[group].mean()),
                lift=float(ranked.bad[group].mean() / rate),
                cumulative_gain=float(found / ranked.bad.sum()),
            )
        )
    return tuple(rows)


def calibration_bins(ranked: Ranked) -> tuple[CalibrationBin, ...]:
    """The bins of the expected calibration error, safest first."""
    groups = np.array_split(np.arange(len(ranked.pd)), ECE_BINS)
    return tuple(
        _calibration_bin(str(number), ranked.pd[group], ranked.bad[group])
        for number, group in enumerate(groups, start=1)
        if len(group)
    )


def band_bins(
    pd: np.ndarray, defaulted: np.ndarray, bands: np.ndarray
) -> tuple[CalibrationBin, ...]:
    """Mean PD and default rate of each risk band that occurs, safest first."""
    return tuple(
        _calibration_bin(str(band), pd[bands == band], defaulted[bands == band])
        for band in np.unique(bands)
    )


def _calibration_bin(name: str, pd: np.ndarray, defaulted: np.ndarray) -> CalibrationBin:
    return CalibrationBin(
        name=name,
        n_applicants=len(pd),
        n_defaulted=int(defaulted.sum()),
        mean_pd=float(pd.mean()),
        default_rate=float(defaulted.mean()),
    )


def time_slices(pd: np.ndarray, defaulted: np.ndarray, ids: np.ndarray) -> tuple[TimeSlice, ...]:
    """AUC of `N_SLICES` consecutive slices of applicants, oldest first."""
    slices = []
    for rows in np.array_split(np.argsort(ids, kind="stable"), N_SLICES):
        if not len(rows):
            continue
        rate = float(defaulted[rows].mean())
        slices.append(
            TimeSlice(
                first_id=int(ids[rows[0]]),
                last_id=int(ids[rows[-1]]),
                n_applicants=len(rows),
                default_rate=rate,
                auc=auc(pd[rows], defaulted[rows]) if 0 < rate < 1 else None,
            )
        )
    return tuple(slices)
