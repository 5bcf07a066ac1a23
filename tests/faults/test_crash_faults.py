"""F01, F02, F05, F06: processes killed at any moment, and readers while everything is published again and again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import duckdb
import numpy as np
import pytest
from support.installation import SCOREHOUSE, Installation

from models_ml.publishing.files import SERVING_FILE, publish

N_READERS = 8
N_PUBLISHES = 100
N_KILLS = int(os.environ.get("SCOREHOUSE_TEST_KILLS", "20"))
"""Whole commands with dbt's process below them, slow to start; `test_kills.py` kills 200 that start at once."""
RUN_ONCE_EVERY = 20
"""Kills after which a run is let through to its end."""

READER = """
import os, pathlib, select, sys, duckdb
by_name = pathlib.Path(sys.argv[1])
readings = together = 0

def scores(serving):
    with duckdb.connect(str(serving), read_only=True) as connection:
        return connection.execute(
            "select count(*), min(run_id), max(run_id), (select count(*) from applicant_reasons) / 4 "
            "from applicant_scores"
        ).fetchall()[0]

def parquet(files):
    with duckdb.connect() as connection:
        return connection.execute(
            f"select count(*), min(run_id), max(run_id), count(*) from '{files}'"
        ).fetchall()[0]

while not select.select([sys.stdin], [], [], 0)[0]:
    for rows, low, high, with_reasons in (
        scores(by_name / "credit_scores.duckdb"), parquet(by_name / "applicant_scores.parquet")
    ):
        assert rows == with_reasons and low == high, (rows, low, high, with_reasons)
    readings += 1
    one = pathlib.Path(os.path.realpath(by_name / "credit_scores.duckdb")).parent
    try:
        found = {
            scores(one / "credit_scores.duckdb"),
            parquet(one / "applicant_scores.parquet"),
            parquet(one / "applicant_scores_by_band/*/*.parquet"),
        }
    except duckdb.IOException:
        kept = [os.path.realpath(by_name / ".snapshots" / link) for link in ("current", "previous")]
        assert str(one) not in kept  # two publications have been faster than this reader
        continue
    assert len(found) == 1, found
    together += 1
print(readings, together)
"""


@pytest.mark.fault("F01", "F05", "F06")
@pytest.mark.faults
def test_readers_never_fail_nor_see_two_publications(
    home_copy: Installation, record_property
) -> None:
    """Every publication has one run id of its own in all its rows.

    By the public names each file is whole; in the folder behind one of them all files are of one publication.
    """
    published = home_copy.settings.published
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(published)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(N_READERS)
    ]
    for number in range(N_PUBLISHES):
        with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
            connection.execute("update applicant_scores set run_id = ?", [f"run {number}"])
        publish(home_copy.settings.warehouse, home_copy.settings.published)
    readings = np.zeros(2, int)
    for reader in readers:
        output, errors = reader.communicate("stop")
        assert reader.returncode == 0, errors
        readings += [int(number) for number in output.split()]
    assert readings[0] > N_PUBLISHES
    assert readings[1] > 0
    record_property("trials", N_PUBLISHES)
    record_property("readings", int(readings[0]))


def check_published(installation: Installation) -> None:
    """The published file is whole: one model, a reason for everyone, nothing unreadable."""
    path = installation.settings.published / SERVING_FILE
    with duckdb.connect(str(path), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            connection.execute(f"select count(*) from (select * from {table} order by all)")
        n, models, reasons = connection.execute(
            "select count(*), count(distinct model_version), (select count(*) from applicant_reasons) "
            "from applicant_scores"
        ).fetchall()[0]
    assert n > 0
    assert (models, reasons) == (1, 4 * n)


def wait_for_children(group: int) -> None:
    """Until no process of the group is left: a killed parent's children end on their own."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process of a killed run is still there")


@pytest.mark.fault("F01", "F02", "F03")
@pytest.mark.faults
@pytest.mark.parametrize(
    ("command", "share"),
    [
        (("run", "--full-refresh"), 0.2),
        (("train",), 0.1),
        (("publish",), 0.55),
        (("report",), 0.15),
    ],
    ids=["run", "train", "publish", "report"],
)
def test_a_kill_at_any_moment_loses_nothing(
    home_copy: Installation, command: tuple[str, ...], share: float, record_property
) -> None:
    """The whole process group is killed, dbt's process too."""
    rng = np.random.default_rng(len(command))
    scores = "select count(*), sum(pd), min(model_version) from applicant_scores"
    home_copy.command("run")  # the views of a copy still name the folder they were built in
    started = time.monotonic()
    home_copy.command(*command)
    seconds = time.monotonic() - started
    before = home_copy.query(scores).values.tolist()
    versions = {path.name for path in home_copy.settings.artifacts.glob("pd-*")}
    n_kills = int(N_KILLS * share)
    for kill in range(1, n_kills + 1):
        process = subprocess.Popen(
            [str(SCOREHOUSE), *command],
            env=home_copy.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(float(rng.uniform(0.05 * seconds, seconds)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_children(process.pid)
        check_published(home_copy)
        assert {path.name for path in home_copy.settings.artifacts.glob("pd-*")} == versions
        if kill % RUN_ONCE_EVERY == 0 or kill == n_kills:
            home_copy.command("run")
            assert home_copy.query(scores).values.tolist() == before
            tables = home_copy.query("select table_name from duckdb_tables()")["table_name"]
            assert not [name for name in tables if re.search("__dbt_(tmp|backup)", name)]
    record_property("trials", n_kills)
