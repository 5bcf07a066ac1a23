"""The folder by risk band, as each library reads it: the same rows, the same columns, the band as a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.installation import Installation

from models_ml.publishing.files import SCORES_BY_BAND, SCORES_PARQUET, publish


def with_pandas(folder: Path) -> pa.Table:
    return pa.Table.from_pandas(pd.read_parquet(folder), preserve_index=False)


def with_pyarrow(folder: Path) -> pa.Table:
    return pq.read_table(folder)


def with_polars(folder: Path) -> pa.Table:
    return pytest.importorskip("polars").read_parquet(folder).to_arrow()


def with_duckdb(folder: Path) -> pa.Table:
    return duckdb.sql(f"from '{folder}/*/*.parquet'").to_arrow_table()


def with_spark(folder: Path) -> pa.Table:
    spark = pytest.importorskip("pyspark.sql").SparkSession
    session = (
        spark.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    try:
        return session.read.parquet(str(folder)).toArrow()
    finally:
        session.stop()


READERS = [
    *(with_pandas, with_pyarrow, with_polars, with_duckdb),
    pytest.param(with_spark, marks=pytest.mark.spark),
]


def columns_and_rows(table: pa.Table) -> tuple[list[str], list[dict[str, object]]]:
    """Names and rows in an order that does not depend on the reader; arrays as lists."""
    names = sorted(table.column_names)
    return names, table.select(names).sort_by("id").to_pylist()


@pytest.mark.fault("F62")
@pytest.mark.parametrize("read", READERS)
def test_every_library_reads_the_same_rows(
    finished_run: Installation, read: Callable[[Path], pa.Table]
) -> None:
    published = finished_run.settings.published
    expected = pq.read_table(published / SCORES_PARQUET)
    # By the public name, and by the folder behind it, in which a reader stays with one publication.
    for folder in (published / SCORES_BY_BAND, (published / SCORES_BY_BAND).resolve()):
        found = read(folder)
        assert is_text(found.schema.field("risk_band").type)
        assert columns_and_rows(found) == columns_and_rows(expected)


@pytest.mark.fault("F62")
@pytest.mark.parametrize("read", READERS)
def test_every_library_reads_no_rows(
    home_copy: Installation, read: Callable[[Path], pa.Table]
) -> None:
    expected = pq.read_schema(home_copy.settings.published / SCORES_PARQUET)
    with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
        connection.execute("delete from applicant_scores")
    published = publish(
        home_copy.settings.warehouse,
        home_copy.settings.published,
        ("applicant_scores", "reason_codes"),
    )
    assert published.n_applicants == 0
    found = read(home_copy.settings.published / SCORES_BY_BAND)
    assert found.num_rows == 0
    assert is_text(found.schema.field("risk_band").type)
    assert sorted(found.column_names) == sorted(expected.names)


@pytest.mark.fault("F62")
def test_a_band_can_be_read_alone(finished_run: Installation) -> None:
    published = finished_run.settings.published
    scores = pq.read_table(published / SCORES_PARQUET)
    band = scores["risk_band"].to_pylist()[0]
    found = pd.read_parquet(published / SCORES_BY_BAND, filters=[("risk_band", "==", band)])
    assert set(found["id"]) == set(scores.filter(pc.field("risk_band") == band)["id"].to_pylist())


def is_text(kind: pa.DataType) -> bool:
    """Whether values are texts; pandas and pyarrow keep a column that stands in folder names as categories."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return (
        pa.types.is_string(value)
        or pa.types.is_large_string(value)
        or pa.types.is_string_view(value)
    )
