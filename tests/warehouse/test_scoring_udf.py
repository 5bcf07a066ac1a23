"""The SQL function: exact whatever the chunking, and never a silent wrong score."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from support.installation import Installation

from models_ml.features.contract import read_contract
from udf.registration import ScoreFunction, register


@pytest.fixture
def connection(finished_run: Installation):
    settings = finished_run.settings
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{settings.warehouse.path}' as warehouse (read_only)")
        contract = read_contract(settings.dictionary)
        connection.execute(
            f"create table features as select {', '.join(contract.data_types)} "
            "from warehouse.applicant_features order by id limit 4500"
        )
        register(connection, ScoreFunction(settings.artifacts, contract))
        yield connection


def scores(connection: duckdb.DuckDBPyConnection, rows: str) -> list[tuple[object, ...]]:
    return connection.execute(
        f"select f.id, score_applicant(f) from ({rows}) as f order by f.id"
    ).fetchall()


@pytest.mark.fault("F44")
@pytest.mark.parametrize("n_rows", [pytest.param(n, id=f"F44-{n}") for n in (1, 2047, 2048, 2049)])
def test_scores_do_not_depend_on_the_chunk(connection, n_rows: int) -> None:
    everyone = dict(scores(connection, "from features"))
    some = scores(connection, f"from features order by id limit {n_rows}")
    assert len(some) == n_rows
    assert all(everyone[id_] == score for id_, score in some)


@pytest.mark.fault("F41")
@pytest.mark.parametrize("n_threads", [pytest.param(4, id="F41")])
def test_scores_do_not_depend_on_threads(connection, n_threads: int) -> None:
    connection.execute("set threads = 1")
    alone = scores(connection, "from features")
    connection.execute(f"set threads = {n_threads}")
    assert scores(connection, "from features") == alone


def test_columns_are_taken_by_name(connection) -> None:
    names = [row[0] for row in connection.execute("describe features").fetchall()]
    turned = scores(connection, f"select {', '.join(reversed(names))} from features")
    assert turned == scores(connection, "from features")


def test_missing_and_extra_columns_are_refused(connection) -> None:
    with pytest.raises(duckdb.BinderException):
        scores(connection, "select * exclude (pre_util) from features")
    with pytest.raises(duckdb.BinderException):
        scores(connection, "select *, 1 as branch from features")


@pytest.mark.fault("F25")
@pytest.mark.parametrize("column", [pytest.param("pre_util", id="F25")])
def test_missing_value_names_applicant_and_column(connection, column: str) -> None:
    id_ = connection.execute("select max(id) from features").fetchall()[0][0]
    connection.execute(f"update features set {column} = null where id = {id_}")
    with pytest.raises(duckdb.Error, match=rf"{column} of applicant {id_} is missing"):
        scores(connection, "from features")


def test_without_a_model_the_error_names_the_train_command(connection, tmp_path: Path) -> None:
    contract = read_contract(Installation(tmp_path, tmp_path).settings.dictionary)
    with duckdb.connect(":memory:") as other:
        register(other, ScoreFunction(tmp_path / "artifacts", contract))
        types = ", ".join(f"null::{kind} as {name}" for name, kind in contract.data_types.items())
        with pytest.raises(duckdb.Error, match="scorehouse train"):
            other.execute(f"select score_applicant(f) from (select {types}) as f").fetchall()
