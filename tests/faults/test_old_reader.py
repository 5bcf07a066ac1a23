"""F15: the oldest DuckDB release that the published file is made for really reads all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Installation

from models_ml.publish import SERVING_FILE, STORAGE_VERSION

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


@pytest.mark.fault("F15")
@pytest.mark.faults
def test_the_oldest_supported_release_reads_every_table(
    finished_run: Installation, tmp_path: Path, record_property
) -> None:
    oldest = STORAGE_VERSION.removeprefix("v")
    install = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")
    installed = subprocess.run(
        [*install, "--only-binary=:all:", "--target", str(tmp_path), f"duckdb=={oldest}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"DuckDB {oldest} cannot be installed here: {installed.stderr[-300:]}")
    published = finished_run.settings.published / SERVING_FILE
    read = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(published)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    version, *tables = read.stdout.splitlines()
    assert version == oldest
    n_rows = dict(line.split() for line in tables)
    scores = finished_run.query("select count(*) as n from applicant_scores")["n"][0]
    assert int(n_rows["applicant_scores"]) == scores
    record_property("trials", len(tables))
