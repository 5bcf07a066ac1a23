"""F15, F59: every DuckDB release that the published file is made for reads it, and sees a new publication."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.installation import Installation

from models_ml.publishing.files import SERVING_FILE, STORAGE_VERSION, publish

OLDEST = STORAGE_VERSION.removeprefix("v")
RELEASES = (OLDEST, "1.3.2", "1.4.5", duckdb.__version__, "2.0.1")
LINKS_ARE_FOLLOWED_SINCE = (1, 5)
"""Releases from this one on know a file by the path behind all links; those before, by the path as it was given."""

READ_ALL = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
names = connection.execute(
    "select table_name from information_schema.tables order by table_name"
).fetchall()
print(duckdb.__version__)
for (name,) in names:
    print(name, len(connection.execute(f"select * from {name}").fetchall()))
"""

WAYS_TO_CONNECT = """
import os, sys, duckdb
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

path, query = sys.argv[1], "select distinct run_id from applicant_scores"

def by_the_link():
    return duckdb.connect(path, read_only=True)

def by_the_real_path():
    return duckdb.connect(os.path.realpath(path), read_only=True)

def attached():
    connection = duckdb.connect()
    connection.execute(f"attach '{os.path.realpath(path)}' as scores (read_only)")
    connection.execute("use scores")
    return connection

def engine():
    return create_engine(f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=NullPool)

to_the_real_path = engine()

@event.listens_for(to_the_real_path, "do_connect")
def newest_file(dialect, record, arguments, parameters):
    parameters["database"] = os.path.realpath(parameters["database"])

ways = {
    "duckdb": (by_the_link, by_the_real_path, attached),
    "sqlalchemy": (engine().raw_connection, to_the_real_path.raw_connection),
}[sys.argv[2]]
held = ways[0]()
for line in sys.stdin:
    answers = []
    for connect in ways:
        connection = connect()
        answers += connection.execute(query).fetchall()[0]
        connection.close()
    print(*answers, *held.execute(query).fetchall()[0], flush=True)
"""


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release of DuckDB."""
    folder = tmp_path_factory.mktemp("duckdb") / request.param
    installed = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--only-binary=:all:", "--target", str(folder), f"duckdb=={request.param}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"DuckDB {folder.name} cannot be installed here: {installed.stderr[-300:]}")
    return folder


def with_release(release: Path) -> dict[str, str]:
    """Environment in which Python imports this DuckDB."""
    return {**os.environ, "PYTHONPATH": str(release)}


@pytest.mark.fault("F15")
@pytest.mark.faults
def test_each_supported_release_reads_every_table(
    finished_run: Installation, release: Path, record_property
) -> None:
    published = finished_run.settings.published / SERVING_FILE
    read = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(published)],
        env=with_release(release),
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    version, *tables = read.stdout.splitlines()
    assert version == release.name
    n_rows = dict(line.split() for line in tables)
    scores = finished_run.query("select count(*) as n from applicant_scores")["n"][0]
    assert int(n_rows["applicant_scores"]) == scores
    record_property("trials", len(tables))


@pytest.mark.fault("F59")
@pytest.mark.faults
@pytest.mark.parametrize("library", ["duckdb", "sqlalchemy"])
def test_each_supported_release_can_see_a_new_publication(
    home_copy: Installation, release: Path, library: str, record_property
) -> None:
    """While one connection stays open: by the link alone, and by each way that the guide gives older releases."""

    def publish_as(run_id: str) -> None:
        with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
            connection.execute("update applicant_scores set run_id = ?", [run_id])
        publish(
            home_copy.settings.warehouse,
            home_copy.settings.published,
            ("applicant_scores", "reason_codes"),
        )

    publish_as("old")
    path = home_copy.settings.published / SERVING_FILE
    with subprocess.Popen(
        [sys.executable, "-c", WAYS_TO_CONNECT, str(path), library],
        env=with_release(release),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        found = []
        for _ in range(2):
            print("read", file=reader.stdin, flush=True)
            found.append(reader.stdout.readline().split())
            publish_as("new")
        reader.stdin.close()
    before, (by_the_link, *otherwise, held) = found
    assert set(before) == {"old"}
    assert by_the_link == ("new" if version_of(release) >= LINKS_ARE_FOLLOWED_SINCE else "old")
    assert set(otherwise) == {"new"}
    assert held == "old"
    record_property("trials", 1 + len(otherwise))


def version_of(release: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in release.name.split(".")[:2])
