"""The feature contract: one dictionary, and everything made from it in step with it."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest
from support.installation import FACTS, Installation, raw_columns

from models_ml.errors import InputDataError, MissingInputError
from models_ml.features.contract import FeatureContract, read_contract
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.warehouse.dbt_properties import dbt_properties

SETTINGS = Settings(raw=PROJECT_ROOT, home=PROJECT_ROOT)


@pytest.fixture(scope="module")
def contract() -> FeatureContract:
    return read_contract(SETTINGS.dictionary)


def test_dictionary_lists_the_raw_columns_in_their_order(contract: FeatureContract) -> None:
    assert [column.name for column in contract.columns] == raw_columns()[2:]


def test_dictionary_has_the_published_codes(contract: FeatureContract) -> None:
    shares = json.loads((FACTS / "marginals.json").read_text())
    for column in contract.columns:
        known = set(range(column.n_codes)) - set(column.absent_codes)
        assert known == {int(code) for code in shares[column.name]}, column.name


def test_dictionary_has_the_published_kinds(contract: FeatureContract) -> None:
    kinds = pd.read_csv(FACTS / "columns.csv").set_index("column")["kind"]
    assert {c.name: c.kind for c in contract.columns} == {
        c.name: kinds[c.name] for c in contract.columns
    }


def test_dbt_contract_is_in_step_with_the_dictionary(contract: FeatureContract) -> None:
    for path, text in dbt_properties(contract).items():
        assert (SETTINGS.dbt_project / "models" / path).read_text() == text, "run: make contract"


def test_positions_point_at_what_they_name(contract: FeatureContract) -> None:
    names = contract.tree_feature_names
    assert [names[i] for i in contract.other_features] == [
        f"{c.name}_other" for c in contract.columns
    ]
    assert names[contract.product_count_feature] == "n_products"
    assert contract.business_groups[contract.depth_group] == "depth of history"


def test_json_round_trip_keeps_the_hash(contract: FeatureContract) -> None:
    again = FeatureContract.from_json(json.loads(json.dumps(contract.to_json())))
    assert again == contract
    assert again.sha256 == contract.sha256


def test_differences_name_the_columns(contract: FeatureContract) -> None:
    wider = dataclasses.replace(contract.columns[0], n_codes=contract.columns[0].n_codes + 1)
    other = dataclasses.replace(contract, columns=(wider, *contract.columns[1:-1]))
    found = " ".join(contract.differences(other))
    assert "pre_since_opened: utinyint[21] / utinyint[22]" in found
    assert "fclose_flag: utinyint[3] / missing" in found
    assert contract.differences(contract) == []


def test_warehouse_table_follows_the_contract(
    finished_run: Installation, contract: FeatureContract
) -> None:
    columns = finished_run.query(
        "select column_name, lower(data_type) as data_type from duckdb_columns() "
        "where table_name = 'applicant_features' order by column_index"
    )
    found = dict(zip(columns["column_name"], columns["data_type"], strict=True))
    assert found.pop("features_hash") == "varchar"
    assert found.pop("source_fingerprint") == "varchar"
    assert list(found.items()) == list(contract.data_types.items())


def test_missing_and_broken_dictionary(tmp_path) -> None:
    with pytest.raises(MissingInputError, match="version control"):
        read_contract(tmp_path / "data_dictionary.csv")
    broken = SETTINGS.dictionary.read_text().replace(",20,", ",twenty,", 1)
    (tmp_path / "data_dictionary.csv").write_text(broken)
    with pytest.raises(InputDataError, match="line 2"):
        read_contract(tmp_path / "data_dictionary.csv")
