"""F54: parts that did not arrive leave no trace but fewer applicants; such a result is not published by itself."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from support.installation import Installation

from models_ml.errors import BuildError, UsageError
from models_ml.publishing.files import SERVING_FILE
from models_ml.publishing.large_fall import check_large_fall, default_largest_fall
from models_ml.settings import PROJECT_ROOT, Settings


def fill(path: Path, n_applicants: int, n_products: int) -> None:
    """A database with the tables that are counted; everyone has as many products."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"create table applicant_scores as select range as id from range({n_applicants});"
            "create table products_per_applicant as select s as time_slice, "
            f"{n_products}::integer as n_products, {n_applicants} // 2 as n_applicants from range(2) as t(s)"
        )


def check(settings: Settings, allowed: float | None = None) -> None:
    share = default_largest_fall(settings.dbt_project) if allowed is None else allowed
    check_large_fall(settings.warehouse, settings.published, share)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A thousand applicants with eight products each are published."""
    settings = Settings(raw=tmp_path / "raw", home=tmp_path / "home")
    fill(settings.published / SERVING_FILE, 1000, 8)
    return settings


@pytest.mark.fault("F54")
@pytest.mark.parametrize(
    ("n_applicants", "n_products", "allowed", "words"),
    [
        (900, 8, None, None),
        (2000, 8, None, None),
        (898, 8, None, ["898 applicants", "1,000", "10.2%", "--largest-fall 0.11"]),
        (1000, 7, None, ["7,000 credit products", "8,000", "12.5%", "--largest-fall 0.13"]),
        (0, 8, None, ["0 applicants", "100.0%", "--largest-fall 1"]),
        (500, 8, 0.5, None),
        (500, 8, 0.49, ["50.0%"]),
        (998, 8, 0.0, ["0.2%"]),
        (0, 8, 1.0, None),
        (998, 8, math.nan, ["998 applicants"]),
    ],
)
def test_a_large_fall_is_refused_until_it_is_confirmed(
    settings: Settings,
    n_applicants: int,
    n_products: int,
    allowed: float | None,
    words: list[str] | None,
) -> None:
    fill(settings.warehouse.path, n_applicants, n_products)
    if words is None:
        check(settings, allowed)
        return
    for _ in range(2):  # a night later it is the same fall
        with pytest.raises(BuildError) as caught:
            check(settings, allowed)
        for word in words:
            assert word in str(caught.value)


@pytest.mark.fault("F54")
@pytest.mark.parametrize(("first_id", "gone"), [(100, None), (101, "10.1%"), (1000, "100.0%")])
def test_others_in_their_place_do_not_hide_who_is_gone(
    settings: Settings, first_id: int, gone: str | None
) -> None:
    fill(settings.warehouse.path, 1000, 8)
    with duckdb.connect(str(settings.warehouse.path)) as connection:
        connection.execute(f"update applicant_scores set id = id + {first_id}")
    if gone is None:
        check(settings)
        return
    with pytest.raises(BuildError, match=f"{1000 - first_id} of the published applicants.*{gone}"):
        check(settings)


@pytest.mark.fault("F54")
def test_the_first_publication_has_nothing_to_fall_from(tmp_path: Path) -> None:
    settings = Settings(raw=tmp_path / "raw", home=tmp_path / "home")
    fill(settings.warehouse.path, 10, 8)
    check(settings)


@pytest.mark.fault("F54")
def test_a_published_file_that_cannot_be_read_is_a_warning(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(settings.warehouse.path, 10, 8)
    (settings.published / SERVING_FILE).write_bytes(b"no database at all")
    check(settings)
    assert "cannot be read" in " ".join(capsys.readouterr().err.split())


@pytest.mark.fault("F54")
@pytest.mark.parametrize("value", ["ten", "true", "1.5", "-0.1", ".nan", "null"])
def test_the_var_must_be_a_share(settings: Settings, tmp_path: Path, value: str) -> None:
    fill(settings.warehouse.path, 1000, 8)
    project = tmp_path / "project"
    (project / "dbt_project").mkdir(parents=True)
    text = (PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text()
    changed = text.replace("largest_fall: 0.10", f"largest_fall: {value}")
    assert changed != text
    (project / "dbt_project" / "dbt_project.yml").write_text(changed)
    with pytest.raises(UsageError, match="largest_fall: expected a number between 0 and 1"):
        default_largest_fall(project / "dbt_project")


@pytest.mark.fault("F54")
@pytest.mark.faults
def test_a_part_that_did_not_arrive_is_noticed_each_night_until_confirmed(
    home_copy: Installation, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(home_copy.raw, raw)
    (raw / "train_data_2.pq").unlink()
    installation = replace(home_copy, raw=raw)
    serving_file = installation.settings.published / SERVING_FILE
    before = serving_file.read_bytes()
    for _ in range(2):
        result = installation.command("run", check=False)
        assert result.returncode == 70
        assert "--largest-fall 0.34" in result.stderr
        assert serving_file.read_bytes() == before
    again = installation.command("publish", check=False)
    assert (again.returncode, serving_file.read_bytes()) == (70, before)
    installation.command("run", "--largest-fall", "0.34")
    assert serving_file.read_bytes() != before
    installation.command("publish")
    events = (installation.home / "runs.jsonl").read_text().splitlines()
    codes = [json.loads(event).get("exit_code") for event in events]
    assert [code for code in codes if code is not None][-3:] == [70, 70, 0]
