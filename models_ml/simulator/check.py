"""The table of ``scorehouse simulate --check``: simulated figures compared with published ones.

How hard the data are to predict takes half an hour of training to measure; ``benchmarks/simulator_difficulty.py`` does
that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_ml.simulator.counts import Tally, read_targets, tally_folder
from models_ml.simulator.dependence import compare_dependence
from models_ml.simulator.facts import (
    APPLICANTS,
    DEFAULT_RATE,
    MAX_PRODUCTS,
    PRODUCT_ROWS,
    load_facts,
)

COMMON_SHARE = 0.01  # codes below this share of rows are too rare for a default rate


@dataclass(frozen=True)
class CheckRow:
    """One line of the table: the fact, what was measured, what is allowed, whether it holds."""

    fact: str
    measured: str
    tolerance: str
    ok: bool


def check(folder: Path) -> list[CheckRow]:
    """Compare a simulated folder with the published facts.

    Args:
        folder: Folder written by ``simulate``.

    Raises:
        MissingInputError: Parts or targets are missing.
        InputDataError: Parts do not have the published columns or ids.
    """
    targets = read_targets(folder)
    tally = tally_folder(folder, targets)
    return [
        *_share_rows(tally),
        *_count_rows(tally, len(targets)),
        *_default_rows(tally, targets),
        *_rule_rows(tally),
        *_dependence_rows(tally),
    ]


def _share_rows(tally: Tally) -> list[CheckRow]:
    facts = load_facts()
    share = tally.rows / tally.rows.sum(axis=1, keepdims=True)
    distance = np.empty(len(facts.columns))
    for line, column in enumerate(facts.columns):
        published = np.zeros(256)
        for code, value in facts.share[column].items():
            published[code] = value
        distance[line] = 0.5 * np.abs(share[line] - published).sum()
    worst = facts.columns[int(distance.argmax())]
    return [
        CheckRow(
            "share of each code, worst column",
            f"{distance.max():.4f} ({worst})",
            "<= 0.01 total variation",
            bool(distance.max() <= 0.01),
        ),
        CheckRow(
            "share of each code, mean of 59 columns",
            f"{distance.mean():.4f}",
            "<= 0.004 total variation",
            bool(distance.mean() <= 0.004),
        ),
    ]


def _count_rows(tally: Tally, applicants: int) -> list[CheckRow]:
    at_least = tally.products[1 : MAX_PRODUCTS + 1] / applicants
    gap = np.abs(at_least - load_facts().survival)[:30].max()
    mean = tally.products.sum() / applicants
    most = int(np.flatnonzero(tally.products).max())
    published = PRODUCT_ROWS / APPLICANTS
    return [
        CheckRow(
            "applicants with at least k products, k <= 30", f"{gap:.4f}", "<= 0.005", gap <= 0.005
        ),
        CheckRow(
            "mean number of products",
            f"{mean:.3f}",
            f"{published:.2f} ± 0.05",
            abs(mean - published) <= 0.05,
        ),
        CheckRow("largest number of products", str(most), "<= 58", most <= MAX_PRODUCTS),
    ]


def _default_rows(tally: Tally, targets: NDArray[np.int64]) -> list[CheckRow]:
    facts = load_facts()
    rate = float(targets[:, 1].mean())
    published, measured = [], []
    for line, column in enumerate(facts.columns):
        for code, share in facts.share[column].items():
            if share >= COMMON_SHARE and tally.rows[line, code]:
                published.append(facts.default_rate[column][code])
                measured.append(tally.defaulters[line, code] / tally.rows[line, code])
    together = float(np.corrcoef(published, measured)[0, 1])
    error = float(np.abs(np.subtract(published, measured)).mean())
    return [
        CheckRow(
            "default rate of applicants",
            f"{rate:.3%}",
            "3.55 % ± 0.1",
            abs(rate - DEFAULT_RATE) <= 0.001,
        ),
        CheckRow(
            f"default rate per code, correlation ({len(published)} codes)",
            f"{together:.4f}",
            ">= 0.95",
            together >= 0.95,
        ),
        CheckRow(
            "default rate per code, mean absolute error", f"{error:.5f}", "<= 0.004", error <= 0.004
        ),
    ]


def _rule_rows(tally: Tally) -> list[CheckRow]:
    unknown = f"{tally.early_unknown} before, {tally.late_unknown} in the latest fifth"
    return [
        CheckRow("rows that break a structural rule", str(tally.broken), "0", tally.broken == 0),
        CheckRow(
            "codes never seen before the latest fifth",
            unknown,
            "0 before, some after",
            tally.early_unknown == 0 and tally.late_unknown > 0,
        ),
    ]


def _dependence_rows(tally: Tally) -> list[CheckRow]:
    matrix = np.concatenate(tally.sample, axis=1)
    pairs, repeated = compare_dependence(matrix[0], matrix[1], matrix[2:].T)
    rows = []
    for name, spread in (
        ("Cramér's V of column pairs", pairs),
        ("repeated codes within an applicant", repeated),
    ):
        near = float(spread.near().mean())
        rows.append(
            CheckRow(
                f"{name} within 1.96 standard errors of the real rows",
                f"{near:.1%} of {len(spread.names)}",
                ">= 90 %",
                near >= 0.9,
            )
        )
    return rows
