"""Every query of the analyst guide runs on the published file and answers; PostgreSQL reads them too."""

from __future__ import annotations

import re

import duckdb
import psycopg
import pytest
from support.installation import Installation

from models_ml.publishing.postgres import SCHEMA, publish_to_postgres
from models_ml.settings import PROJECT_ROOT

GUIDE = (PROJECT_ROOT / "docs" / "use" / "analyst-guide.md").read_text()
QUESTIONS = re.findall(r"^## (\d+)\. (.+?)\n.*?```sql\n(.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
MAY_BE_EMPTY = {"3", "6"}
"""Nobody changes band in a first run, and no cutoff need keep the rate."""


def test_the_guide_has_twelve_questions() -> None:
    assert [number for number, _, _ in QUESTIONS] == [str(n) for n in range(1, 13)]
    assert GUIDE.count("```sql") == 12


@pytest.mark.parametrize(("number", "question", "sql"), QUESTIONS)
def test_question_is_answered(
    finished_run: Installation, number: str, question: str, sql: str
) -> None:
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.sql(sql).fetchall()
    assert rows or number in MAY_BE_EMPTY, question


def test_a_change_of_band_is_found(finished_run: Installation) -> None:
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as published (read_only)")
        connection.execute(
            "create table applicant_scores_history as from published.applicant_scores_history "
            "where id < 10100"
        )
        connection.execute(
            "insert into applicant_scores_history select * replace ('Z' as risk_band, "
            "scored_at + interval '1 hour' as scored_at) from applicant_scores_history limit 1"
        )
        rows = connection.sql(QUESTIONS[2][2]).fetchall()
    assert len(rows) == 1
    assert rows[0][2] == "Z"


def test_postgres_answers_alike(finished_run: Installation, postgres: str) -> None:
    publish_to_postgres(finished_run.settings.published, postgres)
    path = finished_run.settings.published / "credit_scores.duckdb"
    options = f"-c search_path={SCHEMA}"
    with (
        duckdb.connect(str(path), read_only=True) as published,
        psycopg.connect(postgres, options=options) as connection,
    ):
        for number, question, sql in QUESTIONS:
            expected = published.sql(sql).fetchall()
            found = connection.execute(sql).fetchall()
            assert len(found) == len(expected), question
            if number in {"2", "5", "7", "8"}:
                assert found == expected, question
