"""Raw product records from CSV and parquet files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract, record_columns
from models_ml.live.records import MISSING, Records
from models_ml.warehouse.csv_files import (
    CSV_OPTIONS,
    LARGEST,
    csv_cell,
    csv_fault,
    csv_header,
    literal_path,
)
from models_ml.warehouse.raw_columns import find_columns

NO_NUMBER = -LARGEST
"""Stands for a text that is not a whole number."""

SHOWN_CHARACTERS = 80
"""Of a wrong value, in a message."""


def read_csv(path: Path, name: str, contract: FeatureContract) -> Records:
    """Read the raw columns of a CSV file.

    Args:
        path: The file.
        name: What messages call it.
        contract: Lists the columns.

    Raises:
        InputDataError: It cannot be read, lacks a column or has it twice, or a value is not a whole number.
    """
    header, names = csv_header(path, name), record_columns(contract)
    places = find_columns(header, names, name, "Write the file again, with commas between them.")
    types = ", ".join(f"'c{place}': 'varchar'" for place in range(len(header)))
    # A cast alone makes 2 of 1.5: a number must be written again as it was read.
    values = ", ".join(
        f"case when c{place} is null then {MISSING} "
        f"when try_cast(c{place} as bigint)::varchar = c{place} then c{place}::bigint "
        f"else {NO_NUMBER} end as c{place}"
        for place in places
    )
    with duckdb.connect(":memory:") as connection:
        try:
            found = connection.execute(
                f"select {values} from read_csv(?, columns = {{{types}}}, {CSV_OPTIONS})",  # noqa: S608
                [literal_path(path)],
            ).fetchnumpy()
        except duckdb.InvalidInputException as error:
            fault = csv_fault(path, len(header))
            raise InputDataError(f"{name}{fault}. Fix the file.") from error
    records = Records(np.stack([found[f"c{place}"] for place in places]))
    wrong = records.values == NO_NUMBER
    if wrong.any():
        record = int(wrong.any(axis=0).argmax())
        column = int(wrong[:, record].argmax())
        line, value = csv_cell(path, record, places[column])
        raise InputDataError(
            f"{name}, line {line}, column {names[column]}: expected a whole number in plain digits, "
            f"found {value[:SHOWN_CHARACTERS]!r}. Fix the file."
        )
    return records


def read_parquet(path: Path, name: str, contract: FeatureContract) -> Records:
    """Read the raw columns of a parquet file, of any integer width; arguments and errors as in `read_csv`."""
    names = record_columns(contract)
    try:
        with path.open("rb") as file, pq.ParquetFile(file) as parquet:
            found = parquet.schema_arrow.names
            places = find_columns(found, names, name, "Write the file again.")
            table = parquet.read(columns=[found[place] for place in places])
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: names that are no text
        raise InputDataError(
            f"{name}: the parquet file cannot be read ({_first_line(error)}); write it again."
        ) from error
    columns = zip(table.select([found[place] for place in places]).columns, names, strict=True)
    return Records(np.stack([_whole_numbers(values, column, name) for values, column in columns]))


def _whole_numbers(values: pa.ChunkedArray, column: str, name: str) -> NDArray[np.int64]:
    """Numbers of any width as int64, shape (records,)."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if values.null_count == len(values):  # such a column has no type of its own
        return np.full(len(values), MISSING)
    if not pa.types.is_integer(values.type):
        raise InputDataError(
            f"{name}, column {column}: expected whole numbers, found {values.type}; write the file again."
        )
    try:
        numbers: NDArray[np.int64] = pc.fill_null(values.cast(pa.int64()), MISSING).to_numpy()
    except pa.ArrowInvalid as error:
        raise InputDataError(
            f"{name}, column {column}: expected numbers up to {LARGEST}, found a larger one "
            f"({_first_line(error)}). Fix the file."
        ) from error
    return numbers


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
