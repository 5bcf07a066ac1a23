"""What readers find, and that they always find it: while a run is at work, after a failed test, on a full disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

import duckdb
import pytest
import sqlalchemy
import yaml
from support.installation import Installation

from models_ml.features.contract import read_contract
from models_ml.publishing.files import (
    CURRENT,
    PREVIOUS,
    PUBLIC_NAMES,
    SCORES_BY_BAND,
    SCORES_PARQUET,
    SERVING_FILE,
    SNAPSHOTS,
    publish,
)
from models_ml.publishing.tables import PUBLISHED_TABLES
from models_ml.settings import PROJECT_ROOT

DUCKDB = Path(sys.executable).parent / "duckdb"
SNAPSHOT = (
    "select count(*) as n, count(distinct model_version) as models, "
    "(select max(n_applicants) from score_stability) as monitored, "
    "(select count(distinct id) from applicant_reasons) as with_reasons from applicant_scores"
)


def test_exposure_and_published_tables_are_the_same() -> None:
    exposures = yaml.safe_load((PROJECT_ROOT / "dbt_project/models/exposures.yml").read_text())
    published = next(e for e in exposures["exposures"] if e["name"] == "published_scores")
    assert set(published["depends_on"]) == {f"ref('{table}')" for table in PUBLISHED_TABLES}


def test_no_raw_feature_and_no_outcome_of_an_applicant_is_published(
    finished_run: Installation,
) -> None:
    raw_columns = {
        column.name for column in read_contract(finished_run.settings.dictionary).columns
    }
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.sql("select table_name, column_name from duckdb_columns()").fetchall()
        tables = {name for name, column in columns if column == "id"}
        assert tables == {
            "applicant_scores",
            "applicant_scores_history",
            "applicant_reasons",
            "score_swap_set",
        }
        of_applicants = {column for name, column in columns if name in tables}
    forbidden = {*raw_columns, "defaulted", "flag", "recent_products", "n_products"}
    assert not of_applicants & forbidden
    for parquet in finished_run.settings.published.rglob("*.parquet"):
        names = duckdb.sql(f"select name from parquet_schema('{parquet}')").fetchall()
        assert not {name for (name,) in names} & forbidden


def test_reasons_are_in_words(finished_run: Installation) -> None:
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        id_, codes, contributions = connection.sql(
            "select id, reason_codes, contributions from applicant_scores order by pd desc limit 1"
        ).fetchall()[0]
        found = connection.execute(
            "select reason_code, contribution, reason from applicant_reasons where id = ? "
            "order by reason_rank",
            [id_],
        ).fetchall()
    assert [code for code, _, _ in found] == codes
    assert [value for _, value, _ in found] == sorted(contributions, reverse=True)[:4]
    assert all(" " in reason for _, _, reason in found)


def snapshots(installation: Installation) -> set[Path]:
    """Folders of publications, links to them left out."""
    folder = installation.settings.published / SNAPSHOTS
    return {path for path in folder.iterdir() if not path.is_symlink()}


def serving(installation: Installation) -> Path:
    """The snapshot that all public names lead to."""
    (snapshot,) = {(installation.settings.published / n).resolve().parent for n in PUBLIC_NAMES}
    return snapshot


def publish_scores(installation: Installation) -> None:
    publish(
        installation.settings.warehouse,
        installation.settings.published,
        ("applicant_scores", "reason_codes"),
    )


@pytest.mark.fault("F01")
def test_old_snapshots_go_and_killed_ones_are_cleared(home_copy: Installation) -> None:
    folder = home_copy.settings.published
    (folder / ".new-20200101T000000-1").mkdir()  # where releases before wrote
    killed = folder / SNAPSHOTS / "20990101T000000-killed"
    shutil.copytree(serving(home_copy), killed)
    for _ in range(3):
        before = serving(home_copy)
        publish_scores(home_copy)
        assert snapshots(home_copy) == {before, serving(home_copy)}
        assert (folder / SNAPSHOTS / PREVIOUS).resolve() == before
    assert sorted(path.name for path in folder.iterdir()) == [SNAPSHOTS, *sorted(PUBLIC_NAMES)]


@pytest.mark.fault("F61")
def test_a_clock_that_goes_back_loses_nothing(
    home_copy: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for year in (2026, 2027, 1999, 1999, 1970):

        class Clock(datetime):
            """A clock that has just been put right, or wrong."""

            @classmethod
            def now(cls, tz: tzinfo | None = None, year: int = year) -> datetime:
                return datetime(year, 1, 1, tzinfo=tz)

        monkeypatch.setattr("models_ml.publishing.files.datetime", Clock)
        before = serving(home_copy)
        publish_scores(home_copy)
        assert serving(home_copy) not in seen
        assert snapshots(home_copy) == {before, serving(home_copy)}
        seen |= {before, serving(home_copy)}
        for public in PUBLIC_NAMES:
            assert (home_copy.settings.published / public).exists()


def as_before_links(installation: Installation) -> None:
    """Published files as the release before left them: two plain files, and a link to a folder of its own."""
    folder, snapshot = installation.settings.published, serving(installation)
    stamp = "20261126T021500000000-4711"
    for public in PUBLIC_NAMES:
        (folder / public).unlink()
    shutil.copy(snapshot / SERVING_FILE, folder)
    shutil.copy(snapshot / SCORES_PARQUET, folder)
    (snapshot / SCORES_BY_BAND).rename(folder / SNAPSHOTS / stamp)
    (folder / SCORES_BY_BAND).symlink_to(Path(SNAPSHOTS) / stamp)
    shutil.rmtree(snapshot)
    for link in (CURRENT, PREVIOUS):
        (folder / SNAPSHOTS / link).unlink(missing_ok=True)


def as_a_copy_that_followed_links(installation: Installation) -> None:
    folder = installation.settings.published
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy, symlinks=False)
    shutil.rmtree(folder)
    copy.rename(folder)


@pytest.mark.fault("F59")
@pytest.mark.parametrize("change", [as_before_links, as_a_copy_that_followed_links])
def test_what_stands_at_the_public_names_is_replaced_in_place(
    home_copy: Installation, change: Callable[[Installation], None]
) -> None:
    change(home_copy)
    folder = home_copy.settings.published
    listed = list((folder / SCORES_BY_BAND).resolve().rglob("*.parquet"))
    with duckdb.connect(str(folder / SERVING_FILE), read_only=True) as reader:
        before = reader.sql("select sum(pd) from applicant_scores").fetchall()
        publish_scores(home_copy)
        assert reader.sql("select sum(pd) from applicant_scores").fetchall() == before
    if change is as_before_links:
        assert all(path.exists() for path in listed)  # a reader may be in the middle of them
    publish_scores(home_copy)
    publish_scores(home_copy)
    assert len(snapshots(home_copy)) == 2
    assert all((folder / public).is_symlink() for public in PUBLIC_NAMES)
    assert sorted(path.name for path in folder.iterdir()) == [SNAPSHOTS, *sorted(PUBLIC_NAMES)]


def read_like_superset(path: Path) -> tuple[int, ...]:
    engine = sqlalchemy.create_engine(
        f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=sqlalchemy.pool.NullPool
    )
    with engine.connect() as connection:
        row = tuple(connection.execute(sqlalchemy.text(SNAPSHOT)).one())
    engine.dispose()
    return row


def read_like_an_analyst(path: Path) -> tuple[int, ...]:
    answer = subprocess.run(
        [str(DUCKDB), "-readonly", "-json", str(path), SNAPSHOT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return tuple(json.loads(answer.stdout)[0].values())


@pytest.mark.fault("F05")
def test_readers_are_never_blocked_during_a_run(home_copy: Installation) -> None:
    path = home_copy.settings.published / "credit_scores.duckdb"
    first = path.stat().st_ino
    expected = read_like_superset(path)
    assert expected[1:] == (1, expected[0], expected[0])
    stop, answers, failures = threading.Event(), [], []

    def loop(read: Callable[[Path], tuple[int, ...]]) -> None:
        while not stop.is_set():
            try:
                answers.append((read.__name__, read(path)))
            except (sqlalchemy.exc.SQLAlchemyError, subprocess.SubprocessError) as error:
                failures.append(error)

    readers = [
        threading.Thread(target=loop, args=(read,))
        for read in (read_like_superset, read_like_an_analyst)
    ]
    for reader in readers:
        reader.start()
    try:
        home_copy.command("run")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert path.stat().st_ino != first
    assert not failures, failures[0]
    for name in ("read_like_superset", "read_like_an_analyst"):
        assert sum(reader == name for reader, _ in answers) > 5
    assert {answer for _, answer in answers} == {expected}


@pytest.mark.fault("F11")
def test_a_failed_data_test_stops_publishing(home_copy: Installation) -> None:
    path = home_copy.settings.published / "credit_scores.duckdb"
    inode = path.stat().st_ino
    with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
        connection.execute("update score_stability set psi = 3 where scope = 'all'")
    result = home_copy.command("publish", check=False)
    assert result.returncode == 70
    assert "accepted_range_score_stability" in result.stderr
    assert path.stat().st_ino == inode
    with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
        connection.execute("update score_stability set psi = 0.01 where scope = 'all'")
    home_copy.command("publish")
    assert path.stat().st_ino != inode


def test_nothing_scored_is_one_sentence(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    result = installation.command("publish", check=False)
    assert result.returncode == 66
    assert "scorehouse run" in result.stderr
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("create table applicant_features (id bigint)")
    result = installation.command("publish", check=False)
    assert result.returncode == 66
    assert result.stderr.strip().startswith("error: Nothing was scored yet")
    assert len(result.stderr.strip().splitlines()) == 1
    assert not installation.settings.published.exists()
