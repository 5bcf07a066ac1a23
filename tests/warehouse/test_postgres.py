"""Publishing to a real PostgreSQL: complete, all or nothing, readers never wait."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest
from support.installation import Installation
from support.postgres_server import PASSWORD

from models_ml.errors import MissingInputError, OutputError, UsageError
from models_ml.publishing.postgres import SCHEMA, publish_to_postgres
from models_ml.publishing.tables import PUBLISHED_TABLES

NOBODY_THERE = f"postgres://owner:{PASSWORD}@127.0.0.1:9/postgres"


@pytest.fixture(scope="module")
def copied(finished_run: Installation, postgres: str) -> str:
    result = finished_run.command("publish", "--to", postgres)
    assert f"schema {SCHEMA}" in result.stdout
    assert PASSWORD not in result.stdout + result.stderr
    return postgres


def rows(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url, options=f"-c search_path={SCHEMA}") as connection:
        return connection.execute(sql).fetchall()


def test_every_table_is_there_to_the_last_bit(finished_run: Installation, copied: str) -> None:
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as published:
        for table in PUBLISHED_TABLES:
            n_rows = published.sql(f"select count(*) from {table}").fetchall()
            assert rows(copied, f"select count(*) from {table}") == n_rows, table
        query = (
            "select id, pd, score, risk_band, thin_file, scored_at, reason_codes, {contributions} "
            "from applicant_scores order by id"
        )
        expected = published.sql(query.format(contributions="contributions::double[]")).fetchall()
        assert rows(copied, query.format(contributions="contributions")) == expected
        reasons = "select * from applicant_reasons where id < 10100 order by id, reason_rank"
        assert rows(copied, reasons) == published.sql(reasons).fetchall()


def test_readers_see_all_of_one_publication_and_never_wait(
    finished_run: Installation, copied: str
) -> None:
    """One reader holds a transaction open over a publication, one asks all the time."""
    count = "select count(*), min(score) from applicant_scores"
    before = rows(copied, count)
    stop, seen, failures = threading.Event(), [], []

    def ask() -> None:
        options = f"-c search_path={SCHEMA} -c statement_timeout=10000"
        with psycopg.connect(copied, options=options, autocommit=True) as connection:
            while not stop.is_set():
                try:
                    scores = connection.execute(
                        "select count(*), (select count(*) from data_dictionary), "
                        "(select max(n_applicants) from score_stability) from applicant_scores"
                    ).fetchall()
                    seen.append(scores[0])
                except psycopg.Error as error:
                    failures.append(error)

    reader = threading.Thread(target=ask)
    with psycopg.connect(copied, options=f"-c search_path={SCHEMA}") as long_reader:
        long_reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert long_reader.execute(count).fetchall() == before
        reader.start()
        publish_to_postgres(finished_run.settings.published, copied)
        publish_to_postgres(finished_run.settings.published, copied)
        assert long_reader.execute(count).fetchall() == before
        stop.set()
        reader.join()
    assert not failures
    n_applicants = before[0][0]
    assert len(seen) > 5
    assert set(seen) == {(n_applicants, 59, n_applicants)}
    assert rows(copied, count) == before


def test_views_and_grants_of_others_stay(finished_run: Installation, copied: str) -> None:
    with psycopg.connect(copied) as connection:
        connection.execute(
            "create view bands as select risk_band, count(*) from scorehouse.applicant_scores group by 1"
        )
        connection.execute("create role analyst")
        connection.execute("grant select on scorehouse.applicant_scores to analyst")
    publish_to_postgres(finished_run.settings.published, copied)
    assert rows(copied, "select sum(count) from public.bands") == rows(
        copied, "select count(*) from applicant_scores"
    )
    granted = "select has_table_privilege('analyst', 'scorehouse.applicant_scores', 'select')"
    assert rows(copied, granted) == [(True,)]


def test_a_failure_halfway_leaves_everything_as_it_was(
    finished_run: Installation, copied: str
) -> None:
    # The last table refuses its rows: everything copied before it is undone too.
    with psycopg.connect(copied) as connection:
        connection.execute("update scorehouse.applicant_scores set score = -1")
        connection.execute(
            "alter table scorehouse.data_dictionary add constraint refuse check (position < 0) not valid"
        )
    try:
        with pytest.raises(OutputError, match="unchanged") as caught:
            publish_to_postgres(finished_run.settings.published, copied)
        assert "refuse" in str(caught.value)
        assert rows(copied, "select distinct score from applicant_scores") == [(-1,)]
    finally:
        with psycopg.connect(copied) as connection:
            connection.execute("alter table scorehouse.data_dictionary drop constraint refuse")
    publish_to_postgres(finished_run.settings.published, copied)
    assert rows(copied, "select count(*) from applicant_scores where score = -1") == [(0,)]


def test_a_changed_table_is_made_anew(finished_run: Installation, copied: str) -> None:
    with psycopg.connect(copied) as connection:
        connection.execute("drop view if exists bands")
        connection.execute("alter table scorehouse.applicant_scores add column extra text")
    publish_to_postgres(finished_run.settings.published, copied)
    assert rows(copied, "select count(*) from applicant_reasons where reason_rank = 1") == rows(
        copied, "select count(*) from applicant_scores"
    )
    with pytest.raises(psycopg.errors.UndefinedColumn):
        rows(copied, "select extra from applicant_scores")


def test_bad_addresses_are_one_clear_sentence(finished_run: Installation) -> None:
    result = finished_run.command("publish", "--to", NOBODY_THERE, check=False)
    assert result.returncode == 73
    message = result.stderr.split("error:")[1]
    assert "127.0.0.1:9/postgres" in message
    assert PASSWORD not in result.stderr
    assert len(message.strip().splitlines()) == 1
    for wrong in ("mysql://owner@host/db", "postgres://owner@host:port/db", "here"):
        with pytest.raises(UsageError, match="postgres://user@host"):
            publish_to_postgres(finished_run.settings.published, wrong)


def test_a_wrong_password_is_an_output_error(finished_run: Installation, postgres: str) -> None:
    wrong = postgres.replace(PASSWORD, "guessed")
    with pytest.raises(OutputError, match="password authentication failed") as caught:
        publish_to_postgres(finished_run.settings.published, wrong)
    assert "guessed" not in str(caught.value)


def test_nothing_published_is_said_before_anything_is_sent(
    finished_run: Installation, postgres: str, tmp_path: Path
) -> None:
    empty = replace(finished_run.settings, home=tmp_path)
    with pytest.raises(MissingInputError, match="scorehouse run"):
        publish_to_postgres(empty.published, postgres)
