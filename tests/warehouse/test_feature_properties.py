"""Properties of the features, searched for by hypothesis: the SQL that dbt compiled, in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.expected_features import assert_equal_features, expected_features, product
from support.installation import Installation, raw_columns

from models_ml.features.contract import FeatureContract, read_contract
from udf.registration import ScoreFunction, register

VARIED = ("pre_util", "pre_loans5", "pre_loans90", "enc_paym_11", "fclose_flag")
MODELS = (
    "staging/bureau/base_bureau__credit_products",
    "staging/bureau/stg_bureau__credit_products",
    "intermediate/features/int_product_code_positions",
    "intermediate/features/int_applicant_products",
    "marts/features/applicant_features",
)

products = st.builds(
    product,
    st.integers(1, 4),
    st.integers(1, 255),
    **{name: st.integers(0, 255) for name in VARIED},
)
bureaus = st.lists(products, min_size=1, max_size=40, unique_by=lambda row: (row["id"], row["rn"]))


@pytest.fixture(scope="module")
def compiled(finished_run: Installation) -> Iterator[duckdb.DuckDBPyConnection]:
    """The compiled models as views over an empty table of raw products."""
    folder = finished_run.home / "dbt_target" / "compiled" / "scorehouse" / "models"
    with duckdb.connect(":memory:") as connection:
        settings = finished_run.settings
        register(connection, ScoreFunction(settings.artifacts, read_contract(settings.dictionary)))
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        codes = ", ".join(f"{name} bigint" for name in raw_columns())
        connection.execute(f"create table raw_products ({codes})")
        connection.execute("create table stg_bureau__duplicated_products (id bigint, rn bigint)")
        connection.execute(
            "create table int_applicant_sources (id bigint, source_fingerprint varchar)"
        )
        for model in MODELS:
            sql = (folder / f"{model}.sql").read_text()
            if model == MODELS[0]:
                reader = re.search(r"read_parquet\(.*, filename = '(raw_file_+)'\)", sql)
                rows = f"(select *, 'part.pq' as {reader[1]} from raw_products)"
                sql = sql.replace(reader[0], rows)
            connection.execute(f"create view {model.split('/')[-1]} as {sql}")
        yield connection


def compute(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, int]]) -> pd.DataFrame:
    parts = pd.DataFrame(rows)[raw_columns()].astype("int64")
    connection.execute("delete from raw_products; delete from int_applicant_sources")
    connection.register("parts", parts)
    connection.execute("insert into raw_products select * from parts")
    connection.execute(
        "insert into int_applicant_sources select distinct id, 'fingerprint' from raw_products"
    )
    return connection.sql("from applicant_features order by id").df().set_index("id")


@pytest.fixture(scope="module")
def contract(finished_run: Installation) -> FeatureContract:
    return read_contract(finished_run.settings.dictionary)


few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@few
@given(rows=bureaus)
def test_features_are_what_the_contract_says(compiled, contract, rows) -> None:
    assert_equal_features(compute(compiled, rows), expected_features(rows, contract))


@few
@given(rows=bureaus, data=st.data())
def test_features_depend_on_nothing_but_the_applicants_own_products(compiled, rows, data) -> None:
    everyone = compute(compiled, rows)
    shuffled = compute(compiled, data.draw(st.permutations(rows)))
    pd.testing.assert_frame_equal(shuffled, everyone)
    one = rows[0]["id"]
    alone = compute(compiled, [row for row in rows if row["id"] == one])
    pd.testing.assert_frame_equal(alone, everyone.loc[[one]])
