"""CSV files: one dialect for every reader, and one spelling of a number.

Readers that guess the dialect would disagree about the same file.
"""

from __future__ import annotations

import codecs
import csv
import re
from itertools import islice
from pathlib import Path

from models_ml.errors import InputDataError, MissingInputError

CSV_OPTIONS = (
    "header = true, auto_detect = false, sep = ',', quote = '\"', escape = '\"', compression = 'none', "
    "hive_partitioning = false"
)
"""The dialect as DuckDB's ``read_csv`` is told, here and in the dbt source; a test compares, with Spark's options too.

UTF-8 with or without a byte-order mark, a header, commas, optional double quotes; empty lines are skipped.
"""

LARGEST = 2**63 - 1
"""Largest number anywhere in raw files."""

NUMBER = r"(?:0|[1-9][0-9]{0,18})"
"""A number as it must be spelled, so that no number has two spellings: no sign, no leading zero, no point, no exponent.

The macro ``number_or_null`` says the same in SQL.
"""

NO_TEXT = {
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
}
"""First bytes of what is often delivered in place of a CSV file."""


def literal_path(path: Path) -> str:
    """A path that DuckDB reads as exactly this file, not as a pattern, a network address or a home folder."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))


def check_is_text(path: Path, name: str) -> None:
    """Refuse files that are often delivered in place of CSV.

    Args:
        path: The file.
        name: What messages call it.

    Raises:
        MissingInputError: It cannot be opened.
        InputDataError: It is compressed, a workbook, or text in UTF-16.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise MissingInputError(
            f"{name} cannot be read ({error.strerror}); check the permissions."
        ) from error
    for signature, found in NO_TEXT.items():
        if start.startswith(signature):
            raise InputDataError(
                f"{name}: expected CSV in UTF-8, found {found}; convert or unpack the file first."
            )


def csv_header(path: Path, name: str) -> list[str]:
    """Read the names of the columns.

    Raises:
        InputDataError: The file has none, or is not CSV in UTF-8.
    """
    check_is_text(path, name)
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        try:
            header = next(csv.reader(file), [])
        except csv.Error as error:
            raise InputDataError(
                f"{name}, line 1: it cannot be read as CSV ({error}). Fix the file."
            ) from error
    if not header:
        raise InputDataError(f"{name}, line 1: expected a header, found nothing. Fix the file.")
    return header


def csv_cell(path: Path, record: int, column: int) -> tuple[int, str]:
    """Look up a value that a message should name.

    Args:
        path: A file that was read before.
        record: Position of the record, 0 for the first one after the header.
        column: Position of the column.

    Returns:
        Number of the line on which the record ends, and the value.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        filled = (row for row in lines if row)
        row = next(islice(filled, record + 1, None))
        return lines.line_num, row[column]


def csv_fault(path: Path, n_columns: int) -> str:
    """Why DuckDB cannot read a CSV file, from ", line N" on; DuckDB's own message is six lines about its options."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file, strict=True)
        try:
            for row in lines:
                if row and len(row) != n_columns:
                    return f", line {lines.line_num}: expected {n_columns} values, found {len(row)}"
        except (csv.Error, UnicodeDecodeError) as error:
            return f", after line {lines.line_num}: {error}"
    return ": expected lines of at most 2 million characters that all end alike"
