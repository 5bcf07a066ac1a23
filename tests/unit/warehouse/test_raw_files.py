"""Bad raw files: one clear sentence with the remedy, an exit code, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from support.installation import Installation, real_products, write_part

from models_ml.errors import ScorehouseError
from models_ml.features.contract import read_contract
from models_ml.warehouse.raw_files import check_raw

CONTRACT = read_contract(Installation(Path(), Path()).settings.dictionary)
PART = "train_data_0.pq"


def good_folder(folder: Path) -> None:
    folder.mkdir()
    write_part(real_products(), folder / PART)
    ids = real_products()["id"].unique()
    pd.DataFrame({"id": ids, "flag": [0, 1] * 17 + [0]}).to_csv(
        folder / "train_target.csv", index=False
    )


def drop_column(folder: Path) -> None:
    products = pd.read_parquet(folder / PART).drop(columns="pre_util")
    products.to_parquet(folder / PART, index=False)


def make_column_text(folder: Path) -> None:
    products = pd.read_parquet(folder / PART)
    products["pre_util"] = products["pre_util"].astype(str)
    products.to_parquet(folder / PART, index=False)


def truncate(folder: Path) -> None:
    content = (folder / PART).read_bytes()
    (folder / PART).write_bytes(content[: len(content) // 2])


def remove_rows(folder: Path) -> None:
    pd.read_parquet(folder / PART).head(0).to_parquet(folder / PART, index=False)


def write_target(text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "train_target.csv").write_text(text)

    return change


CASES: dict[str, tuple[Callable[[Path], None], int, list[str]]] = {
    "no parts": (
        lambda folder: (folder / PART).unlink(),
        66,
        ["train_data_*.pq", "SCOREHOUSE_RAW"],
    ),
    "missing column": (drop_column, 65, [PART, "pre_util"]),
    "wrong type": (make_column_text, 65, [PART, "pre_util", "integers", "string"]),
    "zero bytes": (lambda folder: (folder / PART).write_bytes(b""), 65, [PART, "parquet"]),
    "truncated": (truncate, 65, [PART, "parquet"]),
    "no rows": (remove_rows, 65, ["no rows"]),
    "no target": (lambda folder: (folder / "train_target.csv").unlink(), 66, ["train_target.csv"]),
    "target header": (write_target("applicant,bad\n1,0\n"), 65, ["id,flag", "applicant,bad"]),
    "target label": (write_target("id,flag\n1,0\n2,7\n"), 65, ["line 3", "'2,7'"]),
    "target twice": (
        write_target("id,flag\n1,0\n2,1\n1,1\n"),
        65,
        ["lines 2 and 4", "applicant 1 twice"],
    ),
    "target empty": (write_target("id,flag\n"), 65, ["no applicants"]),
}


@pytest.mark.fault("F30", "F35")
@pytest.mark.parametrize("case", CASES)
def test_bad_raw_files_are_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    change, exit_code, words = CASES[case]
    folder = tmp_path / "raw"
    good_folder(folder)
    check_raw(folder, CONTRACT)
    change(folder)
    with pytest.raises(ScorehouseError) as caught:
        check_raw(folder, CONTRACT)
    assert caught.value.exit_code == exit_code
    for word in words:
        assert word in str(caught.value)


def test_the_command_stops_before_anything_is_written(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    good_folder(installation.raw)
    drop_column(installation.raw)
    result = installation.command("run", check=False)
    assert result.returncode == 65
    assert "pre_util" in result.stderr.split("error:")[1]
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in installation.home.iterdir()) == [".lock", "runs.jsonl"]


def test_missing_folder_names_the_remedy(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "nowhere", tmp_path / "home")
    result = installation.command("run", check=False)
    assert result.returncode == 66
    assert "scorehouse simulate" in result.stderr


def test_errors_can_be_json_lines(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "nowhere", tmp_path / "home")
    result = installation.command("--log-format", "json", "run", check=False)
    assert result.returncode == 66
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["info", "error"]
    assert "scorehouse simulate" in lines[-1]["message"]


def test_a_failed_run_is_in_the_run_log(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "nowhere", tmp_path / "home")
    installation.command("run", check=False)
    installation.command("run", check=False)
    log = (installation.home / "runs.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in log]
    assert [event["event"] for event in events] == ["start", "end"] * 2
    assert (events[1]["outcome"], events[1]["exit_code"]) == ("failed", 66)
    assert "scorehouse simulate" in events[1]["message"]


@pytest.mark.fault("F30")
def test_extra_column_is_only_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    good_folder(folder)
    pd.read_parquet(folder / PART).assign(branch=1).to_parquet(folder / PART, index=False)
    assert check_raw(folder, CONTRACT).warnings == (f"{PART}: columns branch are not used.",)


def test_training_needs_defaulters_in_every_slice(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    good_folder(installation.raw)
    result = installation.command("run", check=False)
    assert result.returncode == 65
    assert "at least 20" in result.stderr
    assert not (installation.home / "artifacts").exists()
    assert not (installation.home / "published").exists()
