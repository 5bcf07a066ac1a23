"""What readers of the serving file see: the newest publication, and nothing else of the machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool, QueuePool
from support.escapes import ESCAPES
from support.installation import Installation

from models_ml.publishing.files import SERVING_FILE, publish
from models_ml.settings import PROJECT_ROOT

GUIDE = (PROJECT_ROOT / "docs" / "use" / "bi.md").read_text()
ENGINE_PARAMETERS = json.loads(re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)[0])
"""What the guide tells administrators of Superset to enter."""
N_PUBLICATIONS = 4
RUN_OF_SCORES = "select distinct run_id from applicant_scores"


def publish_as(installation: Installation, run_id: str) -> None:
    """Publish the scores once more, so that they can be told from every other publication."""
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("update applicant_scores set run_id = ?", [run_id])
    publish(
        installation.settings.warehouse,
        installation.settings.published,
        ("applicant_scores", "reason_codes"),
    )


def engine(path: Path, **options: Any) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(f"duckdb:///{path}", **ENGINE_PARAMETERS, **options)


def ask(connections: sqlalchemy.Engine) -> str:
    with connections.connect() as connection:
        return str(connection.execute(sqlalchemy.text(RUN_OF_SCORES)).scalar_one())


@pytest.mark.fault("F59")
def test_a_new_connection_sees_the_new_file_while_old_ones_are_open(
    home_copy: Installation,
) -> None:
    path, opened = str(home_copy.settings.published / SERVING_FILE), []
    for number in range(4):
        publish_as(home_copy, f"run {number}")
        opened.append(duckdb.connect(path, read_only=True))
        assert opened[-1].sql(RUN_OF_SCORES).fetchall() == [(f"run {number}",)]
    for number, connection in enumerate(opened):  # and an open one keeps its rows
        assert connection.sql(RUN_OF_SCORES).fetchall() == [(f"run {number}",)]
        connection.close()


@pytest.mark.fault("F59")
def test_threads_whose_connections_overlap_see_each_publication(home_copy: Installation) -> None:
    """As in a busy server: there is no moment at which no connection is open."""
    path, newest = str(home_copy.settings.published / SERVING_FILE), 0
    publish_as(home_copy, "0")
    stop, seen, stale = threading.Event(), set(), []

    def read_again_and_again() -> None:
        while not stop.is_set():
            published = newest
            with duckdb.connect(path, read_only=True) as connection:
                found = int(connection.sql(RUN_OF_SCORES).fetchall()[0][0])
                time.sleep(0.05)  # while the others open theirs
            seen.add(found)
            if found < published:
                stale.append((found, published))

    readers = [threading.Thread(target=read_again_and_again) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, N_PUBLICATIONS + 1):
            publish_as(home_copy, str(number))
            newest = number
            time.sleep(0.15)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert stale == []
    assert {*range(1, N_PUBLICATIONS + 1)} <= seen


@pytest.mark.fault("F59")
def test_what_a_pool_of_connections_sees(home_copy: Installation) -> None:
    """A pool keeps connections, and each keeps its file, until the pool opens another in its place."""
    path = home_copy.settings.published / SERVING_FILE
    publish_as(home_copy, "old")
    none, kept = engine(path, poolclass=NullPool), engine(path, poolclass=QueuePool)
    recycled = engine(path, poolclass=QueuePool, pool_recycle=1)
    assert [ask(none), ask(kept), ask(recycled)] == ["old", "old", "old"]
    publish_as(home_copy, "new")
    time.sleep(1.1)
    assert [ask(none), ask(kept), ask(recycled)] == ["new", "old", "new"]
    for connections in (none, kept, recycled):
        connections.dispose()


SERVER_ESCAPES = {
    **ESCAPES,
    "read by name": "from '/etc/passwd'",
    "attach in memory": "attach ':memory:' as other",
    "unlock settings": "set lock_configuration = false",
    "reset": "reset enable_external_access",
    "pragma": "pragma enable_external_access = true",
    "environment": "select getenv('PATH')",
    "variable of the server": "from variable_of_the_server",
    "profile to a file": "set profiling_output = '{outside}'",
    "a secret": "from duckdb_secrets()",
    "write scores": "update applicant_scores set pd = 0",
}


@pytest.mark.fault("F60")
@pytest.mark.parametrize("escape", SERVER_ESCAPES)
def test_sql_of_a_bi_user_stays_in_the_published_file(
    finished_run: Installation, tmp_path: Path, escape: str
) -> None:
    inside, outside = finished_run.settings.published, tmp_path / "outside"
    variable_of_the_server = duckdb.sql("select 1").to_arrow_table()
    statement = SERVER_ESCAPES[escape].format(inside=inside, outside=outside)
    connections = engine(inside / SERVING_FILE, poolclass=NullPool)
    with connections.connect() as connection:
        assert connection.execute(sqlalchemy.text("select count(*) from run_log")).scalar_one()
        with pytest.raises((sqlalchemy.exc.SQLAlchemyError, duckdb.Error)):
            connection.execute(sqlalchemy.text(statement)).fetchall()
    assert variable_of_the_server.num_rows == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("F60")
def test_without_the_settings_of_the_guide_files_of_the_server_are_read(
    finished_run: Installation,
) -> None:
    """The reason for the settings, and that the tests above can fail."""
    path = finished_run.settings.published / SERVING_FILE
    open_to_all = sqlalchemy.create_engine(
        f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=NullPool
    )
    with open_to_all.connect() as connection:
        read = connection.execute(sqlalchemy.text("select content from read_text('/etc/passwd')"))
        assert "root:" in read.scalar_one()


LOG_TO_A_FILE = """
import sys, duckdb
settings = {"enable_external_access": "false", "lock_configuration": "true"}
connection = duckdb.connect(sys.argv[1], read_only=True, config=settings)
connection.execute(f"call enable_logging(storage = 'file', storage_path = '{sys.argv[2]}')").fetchall()
connection.execute("select 1").fetchall()
"""


@pytest.mark.fault("F60")
def test_logging_writes_no_file(finished_run: Installation, tmp_path: Path) -> None:
    """DuckDB 1.5 refuses the file, and may then abort the process: so in one of its own."""
    result = subprocess.run(
        [
            *(sys.executable, "-c", LOG_TO_A_FILE),
            *(str(finished_run.settings.published / SERVING_FILE), str(tmp_path / "log")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "Permission" in result.stderr
    assert list(tmp_path.iterdir()) == []
