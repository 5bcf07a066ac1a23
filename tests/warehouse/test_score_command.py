"""``scorehouse score``: files in, files out, the same scores as in the table."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.installation import SCOREHOUSE, Installation, raw_columns, real_products

OF_THE_CALL = ["run_id", "scored_at"]


@pytest.fixture(scope="module")
def products() -> pd.DataFrame:
    return real_products()[raw_columns()].astype("int64")


def write(products: pd.DataFrame, kind: str, folder: Path) -> Path:
    path = folder / f"records.{kind}"
    if kind == "parquet":
        products.to_parquet(path, index=False)
    elif kind == "csv":
        products.to_csv(path, index=False)
    else:
        products.to_json(path, orient="records")
    return path


def score(
    run: Installation, *arguments: str, standard_input: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(SCOREHOUSE), "score", *arguments],
        env=run.environment,
        input=standard_input,
        capture_output=True,
        timeout=300,
        check=False,
    )


def read(kind: str, content: bytes) -> pd.DataFrame:
    if kind == "parquet":
        return pd.read_parquet(io.BytesIO(content))
    if kind == "csv":
        return pd.read_csv(io.BytesIO(content))
    return pd.DataFrame(json.loads(content))


@pytest.mark.parametrize(
    ("source", "form", "piped"),
    [("parquet", "json", False), ("csv", "parquet", True), ("json", "csv", True)],
)
def test_scores_equal_the_table(
    finished_run: Installation,
    products: pd.DataFrame,
    tmp_path: Path,
    source: str,
    form: str,
    piped: bool,
) -> None:
    path = write(products, source, tmp_path)
    given = ("--input", "-") if piped else ("--input", str(path))
    result = score(
        finished_run,
        *(*given, "--format", form),
        standard_input=path.read_bytes() if piped else None,
    )
    assert result.returncode == 0, result.stderr.decode()
    found = read(form, result.stdout)
    table = finished_run.query("from applicant_scores").set_index("id")
    assert list(found.columns) == ["id", *table.columns]
    assert found["id"].tolist() == products["id"].drop_duplicates().tolist()
    expected = table.loc[found["id"]].reset_index()
    for name in found.columns.drop(OF_THE_CALL):
        ours, theirs = found[name].tolist(), expected[name].tolist()
        if form != "csv" or name not in ("reason_codes", "contributions"):
            assert [np.asarray(v).tolist() for v in ours] == [
                np.asarray(v).tolist() for v in theirs
            ]
    assert found["run_id"].nunique() == 1


def test_output_file_and_table(
    finished_run: Installation, products: pd.DataFrame, tmp_path: Path
) -> None:
    path = write(products, "csv", tmp_path)
    target = tmp_path / "scores'.json"
    result = score(finished_run, "--input", str(path), "--format", "json", "--output", str(target))
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == b""
    assert len(json.loads(target.read_text())) == products["id"].nunique()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records.csv", "scores'.json"]
    shown = score(finished_run, "--input", str(path)).stdout.decode()
    assert "risk_band" in shown
    assert str(products["id"].iloc[0]) in shown
    assert "35 rows" in shown


def test_broken_records_are_named_and_the_rest_is_scored(
    finished_run: Installation, products: pd.DataFrame, tmp_path: Path
) -> None:
    broken = products.copy()
    broken.loc[3, "pre_util"] = 300
    broken.loc[broken.index[-1], "id"] = -4
    path = write(broken, "parquet", tmp_path)
    result = score(finished_run, "--input", str(path), "--format", "json")
    assert result.returncode == 65
    messages = result.stderr.decode()
    assert "record 3 is not used: pre_util: missing or not within 0 to 255" in messages
    assert f"record {len(products) - 1} is not used: id: missing or negative" in messages
    assert "2 of 254 records" in messages
    assert len(json.loads(result.stdout)) == products["id"].nunique()


UNUSABLE = {
    "no file": (None, 66, "There is no file"),
    "missing column": (b"id,rn\n1,1\n", 65, "pre_since_opened"),
    "text": (None, 65, "line 4, column pre_util: expected a whole number"),
    "JSON field": (b'[{"id": "1"}]', 65, "records, 0, id"),
    "no JSON": (b"[1, 2", 65, "JSON"),
    "damaged parquet": (b"PAR1 and no more", 65, "parquet file cannot be read"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_input_is_refused_in_one_sentence(
    finished_run: Installation, products: pd.DataFrame, tmp_path: Path, case: str
) -> None:
    content, exit_code, words = UNUSABLE[case]
    source = "-"
    if case == "no file":
        source = str(tmp_path / "none.csv")
    elif case == "text":
        changed = products.astype(object)
        changed.loc[2, "pre_util"] = "seven"
        content = changed.to_csv(index=False).encode()
    result = score(
        finished_run, "--input", source, "--format", "json", standard_input=content or b""
    )
    assert result.returncode == exit_code, result.stderr.decode()
    assert words in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
    assert result.stdout == b""


def test_no_records_give_no_scores(finished_run: Installation, products: pd.DataFrame) -> None:
    header = products.head(0).to_csv(index=False).encode()
    for content in (header, b"[]"):
        result = score(finished_run, "--input", "-", "--format", "json", standard_input=content)
        assert result.returncode == 0, result.stderr.decode()
        assert json.loads(result.stdout) == []


def test_unknown_format_is_refused(finished_run: Installation) -> None:
    result = score(finished_run, "--input", "-", "--format", "xml", standard_input=b"")
    assert result.returncode == 64
    assert "table, json, csv, parquet" in result.stderr.decode()
