"""Publishing to PostgreSQL: the published tables, all new or all old for every reader.

Rows are deleted and copied in one transaction. Readers see the old rows until it commits, at every isolation level and
without waiting, and grants and views on the tables survive, which they would not if tables were replaced. The price is
dead rows until PostgreSQL vacuums.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import duckdb

from models_ml.errors import OutputError, UsageError
from models_ml.publishing.reader import serving_file
from models_ml.publishing.tables import PUBLISHED_TABLES, REASONS_QUERY, REASONS_VIEW

if TYPE_CHECKING:
    import psycopg

SCHEMA = "scorehouse"
CONNECT_SECONDS = 10
LOCK_SECONDS = 60
"""How long to wait for readers to release a table whose columns changed."""
FETCH_ROWS = 10_000

POSTGRES_TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "UTINYINT": "smallint",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "HUGEINT": "numeric",
}


def publish_to_postgres(folder: Path, url: str) -> int:
    """Copy the published file's tables into the schema ``scorehouse`` of a PostgreSQL database.

    Args:
        folder: Of the published files.
        url: ``postgres://user@host:port/database``; a password is better kept in ``~/.pgpass`` or ``PGPASSWORD``.

    Returns:
        Rows copied.

    Raises:
        MissingInputError: Nothing was published yet.
        UsageError: The address is not one of PostgreSQL, or psycopg is not installed.
        OutputError: The database cannot be reached or written; its old rows are unchanged.
    """
    target = host_and_database(url)
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            "Publishing to PostgreSQL needs psycopg; install it with: pip install 'scorehouse[postgres]'"
        ) from error
    with duckdb.connect(str(serving_file(folder)), read_only=True) as published:
        try:
            with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
                return _replace_all(published, connection.cursor())
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise OutputError(
                f"PostgreSQL at {target} cannot be written ({reason}). What was there before is "
                "unchanged; correct the address or the permissions, then: scorehouse publish --to ADDRESS"
            ) from error


def _replace_all(published: duckdb.DuckDBPyConnection, cursor: psycopg.Cursor) -> int:
    """Replace all tables in the transaction of the cursor."""
    # One publisher at a time: a second one would not see, and so not delete, the new rows of the first.
    cursor.execute("select pg_advisory_xact_lock(hashtext('scorehouse publish'))")
    cursor.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
    cursor.execute(f"create schema if not exists {SCHEMA}")
    cursor.execute(f"set local search_path = {SCHEMA}")
    wanted = {table: _columns(published, table) for table in PUBLISHED_TABLES}
    changed = {table for table in wanted if _columns_there(cursor, table) != wanted[table]}
    if changed:
        cursor.execute(f"drop view if exists {REASONS_VIEW}")
    for table in changed:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in wanted[table].items())
        cursor.execute(f"drop table if exists {table}")
        cursor.execute(f"create table {table} ({columns})")
        if table == "applicant_scores":
            cursor.execute(f"alter table {table} add primary key (id)")
    n_rows = sum(_replace(published, cursor, table, wanted[table]) for table in wanted)
    if changed:
        cursor.execute(f"create view {REASONS_VIEW} as {REASONS_QUERY}")
    return n_rows


def _replace(
    published: duckdb.DuckDBPyConnection,
    cursor: psycopg.Cursor,
    table: str,
    columns: dict[str, str],
) -> int:
    cursor.execute(f"delete from {table}")  # noqa: S608  names from PUBLISHED_TABLES
    # DuckDB returns fixed-size arrays as tuples, which PostgreSQL reads as records; it reads lists as arrays.
    selected = ", ".join(
        f'"{name}"::double[]' if kind == "double precision[]" else f'"{name}"'
        for name, kind in columns.items()
    )
    rows = published.execute(f"select {selected} from {table}")  # noqa: S608
    n_rows = 0
    with cursor.copy(f"copy {table} from stdin") as copy:
        while batch := rows.fetchmany(FETCH_ROWS):
            n_rows += len(batch)
            for row in batch:
                copy.write_row(row)
    return n_rows


def _columns(published: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """PostgreSQL type of every column of a published table."""
    columns = published.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index",
        [table],
    ).fetchall()
    return {name: _postgres_type(kind) for name, kind in columns}


def _postgres_type(duckdb_type: str) -> str:
    element = re.sub(r"\[\d*\]$", "", duckdb_type)
    return POSTGRES_TYPES[element] + ("[]" if element != duckdb_type else "")


def _columns_there(cursor: psycopg.Cursor, table: str) -> dict[str, str]:
    cursor.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        (f"{SCHEMA}.{table}",),
    )
    return {
        name: kind.replace("timestamp without time zone", "timestamp")
        for name, kind in cursor.fetchall()
    }


def host_and_database(url: str) -> str:
    """Host and database of an address, without user and password, for messages.

    Raises:
        UsageError: The address is not one of PostgreSQL.
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("postgres", "postgresql"):
        raise UsageError(
            "Expected an address like postgres://user@host:5432/database after --to; found "
            f"one that starts with {parts.scheme or 'something else'!r}."
        )
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"
