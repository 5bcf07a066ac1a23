"""Check of the raw folder before anything is built: one clear sentence instead of a failure half-way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models_ml.checksums import check_checksums
from models_ml.contract import FeatureContract
from models_ml.errors import InputDataError, MissingInputError
from models_ml.outcomes import OUTCOMES, check_outcomes

PART_PATTERN = "train_data_*.pq"
PART_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class RawFolder:
    """What the raw folder holds.

    Attributes:
        n_parts: Parquet parts.
        n_products: Product rows in all parts.
        warnings: What is odd but harmless, a sentence each.
    """

    n_parts: int
    n_products: int
    warnings: tuple[str, ...]


def check_raw(folder: Path, contract: FeatureContract) -> RawFolder:
    """Check names, columns and types of all raw files, from the parquet footers and the target file.

    Where checksums were delivered with the files, those too.

    Args:
        folder: Folder with ``train_data_*.pq`` and ``train_target.csv``.
        contract: Lists the code columns that a part must have.

    Raises:
        MissingInputError: A file or the folder is not there.
        InputDataError: A file cannot be used; the message names it and what is wrong.
    """
    if not folder.is_dir():
        raise MissingInputError(
            f"The raw folder {folder} does not exist. Put {PART_PATTERN} and {OUTCOMES} there, "
            "point SCOREHOUSE_RAW to them, or make an example with: "
            f"scorehouse simulate --applicants 60000 --out {folder}"
        )
    parts = sorted(folder.glob(PART_PATTERN))
    if not parts:
        raise MissingInputError(
            f"No file {PART_PATTERN} in {folder}. Put the parts there, or point SCOREHOUSE_RAW "
            "to the folder that has them."
        )
    for part in parts:  # names get into SQL on some engines
        if not PART_NAME.fullmatch(part.name):
            raise InputDataError(
                f"The part {part.name!r} has a character in its name that is neither a letter, a digit, "
                "nor one of . _ -; rename it."
            )
    check_checksums(folder, [*parts, *folder.glob(OUTCOMES)])  # before anything parses a file
    expected = ["id", "rn", *(column.name for column in contract.columns)]
    n_products, warnings = 0, []
    for part in parts:
        n_rows, extra = _check_part(part, expected)
        n_products += n_rows
        if extra:
            warnings.append(f"{part.name}: columns {', '.join(extra)} are not used.")
        if n_rows == 0:
            warnings.append(f"{part.name} has no rows.")
    if n_products == 0:
        raise InputDataError(f"The parts in {folder} have no rows; at least one product is needed.")
    check_outcomes(folder / OUTCOMES)
    return RawFolder(len(parts), n_products, tuple(warnings))


def _check_part(part: Path, expected: list[str]) -> tuple[int, list[str]]:
    """Rows of a part and the columns it has beyond the expected ones."""
    try:
        with pq.ParquetFile(part) as footer:
            schema, n_rows = footer.schema_arrow, footer.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: names that are no text
        raise InputDataError(
            f"{part.name} is not a readable parquet file ({_first_line(error)}); "
            "deliver the part again."
        ) from error
    missing = [name for name in expected if name not in schema.names]
    if missing:
        raise InputDataError(
            f"{part.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"a part needs id, rn and {len(expected) - 2} code columns. Deliver the part again."
        )
    for name in expected:
        found = schema.field(name).type
        if not pa.types.is_integer(found):
            raise InputDataError(
                f"{part.name}, column {name}: expected integers, found {found}. "
                "Deliver the part again."
            )
    return n_rows, [name for name in schema.names if name not in expected]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
