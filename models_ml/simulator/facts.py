"""Published facts that the simulated bureau must match, read once from ``models_ml/facts``."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from models_ml.errors import MissingInputError

MONTHS = 25
SHIFTED_MONTHS = frozenset({11, 20, 24})  # these months use codes 1..4 where the others use 0..3
PAYMENTS = tuple(f"enc_paym_{month}" for month in range(MONTHS))
PRODUCT_ROWS = 26_162_717
APPLICANTS = 3_000_000
DEFAULT_RATE = 106_442 / APPLICANTS
MAX_PRODUCTS = 58

LATER_CODES: dict[str, tuple[int, ...]] = {
    "pre_loans_next_pay_summ": (7,),
    "pre_loans5": (4, 14, 15, 17),
    "pre_loans6090": (5,),
    "pre_loans90": (1, 4, 11, 18),
}
"""Codes that occur in the later official test but never in the labelled data (facts/README.md)."""


@dataclass(frozen=True)
class Facts:
    """The published marginals.

    Attributes:
        columns: Names of the 59 code columns in published order.
        share: Per column, code to share of product rows.
        default_rate: Per column, code to the share of its rows that belong to a defaulter.
        survival: Share of applicants with at least k products, k = 1..58 (index k - 1).
    """

    columns: tuple[str, ...]
    share: dict[str, dict[int, float]]
    default_rate: dict[str, dict[int, float]]
    survival: NDArray[np.float64]


def _text(name: str) -> str:
    source = files("models_ml") / "facts" / name
    try:
        return source.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise MissingInputError(
            f"The file of published facts {name!r} is missing from the package; reinstall scorehouse."
        ) from missing


@cache
def load_facts() -> Facts:
    """Read the published marginals, default rates and numbers of products.

    Raises:
        MissingInputError: A fact file is not in the installed package.
    """
    rows = list(csv.DictReader(_text("columns.csv").splitlines()))
    columns = tuple(
        row["column"] for row in rows if row["kind"] not in {"key", "sequence", "target"}
    )
    published = json.loads(_text("default_rates.json"))["columns"]
    # Row counts are finer than the printed shares, which round the rarest codes to zero.
    share = {
        column: {int(code): cell["rows"] / PRODUCT_ROWS for code, cell in published[column].items()}
        for column in columns
    }
    rate = {
        column: {int(code): cell["default_rate"] for code, cell in published[column].items()}
        for column in columns
    }
    survival = json.loads(_text("marginals.json"))["rn_survival"]
    at_least = np.array([survival[str(k)] for k in range(1, MAX_PRODUCTS + 1)])
    return Facts(columns, share, rate, at_least)


@cache
def load_real_rows() -> dict[str, NDArray[np.int64]]:
    """Read the 254 published product rows: id, rn and the 59 columns as arrays of length 254."""
    rows = list(csv.DictReader(_text("real_rows.csv").splitlines()))
    names = ("id", "rn", *load_facts().columns)
    return {name: np.array([int(row[name]) for row in rows], dtype=np.int64) for name in names}
