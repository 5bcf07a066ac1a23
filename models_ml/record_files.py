"""Raw product records from a file or standard input, and scores to a file or standard output."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from models_ml.contract import FeatureContract
from models_ml.errors import InputDataError, MissingInputError, OutputError, UsageError
from models_ml.records import MISSING, Records, json_records, record_columns, to_records

STANDARD = "-"
"""Stands for standard input."""

READERS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".json": "json"}
COPY_OPTIONS = {
    "json": "format json, array true",
    "csv": "format csv, header true",
    "parquet": "format parquet, compression zstd",
}
FORMATS = ("table", *COPY_OPTIONS)
SHOWN = "id, pd, score, risk_band, decision, reason_codes"
"""What fits on a screen; the other formats hold every column."""


def read_records(source: str, contract: FeatureContract) -> Records:
    """Read records from a parquet or CSV file with the raw columns, or from JSON.

    JSON is an array of objects, or the request of the scoring service. The name of a file says what it is; standard
    input is looked at.

    Args:
        source: A path, or ``-``.
        contract: Lists the columns; other ones are ignored.

    Raises:
        MissingInputError: There is no such file.
        InputDataError: It cannot be read, lacks a column, or a value is not a whole number.
    """
    with _file(source) as path:
        kind = READERS.get(Path(source).suffix.lower()) or _kind_of(path)
        if kind == "json":
            return _read_json(path, contract)
        return _read_table(path, kind, contract)


def write_scores(scores: pa.Table, form: str, target: Path | None) -> None:
    """Write scores; a file appears whole or not at all.

    Args:
        scores: Columns as in ``applicant_scores``.
        form: One of `FORMATS`.
        target: A file; None for standard output.

    Raises:
        OutputError: The file cannot be written.
        UsageError: There is no such format.
    """
    if form not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}, found {form!r}.")
    folder = Path(tempfile.gettempdir()) if target is None else target.absolute().parent
    temporary = folder / f".scores-{os.getpid()}"
    try:
        with duckdb.connect(":memory:") as connection:
            relation = connection.from_arrow(scores)
            if form == "table":
                shown = str(relation.project(SHOWN))
                if target is None:  # for a person, in the encoding of the terminal
                    sys.stdout.write(shown)
                    sys.stdout.flush()
                    return
                temporary.write_text(shown, encoding="utf-8")
            else:
                quoted = str(temporary).replace("'", "''")
                relation.query("scores", f"copy scores to '{quoted}' ({COPY_OPTIONS[form]})")
        if target is None:
            with temporary.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            temporary.replace(target)
    except (OSError, duckdb.IOException) as error:
        raise OutputError(f"{target or 'standard output'} cannot be written ({error}).") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _file(source: str) -> Iterator[Path]:
    """The source as a file; standard input is kept in one, because parquet is read from its end."""
    if source != STANDARD:
        path = Path(source)
        if not path.is_file():
            raise MissingInputError(f"There is no file {path}; name one, or - for standard input.")
        yield path
        return
    with tempfile.NamedTemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(1024).lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    return "json" if start[:1] in (b"[", b"{") else "csv"


def _read_json(path: Path, contract: FeatureContract) -> Records:
    text = path.read_bytes().strip()
    if text.startswith(b"["):
        text = b'{"records":' + text + b"}"
    try:
        rows = json_records(contract, at_least=0).validate_json(text)["records"]
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ", ".join(str(part) for part in problem["loc"]) or "the whole"
        raise InputDataError(
            f"The JSON records cannot be used at {place}: {problem['msg']}. Mend that record."
        ) from error
    return to_records(rows, contract)


def _read_table(path: Path, kind: str, contract: FeatureContract) -> Records:
    names = record_columns(contract)
    with duckdb.connect(":memory:") as connection:
        try:
            if kind == "parquet":
                relation = connection.read_parquet(str(path))
            else:
                relation = connection.read_csv(str(path), header=True)
        except duckdb.Error as error:
            raise InputDataError(f"The {kind} file cannot be read ({_line(error)}).") from error
        found = dict(zip(relation.columns, relation.types, strict=True))
        if missing := [name for name in names if name not in found]:
            raise InputDataError(
                f"The {kind} file lacks the column{'s' if len(missing) > 1 else ''} "
                f"{', '.join(missing)}; records need id, rn and {len(names) - 2} code columns."
            )
        has_rows = relation.limit(1).fetchone() is not None
        for name in names:
            # A column without a value has no type of its own.
            if has_rows and "INT" not in str(found[name]) and str(found[name]) != '"NULL"':
                raise InputDataError(
                    f"The {kind} file, column {name}: expected whole numbers, found {found[name]}; "
                    "mend the file."
                )
        columns = ", ".join(f"coalesce({name}::bigint, {MISSING}) as {name}" for name in names)
        try:
            values = relation.project(columns).fetchnumpy()
        except duckdb.Error as error:
            raise InputDataError(f"The {kind} file cannot be read ({_line(error)}).") from error
    return Records(np.stack([np.ma.getdata(values[name]).astype(np.int64) for name in names]))


def _line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
