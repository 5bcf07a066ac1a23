"""F29, F35, F28: raw parts with damage of every kind, read the way a run reads them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from support.installation import Installation, raw_columns, real_products, write_part
from support.mutations import MUTATIONS

from models_ml.errors import ScorehouseError
from models_ml.features.contract import read_contract
from models_ml.settings import PROJECT_ROOT
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.raw_files import check_raw

CONTRACT = read_contract(PROJECT_ROOT / "dbt_project" / "seeds" / "data_dictionary.csv")


def outcome_of(folder: Path, part: Path, original: list[tuple]) -> str:
    """What a run makes of the part: an error, unchanged rows, or rows that differ."""
    try:
        check_raw(folder, CONTRACT)
        columns = ", ".join(raw_columns())
        with duckdb.connect() as connection:
            rows = connection.execute(f"select {columns} from read_parquet('{part}')").fetchall()
    except (ScorehouseError, duckdb.Error):
        return "error"
    return "unchanged" if rows == original else "changed"


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    "n_trials", [60, pytest.param(2000, marks=pytest.mark.faults)], ids=["some", "all"]
)
def test_a_damaged_part_is_an_error_or_known_to_be_another_file(
    tmp_path: Path, n_trials: int, record_property
) -> None:
    """Parquet without page checksums cannot tell one code from another: such a change is known by the file's hash.

    The hash of each part is in raw_parts and in every model; see the next test.
    """
    part = tmp_path / "train_data_0.pq"
    write_part(real_products(), part)
    (tmp_path / "train_target.csv").write_text("id,flag\n0,0\n1,1\n")
    whole = part.read_bytes()
    with duckdb.connect() as connection:
        original = connection.execute(
            f"select {', '.join(raw_columns())} from read_parquet('{part}')"
        ).fetchall()
    rng = np.random.default_rng(3)
    outcomes: Counter[str] = Counter()
    for trial in range(n_trials):
        content = bytearray(whole)
        MUTATIONS[trial % len(MUTATIONS)](content, rng)
        part.write_bytes(content)
        outcomes[outcome_of(tmp_path, part, original)] += 1
    assert outcomes["error"] > n_trials / 3
    assert sum(outcomes.values()) == n_trials
    record_property("trials", n_trials)
    for name, count in outcomes.items():
        record_property(name, count)


@pytest.mark.fault("F29", "F35")
@pytest.mark.faults
def test_another_file_is_another_fingerprint_and_other_columns_are_the_same_features(
    finished_run: Installation, tmp_path: Path
) -> None:
    """One run on a copy of the raw files, one part with its columns turned round: new hash, same features."""
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    installation.raw.mkdir()
    products = real_products()
    write_part(products, installation.raw / "train_data_0.pq")
    (installation.raw / "train_target.csv").write_bytes(
        (finished_run.raw / "train_target.csv").read_bytes()
    )
    installation.home.mkdir()
    features = "select * exclude (source_fingerprint) from applicant_features order by id"
    build_features(installation)
    before = installation.query(features)
    hash_before = installation.query("select content_sha256 from raw_parts").values.tolist()
    table = pq.read_table(installation.raw / "train_data_0.pq")
    pq.write_table(table.select(table.column_names[::-1]), installation.raw / "train_data_0.pq")
    build_features(installation)
    assert installation.query("select content_sha256 from raw_parts").values.tolist() != hash_before
    assert installation.query(features).to_json() == before.to_json()


def build_features(installation: Installation) -> None:
    run_dbt(installation.settings, ("build", "--selector", "features"))
