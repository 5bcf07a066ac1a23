"""Check of the outcomes before anything reads them: a line that readers could understand differently is refused."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from models_ml.errors import InputDataError, MissingInputError
from models_ml.warehouse.csv_files import CSV_OPTIONS, LARGEST, NUMBER, check_is_text, literal_path

OUTCOMES = "train_target.csv"

HEADER = re.compile(rb'(?:id|"id"),(?:flag|"flag")')
LINE = re.compile(rf'(?:{NUMBER}|"{NUMBER}"),(?:[01]|"[01]")'.encode())
"""The first line and those of applicants, without their ends: both can be read in one way only."""

AN_ID = f"a number from 0 to {LARGEST} in plain digits"

SHOWN = 80
"""Characters of a wrong line that a message shows."""


def check_outcomes(path: Path) -> None:
    """Check that the outcomes say 0 or 1 exactly once for each applicant.

    Args:
        path: CSV file with the header ``id,flag``, as `CSV_OPTIONS` and `NUMBER` say; all lines end alike.

    Raises:
        MissingInputError: The file is not there.
        InputDataError: A line cannot be used; the message gives its number.
    """
    if not path.is_file():
        raise MissingInputError(
            f"The outcomes {path} are missing. Put a file with the header id,flag there: one line "
            "per applicant, flag 1 = defaulted, 0 = did not."
        )
    check_is_text(path, path.name)
    for problem in chain(_wrong_lines(path), _wrong_ids(path)):
        raise InputDataError(f"{path.name}{problem}. Fix the file.")


def _wrong_lines(path: Path) -> Iterator[str]:
    """What is wrong with single lines."""
    with path.open("rb") as file:
        first = file.readline().removeprefix(codecs.BOM_UTF8)
        end = b"\r\n" if first.endswith(b"\r\n") else b"\n"
        if not HEADER.fullmatch(first.removesuffix(end)):
            yield f", line 1: expected the header id,flag, found {_shown(first, end)}"
        for number, line in enumerate(file, start=2):
            if line != end and not LINE.fullmatch(line.removesuffix(end)):
                yield (
                    f", line {number}: expected {AN_ID}, a comma, and 0 or 1, found {_shown(line, end)}"
                )


def _wrong_ids(path: Path) -> Iterator[str]:
    """What is wrong with the lines together when each is right by itself."""
    ids = _read_ids(path)
    ids.sort()
    if len(ids) == 0:
        yield ": it has no applicants"
    elif ids[-1] > LARGEST:
        yield f", line {_lines_of(path, ids[-1])[0]}: expected {AN_ID}, found {ids[-1]}"
    for id_ in ids[1:][ids[1:] == ids[:-1]]:
        first, second, *_ = _lines_of(path, id_)
        yield f", lines {first} and {second}: expected one line per applicant, found applicant {id_} twice"


def _read_ids(path: Path) -> NDArray[np.uint64]:
    """Ids of all lines, shape (applicants,), read as the warehouse will read them."""
    columns = "{'id': 'ubigint', 'flag': 'utinyint'}"
    # No parameters and no fetchnumpy: both import pandas where there is one, and DuckDB's import swallows Ctrl-C.
    file = literal_path(path).replace("'", "''")
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            f"select id from read_csv('{file}', columns = {columns}, {CSV_OPTIONS})"  # noqa: S608
        )
        ids: NDArray[np.uint64] = rows.to_arrow_table()["id"].to_numpy().copy()
    return ids


def _lines_of(path: Path, id_: np.uint64) -> list[int]:
    """Numbers of the lines of an applicant."""
    text = str(id_).encode()
    with path.open("rb") as file:
        return [n for n, line in enumerate(file, 1) if line.split(b",")[0].strip(b'"') == text]


def _shown(line: bytes, end: bytes) -> str:
    """A line for a message; line ends that differ from the file's stay visible."""
    return repr(line.removesuffix(end).decode(errors="replace")[:SHOWN])
