"""Roles of raw columns come from their own columns of the dictionary, not from names or descriptions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models_ml.errors import InputDataError
from models_ml.features.contract import read_contract
from models_ml.features.roles import read_roles
from models_ml.settings import PROJECT_ROOT

DICTIONARY = PROJECT_ROOT / "dbt_project" / "seeds" / "data_dictionary.csv"


def changed(folder: Path, column: str, values: dict[str, str]) -> Path:
    """A dictionary with other values in one column, by name of the raw column."""
    table = pd.read_csv(DICTIONARY, dtype=str, keep_default_na=False).set_index("column_name")
    for name, value in values.items():
        table.loc[name, column] = value
    path = folder / DICTIONARY.name
    table.to_csv(path)
    return path


def test_published_roles() -> None:
    roles = read_roles(DICTIONARY)
    assert roles.open_flag == "fclose_flag"
    assert roles.no_delay_flags == tuple(
        f"is_zero_loans{days}" for days in ("5", "530", "3060", "6090", "90")
    )
    assert [month.column for month in roles.payment_months] == [
        f"enc_paym_{month}" for month in range(25)
    ]
    shifted = [month.month for month in roles.payment_months if month.paid_code == 1]
    assert shifted == [11, 20, 24]
    assert {month.paid_code for month in roles.payment_months} == {0, 1}


def test_words_may_change_without_changing_roles_or_contract(tmp_path: Path) -> None:
    words = {f"enc_paym_{month}": "payments" for month in range(25)}
    path = changed(tmp_path, "business_group", words)
    assert read_roles(path) == read_roles(DICTIONARY)
    assert read_contract(path).sha256 == read_contract(DICTIONARY).sha256


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("role", {"fclose_flag": "-"}, "open_flag"),
        ("role", {"pclose_flag": "open_flag"}, "open_flag"),
        ("payment_month", {"enc_paym_3": ""}, "payment_month"),
        ("paid_code", {"enc_paym_3": "two"}, "two"),
    ],
)
def test_unusable_roles_are_named(
    tmp_path: Path, column: str, values: dict[str, str], found: str
) -> None:
    with pytest.raises(InputDataError, match=found):
        read_roles(changed(tmp_path, column, values))
