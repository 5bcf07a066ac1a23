"""Roles of raw columns: which of them tells whether a product is open, had delays, was paid in a month.

They are columns of the data dictionary, apart from the feature contract: a model is fed alike whatever a column means.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from models_ml.errors import InputDataError

OPEN_FLAG = "open_flag"
NO_DELAY_FLAGS = ("no_delay_flag", "no_90_day_delay_flag")
PAYMENT_STATUS = "payment_status"


@dataclass(frozen=True)
class PaymentMonth:
    """A column with the payment status of one month.

    Attributes:
        column: Name of the raw column.
        month: 0 = newest.
        paid_code: Code for "paid as agreed"; the next two are payment problems, the one after them means no record.
    """

    column: str
    month: int
    paid_code: int


@dataclass(frozen=True)
class ColumnRoles:
    """Columns by what they tell about a credit product.

    Attributes:
        open_flag: 1 where the product is still open.
        no_delay_flags: Each 1 where there was no delay of its length.
        payment_months: Newest first.
    """

    open_flag: str
    no_delay_flags: tuple[str, ...]
    payment_months: tuple[PaymentMonth, ...]


def read_roles(dictionary: Path) -> ColumnRoles:
    """Read the roles from the seed ``data_dictionary.csv``.

    Raises:
        InputDataError: A column has no usable role.
    """
    with dictionary.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        (open_flag,) = (row["column_name"] for row in rows if row["role"] == OPEN_FLAG)
        months = [
            PaymentMonth(row["column_name"], int(row["payment_month"]), int(row["paid_code"]))
            for row in rows
            if row["role"] == PAYMENT_STATUS
        ]
    except (KeyError, ValueError) as error:
        raise InputDataError(
            f"{dictionary.name}: expected one column with the role {OPEN_FLAG}, and numbers in payment_month and "
            f"paid_code of each column with the role {PAYMENT_STATUS}; found otherwise ({error}). Correct the file."
        ) from error
    return ColumnRoles(
        open_flag,
        tuple(row["column_name"] for row in rows if row["role"] in NO_DELAY_FLAGS),
        tuple(sorted(months, key=lambda month: month.month)),
    )
