"""Which files are raw parts, and which columns they may have: read or refused, never passed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.installation import Installation, real_products, write_part

from models_ml.errors import InputDataError
from models_ml.features.contract import read_contract
from models_ml.warehouse.raw_files import check_raw
from models_ml.warehouse.raw_parts import list_parts

CONTRACT = read_contract(Installation(Path(), Path()).settings.dictionary)
PART = "train_data_0.pq"
SPARK_FILE = "part-00000-4f1e.c000.snappy.parquet"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good part and outcomes."""
    write_part(real_products(), tmp_path / PART)
    (tmp_path / "train_target.csv").write_text("id,flag\n0,0\n1,1\n")
    return tmp_path


def written_by_spark(folder: Path, name: str, *, finished: bool = True) -> Path:
    """A part as Spark leaves it on a local disk."""
    (folder / name).mkdir()
    write_part(real_products(), folder / name / SPARK_FILE)
    (folder / name / f".{SPARK_FILE}.crc").write_bytes(b"crc")
    if finished:
        (folder / name / "_SUCCESS").touch()
        (folder / name / "._SUCCESS.crc").write_bytes(b"crc")
    return folder / name


@pytest.mark.fault("F53")
@pytest.mark.parametrize(
    "name", ["train_data_3.parquet", "TRAIN_DATA_3.PQ", "Train_Data_x.Parquet"]
)
def test_parts_are_read_whatever_their_ending(folder: Path, name: str) -> None:
    write_part(real_products(), folder / name)
    assert set(list_parts(folder)) == {PART, name}
    assert check_raw(folder, CONTRACT).n_products == 2 * len(real_products())


@pytest.mark.fault("F53")
def test_a_folder_written_by_spark_is_read(folder: Path) -> None:
    written_by_spark(folder, "train_data_2.pq")
    assert list_parts(folder) == (PART, f"train_data_2.pq/{SPARK_FILE}")
    assert check_raw(folder, CONTRACT).n_products == 2 * len(real_products())


@pytest.mark.fault("F53")
def test_files_about_a_part_are_no_parts(folder: Path) -> None:
    for name in (f".{PART}.crc", f"{PART}.sha256", f"{PART}.sig"):
        (folder / name).write_bytes(b"about it")
    assert list_parts(folder) == (PART,)


@pytest.mark.fault("F53")
@pytest.mark.parametrize(
    "name",
    [
        "train_data_3.pq.gz",
        "train_data_3.parquet.gz",
        "train_data_3.zip",
        "train_data_3.pq.tmp",
        ".train_data_3.pq.tmp",
        ".train_data_3.pq.Ab3xYz",
        "train_data_3.pq._COPYING_",
        ".train_data_3.pq.crc",
        "train_data_3.pq.sha256",
        "train_data_3.pq.filepart",
        "train_data_3.pq.crdownload",
        "train_data_3.pq~",
        "train_data_3 (1).pq",
        "train_data_3 - Copy.pq",
        "Copy of train_data_3.pq",
        "train_data_3.csv",
        "train_data_3",
        "train_data3.pq",
        "train-data-3.pq",
        "_train_data_3.pq",
        "train_data_3*.pq",
        "train_data_[3].pq",
    ],
)
def test_what_looks_like_a_part_and_is_none_is_refused_by_name(folder: Path, name: str) -> None:
    write_part(real_products(), folder / name)
    with pytest.raises(InputDataError) as caught:
        check_raw(folder, CONTRACT)
    assert name in str(caught.value)


def no_success(folder: Path) -> None:
    written_by_spark(folder, "train_data_2.pq", finished=False)


def partitioned(folder: Path) -> None:
    part = written_by_spark(folder, "train_data_2.pq")
    (part / "pclose_flag=1").mkdir()


def half_written(folder: Path) -> None:
    (written_by_spark(folder, "train_data_2.pq") / "_temporary").mkdir()


def with_a_log(folder: Path) -> None:
    (written_by_spark(folder, "train_data_2.pq") / "_delta_log").mkdir()


def without_rows(folder: Path) -> None:
    (written_by_spark(folder, "train_data_2.pq") / SPARK_FILE).unlink()


def other_name(folder: Path) -> None:
    written_by_spark(folder, "train_data_2")


def dangling(folder: Path) -> None:
    (folder / "train_data_2.pq").symlink_to(folder / "gone.pq")


@pytest.mark.fault("F53")
@pytest.mark.parametrize(
    "change",
    [no_success, partitioned, half_written, with_a_log, without_rows, other_name, dangling],
)
def test_a_folder_or_link_that_cannot_be_read_is_refused(
    folder: Path, change: Callable[[Path], None]
) -> None:
    change(folder)
    with pytest.raises(InputDataError, match="train_data_2"):
        check_raw(folder, CONTRACT)


@pytest.mark.fault("F53")
@pytest.mark.parametrize(
    "name",
    ["test_data_0.pq", "dt=2026-11-26/train_data_0.pq", "products.parquet/part-00000.parquet"],
)
def test_products_elsewhere_are_a_warning(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    write_part(real_products(), folder / name)
    pd.DataFrame({"id": [1], "probability": [0.5]}).to_parquet(folder / "oracle.parquet")
    (warning,) = check_raw(folder, CONTRACT).warnings
    assert name in warning
    assert "not read" in warning


def renamed(table: pa.Table, old: str, new: str) -> pa.Table:
    return table.rename_columns([new if name == old else name for name in table.column_names])


def with_column(name: str, place: int = 0) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.add_column(place, name, pa.array([1] * len(table)))


@pytest.mark.fault("F51")
@pytest.mark.parametrize("part", [PART, "train_data_1.pq"], ids=["first part", "later part"])
@pytest.mark.parametrize(
    ("change", "names"),
    [
        (with_column("ID"), ("ID", "id")),
        (with_column("Rn", 61), ("rn", "Rn")),
        (
            with_column("PRE_LOANS_CREDIT_LIMIT"),
            ("PRE_LOANS_CREDIT_LIMIT", "pre_loans_credit_limit"),
        ),
        (with_column("id"), ("id", "id")),
        (with_column("pre_util", 61), ("pre_util", "pre_util")),
        # DuckDB would call the second of them enc_paym_1, the name of a column that is needed.
        (lambda t: with_column("enc_paym")(with_column("enc_paym")(t)), ("enc_paym", "enc_paym")),
        (lambda t: with_column("ID")(renamed(t, "id", "Id")), ("ID", "Id")),
    ],
)
def test_columns_that_are_the_same_without_case_are_refused(
    folder: Path, change: Callable[[pa.Table], pa.Table], names: tuple[str, str], part: str
) -> None:
    write_part(real_products(), folder / "train_data_1.pq")
    pq.write_table(change(pq.read_table(folder / part)), folder / part)
    with pytest.raises(InputDataError) as caught:
        check_raw(folder, CONTRACT)
    wanted = f"{part}: expected one column {names[0].lower()}, found {', '.join(names)}"
    assert wanted in str(caught.value)


@pytest.mark.fault("F51")
def test_one_name_in_another_case_is_that_column(folder: Path) -> None:
    table = pq.read_table(folder / PART)
    pq.write_table(table.rename_columns([n.upper() for n in table.column_names]), folder / PART)
    assert check_raw(folder, CONTRACT).warnings == ()


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (pa.float64(), "double"),
        (pa.decimal128(20, 0), r"decimal128\(20, 0\)"),
        (pa.string(), "string"),
        (pa.bool_(), "bool"),
    ],
)
def test_numbers_that_are_no_integers_are_refused(
    folder: Path, kind: pa.DataType, found: str
) -> None:
    table = pq.read_table(folder / PART)
    position = table.column_names.index("pclose_flag")
    values = table["pclose_flag"].cast(kind)
    pq.write_table(table.set_column(position, "pclose_flag", values), folder / PART)
    with pytest.raises(InputDataError, match=f"pclose_flag: expected integers, found {found}"):
        check_raw(folder, CONTRACT)
