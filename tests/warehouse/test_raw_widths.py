"""Raw parts of any integer width, case and name, in a folder whose path looks like data: the same features."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.installation import Installation, raw_columns, real_products, write_part

from models_ml.errors import BuildError
from models_ml.warehouse.dbt import run_dbt

CODES = raw_columns()[2:]
RESERVED = ("raw_file", "raw_part", "filename", "file_row_number", "file_index", "RAW_FILE_")
SPARK_PART = "train_data_2.pq/part-00000.snappy.parquet"
FIRST_BROKEN_ID = 900_000


def build(installation: Installation) -> None:
    run_dbt(
        installation.settings,
        (
            *("build", "--select", "+applicant_features"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        ),
    )


def features(installation: Installation) -> str:
    return installation.query(
        "select * exclude (source_fingerprint) from applicant_features order by id"
    ).to_json()


def as_table(products: pd.DataFrame, key: pa.DataType, code: pa.DataType) -> pa.Table:
    """Products in integers of given widths."""
    kinds = {"id": key, **dict.fromkeys(("rn", *CODES), code)}
    return pa.table(
        {name: pa.array(products[name].tolist(), kinds[name]) for name in raw_columns()}
    )


def broken(products: pd.DataFrame, *changes: dict[str, int]) -> pd.DataFrame:
    """The products, and one more row for each change, of an applicant of its own unless the change says whose."""
    row = {**products.iloc[0].to_dict(), "rn": 1}
    rows = [{**row, "id": FIRST_BROKEN_ID + i, **change} for i, change in enumerate(changes)]
    return pd.DataFrame([*products.to_dict("records"), *rows], dtype=object)


@dataclass(frozen=True)
class Delivery:
    """The same products twice: in one plain part, and as different as parts may be."""

    plain: Installation
    mixed: Installation


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    folder = tmp_path_factory.mktemp("widths")
    products = real_products()[raw_columns()]
    plain = Installation(folder / "raw", folder / "plain")
    plain.raw.mkdir()
    write_part(products, plain.raw / "train_data_0.pq")
    build(plain)
    # Every key is a column that SQL on files would take from the path.
    mixed = Installation(folder / "pclose_flag=1/id=7/raw_part=x/size=3/raw", folder / "mixed")
    (mixed.raw / SPARK_PART).parent.mkdir(parents=True)
    small = products["id"] < 2**15
    pieces = [products[small], *(products[~small & (products["id"] % 4 == i)] for i in range(4))]
    # The first part is the narrowest; a reader that takes its types for all breaks on the next.
    narrow = as_table(pieces[0], pa.int16(), pa.uint8())
    for name in RESERVED:
        narrow = narrow.append_column(name, pa.array(["train_data_9.pq"] * len(narrow)))
    pq.write_table(narrow, mixed.raw / "train_data_0.pq")
    wide = broken(pieces[1], {CODES[0]: 300}, {CODES[1]: 10**12}, {CODES[2]: -1}, {"rn": 10**12})
    pq.write_table(as_table(wide, pa.int64(), pa.int64()), mixed.raw / "train_data_1.parquet")
    unsigned = broken(pieces[2], {"id": 2**63 + 5}, {CODES[3]: 2**64 - 1}, {"rn": 2**63 + 1})
    pq.write_table(as_table(unsigned, pa.uint64(), pa.uint64()), mixed.raw / SPARK_PART)
    (mixed.raw / SPARK_PART).with_name("_SUCCESS").touch()
    upper = as_table(pieces[3], pa.int32(), pa.int32())
    upper = upper.rename_columns([name.upper() for name in upper.column_names])
    pq.write_table(upper, mixed.raw / "TRAIN_DATA_3.PQ")
    odd = as_table(broken(pieces[4], {CODES[4]: 40_000}), pa.uint32(), pa.uint16())
    position = odd.column_names.index("enc_loans_credit_type")
    words = odd["enc_loans_credit_type"].dictionary_encode()
    odd = odd.set_column(position, "enc_loans_credit_type", words)
    elsewhere = folder / "elsewhere.pq"
    pq.write_table(odd.select(odd.column_names[::-1]), elsewhere)
    (mixed.raw / "train_data_4.pq").symlink_to(elsewhere)
    build(mixed)
    return Delivery(plain, mixed)


@pytest.mark.fault("F51", "F52", "F53", "F57")
def test_features_are_the_same_to_the_last_bit(delivery: Delivery) -> None:
    assert features(delivery.mixed) == features(delivery.plain)


@pytest.mark.fault("F57")
def test_a_value_that_does_not_fit_is_quarantined_where_it_stands(delivery: Delivery) -> None:
    found = delivery.mixed.query(
        "select raw_part, split_part(quarantine_reason, ':', 1) as what from quarantined_credit_products"
    )
    assert sorted(zip(found["raw_part"], found["what"], strict=True)) == sorted(
        [
            *(("train_data_1.parquet", name) for name in (*CODES[:3], "rn")),
            *((SPARK_PART, name) for name in ("id", CODES[3], "rn")),
            ("train_data_4.pq", CODES[4]),
        ]
    )


@pytest.mark.fault("F51", "F52", "F53")
def test_every_row_is_of_its_own_part(delivery: Delivery) -> None:
    found = delivery.mixed.query(
        "select raw_part, n_rows, is_within_rules from raw_parts order by raw_part"
    )
    assert found["raw_part"].tolist() == [
        *("TRAIN_DATA_3.PQ", "train_data_0.pq", "train_data_1.parquet", SPARK_PART),
        "train_data_4.pq",
    ]
    # Upper case is no reason to doubt a part, nor is its width.
    assert found["is_within_rules"].tolist() == [True, True, False, False, False]
    counted = delivery.mixed.query(
        "select raw_part, count(*) as n_rows from base_bureau__credit_products group by all "
        "order by raw_part"
    )
    assert counted["n_rows"].tolist() == found["n_rows"].tolist()


@pytest.mark.fault("F52")
def test_freshness_reads_no_path(delivery: Delivery) -> None:
    run_dbt(delivery.mixed.settings, ("source", "freshness"))


@pytest.mark.fault("F51", "F53")
def test_plain_dbt_refuses_what_the_check_refuses(delivery: Delivery) -> None:
    installation = delivery.plain
    extra = installation.raw / "train_data_1.pq.gz"
    before = installation.query("from raw_parts").to_json()
    extra.write_bytes(b"gz")
    try:
        with pytest.raises(BuildError, match=r"train_data_1\.pq\.gz looks like a raw part"):
            run_dbt(installation.settings, ("run", "--select", "raw_parts"))
    finally:
        extra.unlink()
    assert installation.query("from raw_parts").to_json() == before
