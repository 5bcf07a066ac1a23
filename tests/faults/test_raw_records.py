"""F28, F31, F34, F35: thousands of broken records and files; none changes a score in silence."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.expected_features import CODE_COLUMNS, assert_equal_features, expected_features
from support.installation import Installation, raw_columns, real_products, write_part
from support.mutations import MUTATIONS

from models_ml.errors import InputDataError, ScorehouseError
from models_ml.features.contract import FeatureContract, read_contract
from models_ml.settings import PROJECT_ROOT
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.delivery_checksums import CHECKSUMS
from models_ml.warehouse.raw_files import check_raw

CONTRACT: FeatureContract = read_contract(
    PROJECT_ROOT / "dbt_project" / "seeds" / "data_dictionary.csv"
)
PART = "train_data_0.pq"
N_PRODUCTS = 5

Row = dict[str, int | None]


@dataclass(frozen=True)
class Mutated:
    """Rows of one applicant after one fault, the rows that must count, and what quarantine must say of each other."""

    rows: list[Row]
    good: list[Row]
    reasons: tuple[str, ...]


def out_of_range(rows: list[Row], rng: np.random.Generator) -> Mutated:
    column = str(rng.choice(CODE_COLUMNS))
    value = [None, -1, -(2**63), 256, 300, 10**12, 2**63 - 1][rng.integers(7)]
    return Mutated([{**rows[0], column: value}, *rows[1:]], rows[1:], (column,))


def no_number(rows: list[Row], rng: np.random.Generator) -> Mutated:
    value = [None, 0, -1, 256, 10**12][rng.integers(5)]
    return Mutated([{**rows[0], "rn": value}, *rows[1:]], rows[1:], ("rn",))


def no_applicant(rows: list[Row], rng: np.random.Generator) -> Mutated:
    value = [None, -1, -(2**63)][rng.integers(3)]
    return Mutated([{**rows[0], "id": value}, *rows[1:]], rows[1:], ("id",))


def doubled(rows: list[Row], rng: np.random.Generator) -> Mutated:
    return Mutated([*rows, rows[0]], rows[1:], ("id, rn", "id, rn"))


def contradicted(rows: list[Row], rng: np.random.Generator) -> Mutated:
    column = str(rng.choice(CODE_COLUMNS))
    other = {**rows[0], column: (int(rows[0][column] or 0) + 1) % 256}
    return Mutated([*rows, other], rows[1:], ("id, rn", "id, rn"))


def gaps(rows: list[Row], rng: np.random.Generator) -> Mutated:
    """Other numbers in the same order are the same history."""
    numbers = np.sort(rng.choice(np.arange(1, 256), len(rows), replace=False)).tolist()
    moved = [{**row, "rn": rn} for row, rn in zip(rows, numbers, strict=True)]
    return Mutated(moved, rows, ())


def shuffled(rows: list[Row], rng: np.random.Generator) -> Mutated:
    return Mutated([rows[i] for i in rng.permutation(len(rows))], rows, ())


KINDS: tuple[Callable[[list[Row], np.random.Generator], Mutated], ...] = (
    *(out_of_range, no_number, no_applicant, doubled, contradicted, gaps, shuffled),
)


@pytest.mark.fault("F28", "F31", "F34")
@pytest.mark.faults
def test_every_broken_record_is_quarantined_and_touches_nothing_else(
    tmp_path: Path, record_property
) -> None:
    """2,000 applicants with one fault each, through one real build; features against the slow and obvious way."""
    n_trials, rng = 2000, np.random.default_rng(5)
    cases = []
    for id_ in range(1, n_trials + 1):
        codes = rng.integers(0, 256, (N_PRODUCTS, len(CODE_COLUMNS))).tolist()
        rows = [
            {"id": id_, "rn": rn, **dict(zip(CODE_COLUMNS, line, strict=True))}
            for rn, line in enumerate(codes, 1)
        ]
        cases.append(KINDS[id_ % len(KINDS)](rows, rng))
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    installation.raw.mkdir()
    delivered = pd.DataFrame([row for case in cases for row in case.rows], dtype=object)
    delivered = delivered.astype("Int64").sample(frac=1, random_state=1)
    delivered[raw_columns()].to_parquet(installation.raw / PART, index=False)
    (installation.raw / "train_target.csv").write_text("id,flag\n1,0\n2,1\n")
    run_dbt(
        installation.settings,
        ("build", "--selector", "features", "--vars", "{max_quarantine_share: 1}"),
    )
    said = installation.query(
        "select split_part(quarantine_reason, ':', 1) as what, count(*) as n "
        "from quarantined_credit_products group by all"
    )
    expected = pd.Series([reason for case in cases for reason in case.reasons]).value_counts()
    assert dict(zip(said["what"], said["n"], strict=True)) == expected.to_dict()
    features = installation.query("from applicant_features").set_index("id")
    good = [{k: int(v or 0) for k, v in row.items()} for case in cases for row in case.good]
    assert_equal_features(features, expected_features(good, CONTRACT))
    record_property("trials", n_trials)


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A part and outcomes with their checksums."""
    write_part(real_products(), tmp_path / PART)
    (tmp_path / "train_target.csv").write_text("id,flag\n0,0\n1,1\n")
    write_checksums(tmp_path)
    return tmp_path


def write_checksums(folder: Path) -> None:
    """As a deliverer would."""
    files = sorted(path.name for path in folder.glob("train_*"))
    done = subprocess.run(["sha256sum", *files], cwd=folder, capture_output=True, check=True)  # noqa: S607
    (folder / CHECKSUMS).write_bytes(done.stdout)


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    "n_trials", [100, pytest.param(2000, marks=pytest.mark.faults)], ids=["some", "all"]
)
def test_with_checksums_no_damaged_file_is_accepted(
    delivery: Path, n_trials: int, record_property
) -> None:
    """Without them: `test_raw_faults.py`."""
    rng, n_refused = np.random.default_rng(6), 0
    for trial in range(n_trials):
        path = delivery / (PART if trial % 10 else "train_target.csv")
        whole = path.read_bytes()
        content = bytearray(whole)
        MUTATIONS[trial % len(MUTATIONS)](content, rng)
        path.write_bytes(content)
        if bytes(content) == whole:  # zeros over zeros
            check_raw(delivery, CONTRACT)
        else:
            with pytest.raises(ScorehouseError):
                check_raw(delivery, CONTRACT)
            n_refused += 1
        path.write_bytes(whole)
    check_raw(delivery, CONTRACT)
    assert n_refused > 0.9 * n_trials
    record_property("trials", n_trials)


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: (f / "train_data_1.pq").write_bytes((f / PART).read_bytes()), "train_data_1.pq"),
        (lambda f: (f / PART).rename(f / "train_data_1.pq"), "train_data_1.pq"),
        (
            lambda f: (f / CHECKSUMS).open("a").write(f"{0:064x}  train_data_9.pq\n"),
            "data_9.*missing",
        ),
        (lambda f: (f / CHECKSUMS).write_text("hello"), "line 1.*hello"),
        (lambda f: (f / "train_target.csv").write_text("id,flag\n0,1\n1,1\n"), "train_target.csv"),
    ],
    ids=["extra", "renamed", "missing", "unreadable", "another-outcome"],
)
def test_checksums_name_the_file(
    delivery: Path, change: Callable[[Path], object], named: str
) -> None:
    check_raw(delivery, CONTRACT)
    change(delivery)
    with pytest.raises(InputDataError, match=named):
        check_raw(delivery, CONTRACT)
