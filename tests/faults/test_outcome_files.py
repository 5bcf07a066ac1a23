"""Outcomes as they are really delivered: every reader takes a line for the same, or the check names the line."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import yaml
from jinja2 import Environment
from support.installation import Installation

from models_ml.errors import BuildError, InputDataError
from models_ml.settings import PROJECT_ROOT
from models_ml.warehouse.csv_files import CSV_OPTIONS
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.outcomes import OUTCOMES, check_outcomes

SOURCES = PROJECT_ROOT / "dbt_project/models/staging/bureau/_bureau__sources.yml"
SPARK_SOURCES = PROJECT_ROOT / "dbt_project/macros/bureau/register_raw_files.sql"
LINES = ["id,flag", "2,0", "0,1", f"{2**63 - 1},0"]
ROWS = [("2", "0"), ("0", "1"), (str(2**63 - 1), "0")]


def source_location(raw: Path) -> str:
    """The relation that dbt reads, as the project says it."""
    tables = yaml.safe_load(SOURCES.read_text())["sources"][0]["tables"]
    location = next(table for table in tables if table["name"] == "outcomes")
    text = location["config"]["meta"]["external_location"]
    return Environment().from_string(text).render(env_var=lambda *_: str(raw))  # noqa: S701


def quoted(line: str) -> str:
    return ",".join(f'"{value}"' for value in line.split(","))


def write(folder: Path, content: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / OUTCOMES
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


USABLE = {
    "plain": "\n".join(LINES) + "\n",
    "no last line end": "\n".join(LINES),
    "byte-order mark": "\ufeff" + "\n".join(LINES),
    "Windows": "\r\n".join(LINES) + "\r\n",
    "Windows with everything": "\ufeff" + "\r\n\r\n".join(map(quoted, LINES)) + "\r\n\r\n",
    "blank lines": LINES[0] + "\n\n" + "\n\n".join(LINES[1:]) + "\n\n\n",
    "quotes": "\n".join(map(quoted, LINES)),
    "some quotes": "\n".join([*LINES[:3], quoted(LINES[3])]),
}


@pytest.mark.fault("F56", "F52")
@pytest.mark.parametrize("folder", ["raw", "id=7", "flag=1"])
@pytest.mark.parametrize("case", USABLE)
def test_check_and_dbt_read_the_same_file(case: str, folder: str, tmp_path: Path) -> None:
    path = write(tmp_path / folder, USABLE[case])
    check_outcomes(path)
    assert duckdb.sql(f"from {source_location(path.parent)}").fetchall() == ROWS


@pytest.mark.fault("F56")
def test_every_reader_is_told_the_same_dialect() -> None:
    """Spark's own reading of such files is compared by `test_spark_target.py`."""
    assert CSV_OPTIONS in " ".join(source_location(Path("raw")).split())
    options = re.search(r"^    \((header.*)\)$", SPARK_SOURCES.read_text(), re.MULTILINE)
    assert options is not None
    of_spark = dict(re.findall(r"(\w+) '(.*?)'(?:,|$)", options[1]))
    of_duckdb = dict(re.findall(r"(\w+) = '(.)'", CSV_OPTIONS)) | {"header": "true"}
    assert {name: of_spark[name] for name in of_duckdb} == of_duckdb


WRONG_IDS = [
    *(
        "1.5",
        "1.0",
        "1e3",
        "1E3",
        "007",
        "00",
        "+7",
        "-7",
        "-0",
        " 7",
        "7 ",
        "\t7",
        "0x10",
        "1_000",
    ),
    *("1'000", "\uff17", "\u0667", "true", "False", "NULL", "nan", "", '""', '"7', "7\x00", "#7"),
    *(str(2**63), str(2**64), "9" * 19, "1" * 30),
]
WRONG_FLAGS = ["2", "01", "-0", "1.0", " 1", "true", "yes", "", '""', "1,5", "1;", "1\r", "\uff11"]


@pytest.mark.fault("F55", "F38")
@pytest.mark.parametrize(
    "line", [*(f"{id_},0" for id_ in WRONG_IDS), *(f"5,{flag}" for flag in WRONG_FLAGS), "5", "  "]
)
def test_any_other_spelling_is_refused_with_its_line(line: str, tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join([*LINES, line, "9,1"]) + "\n")
    with pytest.raises(InputDataError, match=rf"{OUTCOMES}, line 5: expected .* found ") as caught:
        check_outcomes(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.fault("F55")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*LINES, "0,1"], "lines 3 and 5: .*applicant 0 twice"),
        ([*LINES, "", '"2","1"'], "lines 2 and 6: .*applicant 2 twice"),
        ([*LINES, "02,0"], "line 5: .*'02,0'"),
        ([*LINES, " 2,0"], "line 5: .*' 2,0'"),
        (["id;flag", "1;0"], "line 1: expected the header id,flag, found 'id;flag'"),
        (["ID,FLAG", "1,0"], "line 1: .*'ID,FLAG'"),
        (["flag,id", "1,0"], "line 1: .*'flag,id'"),
        (["id,flag,date", "1,0,2026-01-01"], "line 1: .*'id,flag,date'"),
        (["", *LINES], "line 1: .*''"),
        (["id,flag"], "no applicants"),
        ([""], "line 1"),
    ],
)
def test_files_of_another_shape_are_refused(lines: list[str], said: str, tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join(lines))
    with pytest.raises(InputDataError, match=said):
        check_outcomes(path)


@pytest.mark.fault("F56")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("\n".join(LINES).encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00" + b"x" * 20, "gzip"),
        (b"PK\x03\x04" + b"x" * 20, "Excel"),
        ("\r".join(LINES).encode(), "line 1: .*header"),
        (b"id,flag\r\n2,0\n3,1\r\n", "line 2: .*'2,0"),
        (b"id,flag\n2,0\n3\xff,1\n", "line 3"),
    ],
    ids=["utf-16", "gzip", "workbook", "old Mac", "two line ends", "no utf-8"],
)
def test_other_files_are_refused_in_one_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputDataError, match=said) as caught:
        check_outcomes(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.faults
@pytest.mark.fault("F55", "F56")
def test_dbt_reads_late_quotes_and_refuses_what_is_no_number(tmp_path: Path) -> None:
    """By hand, without the check before it: a wrong line is no other applicant's outcome, and fails a test."""
    installation = Installation(tmp_path / "flag=1" / "raw", tmp_path / "home")
    ids = range(24_000)
    lines = ["id,flag", *(f"{id_},{id_ % 2}" for id_ in ids), '"30000","1"']
    path = write(installation.raw, "\ufeff" + "\r\n".join(lines) + "\r\n\r\n")
    check_outcomes(path)
    # Tests that also read other tables are left out: there are none in this home.
    build = ("build", "--select", "stg_bureau__outcomes", "applicant_outcomes")
    build += ("--indirect-selection", "cautious")
    run_dbt(installation.settings, build)
    found = installation.query("select id, defaulted from applicant_outcomes order by id")
    assert found["id"].tolist() == [*ids, 30_000]
    assert found["defaulted"].tolist() == [*(id_ % 2 for id_ in ids), 1]
    write(installation.raw, "id,flag\n1,0\n1.5,1\n")
    with pytest.raises(BuildError, match="stg_bureau__outcomes"):
        run_dbt(installation.settings, build)
