"""Files of new records: a name is only a name, a number has one spelling, and no value is taken from anywhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from support.installation import raw_columns, real_products

from models_ml.cli.options import applicant_id
from models_ml.errors import InputDataError, MissingInputError
from models_ml.features.contract import read_contract
from models_ml.live.record_files import read_records
from models_ml.service.published_scores import COLUMNS, PublishedScores
from models_ml.settings import Settings
from models_ml.warehouse.csv_files import literal_path

CONTRACT = read_contract(Settings.from_environment({}).dictionary)
PRODUCTS = real_products()[raw_columns()].astype("int64")
TEXT = PRODUCTS.to_csv(index=False)
LINES = TEXT.splitlines()
JSON = json.dumps(PRODUCTS.to_dict(orient="records"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def values(name: str) -> np.ndarray:
    return read_records(name, CONTRACT).values


def refused(name: str, content: str | bytes | None = None) -> str:
    """The one sentence with which a file is refused."""
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputDataError) as caught:
        values(name)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.fault("F52")
@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
@pytest.mark.parametrize(
    "name",
    [
        *("id=7/one.{}", "pre_util=1/rn=2/one.{}", "a*.{}", "[x].{}", "data?.{}", "{{a,b}}.{}"),
        *("**/x.{}", "s3:/bucket/x.{}", "http:.{}", "~.{}", "it's.{}", "back\\slash.{}", "%20.{}"),
    ],
)
def test_the_name_of_a_file_is_only_a_name(name: str, suffix: str) -> None:
    path = Path(name.format(suffix))
    for other in ("ax", "x", "datay", "a", "x/x"):  # what a pattern would find
        decoy = Path(f"{other}.{suffix}")
        decoy.parent.mkdir(exist_ok=True)
        write(PRODUCTS.head(3), decoy)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(PRODUCTS, path)
    np.testing.assert_array_equal(values(str(path)), PRODUCTS.to_numpy().T)


def write(products: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pandas(products, preserve_index=False), path.open("wb"))
    else:
        text = products.to_csv(index=False) if path.suffix == ".csv" else JSON
        path.write_text(text)


@pytest.mark.fault("F51")
@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_names_of_columns_have_no_case(name: str) -> None:
    write(PRODUCTS.rename(columns=str.upper)[::-1].iloc[:, ::-1].assign(branch=7), Path(name))
    np.testing.assert_array_equal(values(name), PRODUCTS.to_numpy()[::-1].T)


@pytest.mark.fault("F52")
@pytest.mark.parametrize("name", ["a*.csv", "s3://bucket/x.csv", "http://127.0.0.1:9/x.csv", "~"])
def test_a_pattern_or_address_is_no_file(name: str) -> None:
    Path("ax.csv").write_text(TEXT)
    with pytest.raises(MissingInputError, match="no file"):
        values(name)


@pytest.mark.fault("F52")
def test_published_scores_take_no_id_from_the_path() -> None:
    settings = Settings(raw=Path("raw"), home=Path("id=7").absolute())
    settings.published.mkdir(parents=True)
    others = ", ".join(f"0 as {name}" for name in COLUMNS if name != "id")
    target = settings.published / "applicant_scores.parquet"
    duckdb.sql(f"copy (select 3 as id, {others}) to '{literal_path(target)}' (format parquet)")
    assert PublishedScores(settings).get(7) is None
    assert (PublishedScores(settings).get(3) or {})["id"] == 3


@pytest.mark.fault("F56")
@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\n\n").encode(),
        "\n".join(",".join(f'"{v}"' for v in line.split(",")) for line in LINES).encode(),
        "\n".join([*LINES[:-1], ",".join(f'"{v}"' for v in LINES[-1].split(","))]).encode(),
    ],
    ids=["byte-order mark", "Windows", "blank lines", "quotes", "late quotes"],
)
def test_a_csv_means_the_same_however_it_is_written(content: bytes) -> None:
    Path("x.csv").write_bytes(content)
    np.testing.assert_array_equal(values("x.csv"), PRODUCTS.to_numpy().T)


SPELLINGS = [
    *("1.5", "1.0", "1e3", "007", "+7", "-0", " 7", "7 ", "0x10", "1_000", "\uff17", "true", "nan"),
    *("NULL", str(2**63), "9" * 30),
]


@pytest.mark.fault("F55")
@pytest.mark.parametrize("column", ["id", "pre_util"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_has_one_spelling_in_csv(spelling: str, column: str) -> None:
    cells = LINES[7].split(",")
    cells[raw_columns().index(column)] = spelling
    said = refused("x.csv", "\n".join([*LINES[:7], ",".join(cells), *LINES[8:]]))
    assert f"x.csv, line 8, column {column}: expected a whole number in plain digits" in said
    assert repr(spelling) in said


@pytest.mark.fault("F55")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_has_one_spelling_on_the_command_line(spelling: str) -> None:
    assert applicant_id(str(2**63 - 1)) == 2**63 - 1
    with pytest.raises(typer.BadParameter, match="plain digits"):
        applicant_id(spelling)


@pytest.mark.fault("F55")
@pytest.mark.parametrize("value", ["1.0", "1e3", '"1"', "true", "null", str(2**63), "[1]"])
def test_a_number_has_one_spelling_in_json(value: str) -> None:
    assert "at records, 0, id:" in refused("x.json", JSON.replace('"id": 0', f'"id": {value}', 1))


def table_with(values: pa.Array, name: str = "id") -> pa.Table:
    table = pa.Table.from_pandas(PRODUCTS, preserve_index=False)
    return table.set_column(table.column_names.index(name), name, values)


@pytest.mark.fault("F55")
@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.uint64()])
def test_any_width_of_a_column_is_read(kind: pa.DataType) -> None:
    for name in ("rn", "pre_util"):
        pq.write_table(table_with(pa.array(PRODUCTS[name], kind), name), "x.parquet")
        np.testing.assert_array_equal(values("x.parquet"), PRODUCTS.to_numpy().T)


@pytest.mark.fault("F55")
@pytest.mark.parametrize(
    "change",
    [
        lambda ids: pa.array([*ids[:-1], 2**63], pa.uint64()),
        lambda ids: pa.array(ids, pa.float64()),
        lambda ids: pa.array(ids, pa.decimal128(20, 0)),
        lambda ids: pa.array([str(id_) for id_ in ids]),
        lambda ids: pa.array([True] * len(ids)),
        lambda ids: pa.array([[id_] for id_ in ids]),
    ],
    ids=["beyond 63 bits", "double", "decimal", "text", "truth value", "list"],
)
def test_other_types_in_parquet_are_refused(change: Callable[[list[int]], pa.Array]) -> None:
    pq.write_table(table_with(change(PRODUCTS["id"].tolist())), "x.parquet")
    assert "x.parquet, column id: expected " in refused("x.parquet")


@pytest.mark.fault("F55")
@pytest.mark.parametrize("name", ["ID", "Id", "id"])
def test_a_column_that_is_there_twice_is_refused(name: str) -> None:
    table = pa.Table.from_pandas(PRODUCTS, preserve_index=False)
    pq.write_table(table.add_column(0, name, pa.array([5] * len(table))), "x.parquet")
    assert f"expected one column id, found {name}, id" in refused("x.parquet")
    text = "\n".join(f"{name if n == 0 else 5},{line}" for n, line in enumerate(LINES))
    assert f"expected one column id, found {name}, id" in refused("x.csv", text)
    for place in (0, 2):
        records = json.loads(JSON)[: place + 1]
        rest = json.dumps(records)[:-2]
        assert f"at records, {place}, id" in refused("x.json", f'{rest}, "{name}": 5}}]')


@pytest.mark.fault("F55")
def test_one_name_in_another_case_is_that_column() -> None:
    columns = [name.upper() for name in PRODUCTS.columns]
    Path("x.csv").write_text("\n".join([",".join(columns), *LINES[1:]]))
    # In another order too: a column is found by its name.
    table = pa.Table.from_pandas(PRODUCTS, preserve_index=False).rename_columns(columns)
    pq.write_table(table.select(columns[::-1]), "x.parquet")
    for name in ("x.csv", "x.parquet"):
        np.testing.assert_array_equal(values(name), PRODUCTS.to_numpy().T)


@pytest.mark.fault("F55")
def test_a_name_in_json_cannot_be_hidden() -> None:
    escaped = JSON.replace('"rn"', r'"\u0069d": 7, "rn"', 1)
    assert "at records, 0, id" in refused("x.json", escaped)
    assert "at records:" in refused("x.json", f'{{"records": [], "records": {JSON}}}')
    Path("x.json").write_text(JSON.replace('"rn"', '"note: a": {"id": 1, "ID": [2]}, "rn"'))
    np.testing.assert_array_equal(values("x.json"), PRODUCTS.to_numpy().T)


@pytest.mark.fault("F56")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", TEXT.encode("utf-16"), "UTF-16"),
        ("x.csv.gz", b"\x1f\x8b\x08\x00" + b"x" * 20, "gzip"),
        ("x.csv", TEXT.replace(",", ";").encode(), "commas between them"),
        ("x.csv", b"\n" + TEXT.encode(), "line 1: expected a header"),
        ("x.csv", b"", "line 1: expected a header"),
        ("x.csv", "\n".join([*LINES[:4], "1,2", *LINES[4:]]).encode(), "line 5: .* 61 .* 2"),
        ("x.csv", "\n".join([LINES[0] + "\r", *LINES[1:]]).encode(), "all end alike"),
        ("x.csv", TEXT.encode().replace(b"\n0,", b"\n\xff0,", 1), "line"),
    ],
    ids=["utf-16", "gzip", "semicolons", "blank", "empty", "short", "line ends", "no utf-8"],
)
def test_other_files_are_refused_in_one_sentence(name: str, content: bytes, said: str) -> None:
    assert re.search(said, refused(name, content))
