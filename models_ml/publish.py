"""Publishing: the files that BI tools and analysts open, replaced whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from models_ml.errors import BuildError, MissingInputError, OutputError, UsageError
from models_ml.published import PUBLISHED_TABLES, REASONS_QUERY, REASONS_VIEW
from models_ml.settings import Settings
from models_ml.warehouse import open_warehouse

SERVING_FILE = "credit_scores.duckdb"
SCORES_PARQUET = "applicant_scores.parquet"
SCORES_BY_BAND = "applicant_scores_by_band"
SNAPSHOTS = ".snapshots"
KEPT_SNAPSHOTS = 2
"""Partitioned snapshots that stay: the current one, and the one that a reader may still be reading."""

CANNOT_WRITE = (duckdb.IOException, duckdb.TransactionException)
"""What DuckDB raises on a full disk; the second at a commit."""

STORAGE_VERSION = "v1.2.0"
"""DuckDB releases from 1.2 on can read the serving file."""


@dataclass(frozen=True)
class Published:
    """What was published, and where."""

    serving_file: Path
    parquet: Path
    n_applicants: int


def publish(settings: Settings, tables: Iterable[str] = PUBLISHED_TABLES) -> Published:
    """Copy scores and monitoring from the working warehouse to the files that readers open.

    Everything is written into a hidden folder beside its final place, then moved there, each in one step: a reader has
    either the old file or the new one, and an open reader keeps the old one. The caller holds the run lock.

    Args:
        settings: Where the working warehouse and the published files are.
        tables: Which of the tables of `PUBLISHED_TABLES` there are.

    Raises:
        MissingInputError: Nothing was scored yet.
        BuildError: The scores are of more than one model.
        OutputError: The folder cannot be written; what was published before is untouched.
    """
    folder = settings.published
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}"
    new = folder / f".new-{stamp}"
    with open_warehouse(settings) as connection:
        n_applicants = count_scored(connection)
        try:
            for left_over in folder.glob(".new-*"):  # of a run that was killed
                shutil.rmtree(left_over)
            new.mkdir(parents=True)
            _write_serving_file(connection, tables, new / SERVING_FILE)
            _write_parquet(connection, new, stamp)
            _flush(new)
            _swap(new, folder, stamp)
        except (OSError, *CANNOT_WRITE) as error:
            raise OutputError(
                f"{folder} cannot be written ({error}). What was published before is unchanged; "
                "free space or mend the permissions, then: scorehouse publish"
            ) from error
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return Published(folder / SERVING_FILE, folder / SCORES_PARQUET, n_applicants)


def count_scored(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of scored applicants.

    Raises:
        MissingInputError: Nothing was scored yet.
        BuildError: The scores are of more than one model.
    """
    try:
        n_applicants, n_models = connection.execute(
            "select count(*), count(distinct model_version) from applicant_scores"
        ).fetchall()[0]
    except duckdb.CatalogException as error:
        raise MissingInputError(
            "Nothing was scored yet, so there is nothing to publish; score with: scorehouse run"
        ) from error
    if n_models > 1:
        raise BuildError(
            f"applicant_scores holds scores of {n_models} models, which a run never leaves behind; it "
            "is not published. What was published before is unchanged; score anew with: scorehouse run"
        )
    return int(n_applicants)


def serving_file(settings: Settings) -> Path:
    """The published file.

    Raises:
        MissingInputError: Nothing was published yet.
    """
    path = settings.published / SERVING_FILE
    if not path.is_file():
        raise MissingInputError(f"Nothing is published in {path.parent} yet; run: scorehouse run")
    return path


def query_published(settings: Settings, sql: str) -> str:
    """Run a query on the serving file, read-only, and return the rows as a text table.

    Raises:
        MissingInputError: Nothing was published yet.
        UsageError: The query fails.
    """
    with duckdb.connect(str(serving_file(settings)), read_only=True) as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            return str(connection.sql(sql) or "")
        except duckdb.Error as error:
            raise UsageError(f"The query fails: {error}") from error


def _write_serving_file(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str], path: Path
) -> None:
    working = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute(
        f"attach '{_quoted(path)}' as serving (read_write, storage_version '{STORAGE_VERSION}')"
    )
    try:
        for table in tables:
            connection.execute(f"create table serving.{table} as {PUBLISHED_TABLES[table]}")
        connection.execute("use serving")  # a view keeps the names it was made with
        connection.execute(f"create view {REASONS_VIEW} as {REASONS_QUERY}")
        connection.execute("checkpoint serving")
    finally:
        connection.execute(f"use {working}")
        connection.execute("detach serving")


def _write_parquet(connection: duckdb.DuckDBPyConnection, folder: Path, stamp: str) -> None:
    """One file, and one file per risk band; names in the partitioned folder never come again.

    A reader lists a folder first and opens its files later. After a swap in between it misses the listed names and
    fails, instead of mixing two snapshots.
    """
    query = PUBLISHED_TABLES["applicant_scores"]
    connection.execute(
        f"copy ({query}) to '{_quoted(folder / SCORES_PARQUET)}' (format parquet, compression zstd)"
    )
    connection.execute(
        f"copy ({query}) to '{_quoted(folder / SCORES_BY_BAND)}' (format parquet, compression zstd, "
        f"partition_by (risk_band), write_partition_columns true, filename_pattern 'scores_{stamp}_{{i}}')"
    )
    (folder / SCORES_BY_BAND).mkdir(exist_ok=True)  # no applicants, no partitions


def _swap(new: Path, folder: Path, stamp: str) -> None:
    (new / SERVING_FILE).replace(folder / SERVING_FILE)
    (new / SCORES_PARQUET).replace(folder / SCORES_PARQUET)
    snapshots = folder / SNAPSHOTS
    snapshots.mkdir(exist_ok=True)
    (new / SCORES_BY_BAND).rename(snapshots / stamp)
    # A folder cannot take the place of another in one step, a link to it can.
    link = new / "link"
    link.symlink_to(Path(SNAPSHOTS) / stamp, target_is_directory=True)
    link.replace(folder / SCORES_BY_BAND)
    for old in sorted(snapshots.iterdir())[:-KEPT_SNAPSHOTS]:
        shutil.rmtree(old)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
