"""Publishing: the files that BI tools and analysts open, replaced whole or not at all."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from models_ml.errors import BuildError, MissingInputError, OutputError
from models_ml.publishing.tables import PUBLISHED_TABLES, REASONS_QUERY, REASONS_VIEW
from models_ml.runtime.files import flush_all, put_in_place, written_or_explained
from models_ml.scoring.scorecard import BAND_LETTERS
from models_ml.settings import Warehouse
from models_ml.warehouse.connection import open_warehouse

SERVING_FILE = "credit_scores.duckdb"
SCORES_PARQUET = "applicant_scores.parquet"
SCORES_BY_BAND = "applicant_scores_by_band"
PUBLIC_NAMES = (SERVING_FILE, SCORES_PARQUET, SCORES_BY_BAND)
"""What readers open: links through `CURRENT`, so that all of them change in one step."""

SNAPSHOTS = ".snapshots"
"""Folder of the publications, each whole in a folder of its own, and of the two links to the last of them."""
CURRENT = "current"
PREVIOUS = "previous"
"""The publication before the current one is kept for readers that still have it open."""

REMOVED = "removed-"
"""Begins the name of a snapshot that is being removed."""

NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
"""Answers of file systems without symbolic links (FAT, some network shares)."""

CANNOT_WRITE = (duckdb.IOException, duckdb.TransactionException)
"""What DuckDB raises on a full disk; the second at a commit."""

STORAGE_VERSION = "v1.2.0"
"""Oldest DuckDB that can read the serving file."""


@dataclass(frozen=True)
class Published:
    """What was published, and where."""

    serving_file: Path
    parquet: Path
    n_applicants: int


def publish(
    warehouse: Warehouse, folder: Path, tables: Iterable[str] = PUBLISHED_TABLES
) -> Published:
    """Copy scores and monitoring from a warehouse to the files that readers open.

    Everything is written into a new folder, a snapshot, whose name is never reused. One link is then switched to it:
    a reader finds all of the old publication or all of the new one, and an open reader keeps the old one. DuckDB shares
    one instance among the connections of a process that lead to the same file; the new name is what makes a new
    connection see the new file while an old one is open. The caller holds the run lock.

    Args:
        warehouse: Has the tables.
        folder: Of the published files.
        tables: Which of the tables of `PUBLISHED_TABLES` there are.

    Raises:
        MissingInputError: Nothing was scored yet.
        BuildError: The scores are of more than one model.
        OutputError: The folder cannot be written; what was published before is unchanged.
    """
    # The time is for people; nothing sorts by it, because clocks can go back.
    new = folder / SNAPSHOTS / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"
    remedy = "What was published before is unchanged. Free space or check the permissions, then: scorehouse publish"
    with open_warehouse(warehouse) as connection:
        n_applicants, _ = read_scored(connection)
        with written_or_explained(folder, remedy, (OSError, *CANNOT_WRITE)):
            try:
                new.parent.mkdir(parents=True, exist_ok=True)
                _remove_unlinked(folder)
                new.mkdir()
                _require_links(new)
                _write_serving_file(connection, tables, new / SERVING_FILE)
                _write_parquet(connection, new)
                flush_all(new)
                _switch(folder, new)
            finally:
                _remove_unlinked(folder)
    return Published(folder / SERVING_FILE, folder / SCORES_PARQUET, n_applicants)


def read_scored(connection: duckdb.DuckDBPyConnection) -> tuple[int, str | None]:
    """Number of scored applicants, and the version of the model that scored them; None when there are none.

    Raises:
        MissingInputError: Nothing was scored yet.
        BuildError: The scores are of more than one model.
    """
    try:
        n_applicants, n_models, version = connection.execute(
            "select count(*), count(distinct model_version), any_value(model_version) from applicant_scores"
        ).fetchall()[0]
    except duckdb.CatalogException as error:
        raise MissingInputError(
            "Nothing was scored yet, so there is nothing to publish; score with: scorehouse run"
        ) from error
    if n_models > 1:
        raise BuildError(
            f"applicant_scores has scores of {n_models} models, which no run produces; it is not "
            "published. What was published before is unchanged; score again with: scorehouse run"
        )
    return int(n_applicants), version


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


def _write_parquet(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    """One file, and one file per risk band, partitioned as in Hive: only the folder's name says the band.

    File names in the partitioned folder are never reused. A reader lists a folder first and opens its files later;
    after a switch in between it misses the listed names and fails, instead of mixing two snapshots.
    """
    query = PUBLISHED_TABLES["applicant_scores"]
    by_band = snapshot / SCORES_BY_BAND
    connection.execute(
        f"copy ({query}) to '{_quoted(snapshot / SCORES_PARQUET)}' (format parquet, compression zstd)"
    )
    connection.execute(
        f"copy ({query}) to '{_quoted(by_band)}' (format parquet, compression zstd, "
        f"partition_by (risk_band), filename_pattern 'scores_{snapshot.name}_{{i}}')"
    )
    if not any(by_band.rglob("*.parquet")):
        # No applicants, no bands; readers still look for columns and types.
        empty = by_band / f"risk_band={BAND_LETTERS[0]}" / f"scores_{snapshot.name}_0.parquet"
        empty.parent.mkdir(parents=True)
        columns = f"select * exclude (risk_band) from ({query})"  # noqa: S608  from PUBLISHED_TABLES
        connection.execute(f"copy ({columns}) to '{_quoted(empty)}' (format parquet)")


def _switch(folder: Path, new: Path) -> None:
    """Point all public names to the new snapshot by replacing the one link that they go through.

    The public names are created once. Anything else in their place (files of a release without links, a copy that
    followed them) is replaced by the first publication, name by name.
    """
    snapshots = new.parent
    serving = (folder / SCORES_BY_BAND).resolve()
    if serving.is_relative_to(snapshots.resolve()):
        before = serving.relative_to(snapshots.resolve()).parts[0]
        _place_link(snapshots / PREVIOUS, Path(before), new)
    _place_link(snapshots / CURRENT, Path(new.name), new)
    for name in PUBLIC_NAMES:
        public, target = folder / name, Path(SNAPSHOTS) / CURRENT / name
        if not (public.is_symlink() and public.readlink() == target):
            _place_link(public, target, new)


def _place_link(path: Path, target: Path, new: Path) -> None:
    """Replace whatever is at a path by a link, in one step."""
    link = new / "link"
    link.symlink_to(target)
    if path.is_dir() and not path.is_symlink():  # a folder cannot be replaced in one step
        path.rename(new.with_name(f"{new.name}-replaced-{path.name}"))
    put_in_place(link, path)


def _require_links(folder: Path) -> None:
    """Refuse a file system without symbolic links before anything is written.

    Raises:
        OutputError: It does not support them.
    """
    link = folder / "link"
    try:
        link.symlink_to(folder.name)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        raise OutputError(
            f"Publishing needs a file system with symbolic links; the one of {folder.parent} does not support them "
            f"({error.strerror}). Nothing was changed; set SCOREHOUSE_HOME to a folder on another file system."
        ) from error
    link.unlink()


def _remove_unlinked(folder: Path) -> None:
    """Remove each snapshot without a link: older ones, and those of killed publications.

    A later publication removes what cannot be removed now, such as an open file on a network file system.
    """
    links = (
        *(folder / SNAPSHOTS / name for name in (CURRENT, PREVIOUS)),
        *(folder / name for name in PUBLIC_NAMES),
    )
    linked = [link.resolve() for link in links]
    unfinished = folder.glob(".new-*")  # of an older release
    for snapshot in (*unfinished, *folder.glob(f"{SNAPSHOTS}/*")):
        kept = any(path.is_relative_to(snapshot.resolve()) for path in linked)
        if not (kept or snapshot.is_symlink()):
            # Renamed first: a late reader that lists a half-removed folder would miss rows without an error.
            going = folder / SNAPSHOTS / f"{REMOVED}{snapshot.name.removeprefix(REMOVED)}"
            with suppress(OSError):
                shutil.rmtree(snapshot.rename(going), ignore_errors=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
