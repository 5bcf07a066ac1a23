"""Raw product records from a file or standard input, and scores to a file or standard output."""

from __future__ import annotations

import codecs
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from pydantic import ValidationError

from models_ml.errors import InputDataError, MissingInputError, UsageError
from models_ml.features.contract import FeatureContract
from models_ml.live.record_tables import read_csv, read_parquet
from models_ml.live.records import Records, json_records, parse_records, to_records
from models_ml.runtime.files import whole_file, written_or_explained

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
"""What fits on a screen; the other formats have every column."""


def read_records(source: str, contract: FeatureContract) -> Records:
    """Read records from a parquet or CSV file with the raw columns, or from JSON.

    JSON is an array of objects, or the request of the scoring service. The ending of the name decides; without a
    known ending, or for standard input, the content does. The rest of a name means nothing.

    Args:
        source: A path, or ``-``.
        contract: Lists the columns; other ones are ignored.

    Raises:
        MissingInputError: There is no such file, or it cannot be opened.
        InputDataError: It cannot be read, lacks a column or has it twice, or a value is not a whole number.
    """
    name = "standard input" if source == STANDARD else source
    with _file(source) as path:
        try:
            kind = READERS.get(Path(source).suffix.lower()) or _kind_of(path)
            return RECORD_READERS[kind](path, name, contract)
        except OSError as error:
            raise MissingInputError(
                f"{name} cannot be read ({error.strerror}); check the permissions."
            ) from error


def write_scores(scores: pa.Table, form: str, target: Path | None) -> None:
    """Write scores; a file is written completely or not at all.

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
    with written_or_explained(
        target or "standard output", "Free space or write elsewhere.", (OSError, duckdb.IOException)
    ):
        if target is not None:
            with whole_file(target) as new:
                _write(scores, form, new)
        elif form == "table":  # for a person, in the encoding of the terminal
            sys.stdout.write(_shown(scores))
            sys.stdout.flush()
        else:
            with tempfile.TemporaryDirectory() as folder:
                _write(scores, form, Path(folder) / "scores")
                with (Path(folder) / "scores").open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _write(scores: pa.Table, form: str, path: Path) -> None:
    if form == "table":
        path.write_text(_shown(scores), encoding="utf-8")
        return
    quoted = str(path).replace("'", "''")
    with duckdb.connect(":memory:") as connection:
        relation = connection.from_arrow(scores)
        relation.query("scores", f"copy scores to '{quoted}' ({COPY_OPTIONS[form]})")


def _shown(scores: pa.Table) -> str:
    """The columns that fit on a screen, as a text table."""
    with duckdb.connect(":memory:") as connection:
        return str(connection.from_arrow(scores).project(SHOWN))


@contextmanager
def _file(source: str) -> Iterator[Path]:
    """The source as a file; standard input is copied into one, because parquet is read from its end."""
    if source != STANDARD:
        path = Path(source)
        if not path.is_file():
            raise MissingInputError(
                f"There is no file {path}; give the path of a file, or - for standard input."
            )
        yield path
        return
    with tempfile.NamedTemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(1024).removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    return "json" if start[:1] in (b"[", b"{") else "csv"


def _read_json(path: Path, name: str, contract: FeatureContract) -> Records:
    text = path.read_bytes().removeprefix(codecs.BOM_UTF8).strip()
    if text.startswith(b"["):
        text = b'{"records":' + text + b"}"
    try:
        rows = parse_records(text, json_records(contract, at_least=0), contract)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ", ".join(str(part) for part in problem["loc"]) or "the top level"
        raise InputDataError(
            f"{name}: the JSON records cannot be used at {place}: {problem['msg']}. Fix that record."
        ) from error
    return to_records(rows, contract)


RECORD_READERS = {"parquet": read_parquet, "csv": read_csv, "json": _read_json}
