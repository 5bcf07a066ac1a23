"""Publishing: the files that BI tools and analysts open, replaced whole or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from models_ml.errors import BuildError, MissingInputError, OutputError, UsageError
from models_ml.settings import Settings
from models_ml.warehouse import open_warehouse

SERVING_FILE = "credit_scores.duckdb"
SCORES_PARQUET = "applicant_scores.parquet"

STORAGE_VERSION = "v1.2.0"
"""DuckDB releases from 1.2 on can read the serving file."""


@dataclass(frozen=True)
class Published:
    """What was published, and where."""

    serving_file: Path
    parquet: Path
    n_applicants: int


def publish(settings: Settings) -> Published:
    """Copy the scores from the working warehouse to the files that readers open.

    Each file is written beside its final place, closed, and moved there in one step: a reader has either the old
    file or the new one, and an open reader keeps the old one.

    Raises:
        MissingInputError: Nothing was scored yet.
        BuildError: The scores are of more than one model.
        OutputError: The folder cannot be written; what was published before is untouched.
    """
    folder = settings.published
    serving_file, parquet = folder / SERVING_FILE, folder / SCORES_PARQUET
    new_serving = folder / f".{SERVING_FILE}.{os.getpid()}"
    new_parquet = folder / f".{SCORES_PARQUET}.{os.getpid()}"
    with open_warehouse(settings) as connection:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            n_applicants = _write(connection, new_serving, new_parquet)
            for new, final in ((new_serving, serving_file), (new_parquet, parquet)):
                _flush(new)
                new.replace(final)
        except (OSError, duckdb.IOException) as error:
            raise OutputError(
                f"{folder} cannot be written ({error}). What was published before is unchanged; "
                "free space or mend the permissions, then: scorehouse publish"
            ) from error
        finally:
            for path in folder.glob(f".*.{os.getpid()}*"):  # nothing there after a success
                path.unlink()
    return Published(serving_file, parquet, n_applicants)


def query_published(settings: Settings, sql: str) -> str:
    """Run a query on the serving file, read-only, and return the rows as a text table.

    Raises:
        MissingInputError: Nothing was published yet.
        UsageError: The query fails.
    """
    path = settings.published / SERVING_FILE
    if not path.is_file():
        raise MissingInputError(f"Nothing is published in {path.parent} yet; run: scorehouse run")
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set enable_external_access = false")
        try:
            return str(connection.sql(sql) or "")
        except duckdb.Error as error:
            raise UsageError(f"The query fails: {error}") from error


def _write(connection: duckdb.DuckDBPyConnection, serving: Path, parquet: Path) -> int:
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
    connection.execute(
        f"attach '{_quoted(serving)}' as serving (read_write, storage_version '{STORAGE_VERSION}')"
    )
    connection.execute(
        "create table serving.applicant_scores as select * from applicant_scores order by id"
    )
    connection.execute("checkpoint serving")
    connection.execute("detach serving")
    connection.execute(
        "copy (select * from applicant_scores order by id) "  # noqa: S608
        f"to '{_quoted(parquet)}' (format parquet, compression zstd)"
    )
    return int(n_applicants)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
