"""The feature models on small hand-made bureaus, built by the real dbt."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.expected_features import (
    CODE_COLUMNS,
    assert_equal_features,
    expected_features,
    product,
)
from support.installation import Installation, write_part

from models_ml.errors import BuildError
from models_ml.features.contract import FeatureContract, read_contract
from models_ml.jobs.run import BEFORE_SCORING
from models_ml.warehouse.dbt import run_dbt


def build(raw: Path, home: Path, parts: dict[str, list[dict[str, int]]], *arguments: str):
    raw.mkdir(exist_ok=True)
    for path in raw.glob("train_data_*.pq"):
        if path.stem.removeprefix("train_data_") not in parts:
            path.unlink()
    for name, products in parts.items():
        write_part(pd.DataFrame(products), raw / f"train_data_{name}.pq")
    (raw / "train_target.csv").write_text("id,flag\n1,0\n2,1\n")
    installation = Installation(raw, home)
    outcome = run_dbt(installation.settings, ("build", *BEFORE_SCORING, *arguments))
    return installation, outcome


def features(installation: Installation) -> pd.DataFrame:
    return installation.query("from applicant_features order by id").set_index("id")


def random_products(rng: np.random.Generator, n_applicants: int) -> list[dict[str, int]]:
    """Products with any code of one byte, gaps in rn, 1 to 58 products, in random order."""
    rows = []
    for id_ in rng.choice(10**9, n_applicants, replace=False).tolist():
        n_products = int(rng.integers(1, 59))
        for rn in (rng.permutation(255)[:n_products] + 1).tolist():
            codes = rng.integers(0, 30, len(CODE_COLUMNS)).tolist()
            rows.append({"id": id_, "rn": rn, **dict(zip(CODE_COLUMNS, codes, strict=True))})
    return [rows[i] for i in rng.permutation(len(rows))]


@pytest.fixture(scope="module")
def contract() -> FeatureContract:
    return read_contract(Installation(Path(), Path()).settings.dictionary)


@pytest.mark.fault("F34")
def test_features_follow_the_definition_whatever_order_parts_and_batches(
    tmp_path: Path, contract: FeatureContract
) -> None:
    rng = np.random.default_rng(5)
    rows = random_products(rng, 120)
    # Applicants lie across both parts, and a batch ends between them.
    installation, _ = build(
        tmp_path / "raw",
        tmp_path / "home",
        {"a": rows[: len(rows) // 3], "b": rows[len(rows) // 3 :]},
        "--vars",
        "{batch_applicants: 50}",
    )
    first = features(installation)
    assert_equal_features(first, expected_features(rows, contract))

    # One part, other row order, one batch: the same features.
    mixed = [rows[i] for i in rng.permutation(len(rows))]
    other, _ = build(tmp_path / "raw2", tmp_path / "home2", {"all": mixed})
    columns = [name for name in first.columns if name != "source_fingerprint"]
    pd.testing.assert_frame_equal(features(other)[columns], first[columns])


def test_a_changed_part_recomputes_its_applicants_and_equals_a_full_refresh(
    tmp_path: Path,
) -> None:
    raw, home = tmp_path / "raw", tmp_path / "home"
    stays = [product(1, 1), product(1, 2), product(2, 1)]
    before = [product(3, 1), product(4, 1)]
    installation, _ = build(raw, home, {"a": stays, "b": before})
    # A mark that a recomputation would wipe out.
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("update applicant_features set n_open = 99 where id = 1")

    after = [product(3, 1), product(3, 2, pre_util=3), product(5, 1)]  # 4 is gone, 5 is new
    build(raw, home, {"a": stays, "b": after})
    incremental = features(installation)
    assert list(incremental.index) == [1, 2, 3, 5]
    assert incremental.loc[3, "n_products"] == 2
    assert incremental.loc[1, "n_open"] == 99

    build(raw, home, {"a": stays, "b": after}, "--full-refresh")
    refreshed = features(installation)
    assert refreshed.loc[1, "n_open"] == 0
    incremental.loc[1, "n_open"] = 0
    pd.testing.assert_frame_equal(refreshed, incremental)


@pytest.mark.fault("F28", "F31")
def test_rows_that_break_a_rule_are_quarantined_with_reason_and_part(tmp_path: Path) -> None:
    good = [product(1, rn) for rn in range(1, 11)]
    bad = [
        product(2, 1, pre_util=-1),
        product(2, 2, pre_util=300),
        product(2, 3, enc_paym_3=10**12),
        product(2, 0),
        product(2, 256),
        product(-5, 1),
        product(3, 1),
        product(3, 1, pre_util=4),  # which of the two is true?
        product(3, 2),
    ]
    installation, _ = build(
        tmp_path / "raw",
        tmp_path / "home",
        {"good": good, "bad": bad},
        "--vars",
        "{max_quarantine_share: 0.9}",
    )
    quarantined = installation.query(
        "select id, rn, quarantine_reason as reason, raw_part "
        "from quarantined_credit_products order by id, rn"
    )
    assert set(quarantined["raw_part"]) == {"train_data_bad.pq"}
    reasons = [(row.id, row.rn, row.reason.split(":")[0]) for row in quarantined.itertuples()]
    assert sorted(reasons) == sorted(
        [
            (-5, 1, "id"),
            (2, 0, "rn"),
            (2, 256, "rn"),
            (2, 1, "pre_util"),
            (2, 2, "pre_util"),
            (2, 3, "enc_paym_3"),
            (3, 1, "id, rn"),
            (3, 1, "id, rn"),
        ]
    )
    table = features(installation)
    assert table["n_products"].to_dict() == {1: 10, 3: 1}


@pytest.mark.fault("F28")
def test_too_many_quarantined_rows_stop_the_run(tmp_path: Path) -> None:
    rows = [product(1, 1), product(1, 2, pre_util=-1)]
    with pytest.raises(BuildError, match="quarantine"):
        build(tmp_path / "raw", tmp_path / "home", {"a": rows})
    with pytest.raises(Exception, match="applicant_features"):
        features(Installation(tmp_path / "raw", tmp_path / "home"))


@pytest.mark.fault("F33")
def test_255_products_do_not_wrap_a_counter(tmp_path: Path) -> None:
    rows = [product(1, rn, pre_util=16, pclose_flag=0) for rn in range(1, 256)]
    installation, _ = build(tmp_path / "raw", tmp_path / "home", {"a": rows})
    row = features(installation).loc[1]
    assert row["n_products"] == 255
    assert list(row["pclose_flag"]) == [255, 0, 0]
    assert row["pre_util"][16] == 255
    assert sum(row["pre_util"]) == 255


@pytest.mark.fault("F46")
def test_vars_are_checked_before_they_reach_sql(tmp_path: Path) -> None:
    attack = "{train_share: '0.6 then 1 else (select 1) end --'}"
    with pytest.raises(BuildError, match="train_share"):
        build(tmp_path / "raw", tmp_path / "home", {"a": [product(1, 1)]}, "--vars", attack)


def test_roles_of_columns_are_checked_when_features_are_compiled(tmp_path: Path) -> None:
    """Nothing is built from a dictionary that leaves open what a scalar feature counts."""
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    run_dbt(installation.settings, ("seed", "--select", "data_dictionary"))
    for column, name, wrong, right, message in (
        ("role", "fclose_flag", "'-'", "'open_flag'", "role: expected one row with open_flag"),
        ("payment_month", "enc_paym_0", 7, 0, "row enc_paym_7, column payment_month"),
        ("paid_code", "enc_paym_0", 2, 0, "row enc_paym_0, column paid_code: expected 0 to 1"),
    ):
        change = f"update data_dictionary set {column} = {{}} where column_name = '{name}'"
        with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
            connection.execute(change.format(wrong))
        with pytest.raises(BuildError, match=message):
            run_dbt(installation.settings, ("compile", "--select", "applicant_features"))
        with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
            connection.execute(change.format(right))
