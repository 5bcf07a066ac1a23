"""Check of the raw folder before anything is built: one clear sentence instead of a failure halfway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract, record_columns
from models_ml.warehouse.delivery_checksums import check_checksums
from models_ml.warehouse.outcomes import OUTCOMES, check_outcomes
from models_ml.warehouse.raw_columns import find_columns
from models_ml.warehouse.raw_links import linked_files
from models_ml.warehouse.raw_parts import LOOKS_LIKE_PART, PARTS, list_parts


@dataclass(frozen=True)
class RawFolder:
    """What is in the raw folder.

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
        folder: Folder with the parts and ``train_target.csv``.
        contract: Lists the code columns that a part must have.

    Raises:
        MissingInputError: A file or the folder is not there.
        InputDataError: A file cannot be used; the message names it and what is wrong.
    """
    linked_files(folder)  # refuses a broken one
    names = list_parts(folder)
    # Before anything parses a file.
    check_checksums(folder, [*names, *(path.name for path in folder.glob(OUTCOMES))])
    parts = check_parts(folder, names, contract)
    n_products = sum(part.n_rows for part in parts)
    warnings = [*(warning for part in parts for warning in part.warnings), *_other_parts(folder)]
    if n_products == 0:
        raise InputDataError(f"The parts in {folder} have no rows; at least one product is needed.")
    check_outcomes(folder / OUTCOMES)
    return RawFolder(len(parts), n_products, tuple(warnings))


@dataclass(frozen=True)
class RawPart:
    """What the footer of a part says.

    Attributes:
        name: Of the file, relative to the raw folder.
        n_rows: Product rows.
        unused: Columns that are not used.
    """

    name: str
    n_rows: int
    unused: tuple[str, ...]

    @property
    def warnings(self) -> list[str]:
        """What is odd but harmless, a sentence each."""
        unused = f"{self.name}: columns {', '.join(self.unused)} are not used."
        return [unused] * bool(self.unused) + [f"{self.name} has no rows."] * (not self.n_rows)


def check_parts(folder: Path, names: Iterable[str], contract: FeatureContract) -> list[RawPart]:
    """Check columns and types of raw parts by their footers.

    Args:
        folder: The raw folder.
        names: Of the parts, see `list_parts`.
        contract: Lists the code columns that a part must have.

    Raises:
        InputDataError: A part cannot be used; the message names it and what is wrong.
    """
    expected = record_columns(contract)
    return [_check_part(folder / name, name, expected) for name in names]


def _check_part(path: Path, name: str, expected: tuple[str, ...]) -> RawPart:
    schema, n_rows = _footer(path, name)
    # All names must be unique: DuckDB renames a repeated one, which may then take the name of a third.
    places = find_columns(schema.names, expected, name, "Deliver the part again.", others=True)
    for column, place in zip(expected, places, strict=True):
        found = schema.field(place).type
        values = found.value_type if pa.types.is_dictionary(found) else found
        if not pa.types.is_integer(values):
            raise InputDataError(
                f"{name}, column {column}: expected integers, found {found}. "
                "Deliver the part again."
            )
    unused = tuple(column for i, column in enumerate(schema.names) if i not in places)
    return RawPart(name, n_rows, unused)


def _footer(path: Path, name: str) -> tuple[pa.Schema, int]:
    """Columns and number of rows."""
    try:
        with pq.ParquetFile(path) as part:
            return part.schema_arrow, part.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: names that are not text
        raise InputDataError(
            f"{name} is not a readable parquet file ({_first_line(error)}); deliver the part again."
        ) from error


def _other_parts(folder: Path) -> Iterator[str]:
    """Warnings about parquet files that contain products but are not named as parts, or lie one folder further down."""
    for path in sorted(folder.iterdir()):
        if LOOKS_LIKE_PART.search(path.name):
            continue
        files = sorted(path.glob("*")) if path.is_dir() else [path]
        if found := next(filter(_has_products, files), None):
            yield (
                f"{found.relative_to(folder)} has the columns id and rn and is not read: parts are called {PARTS}, in "
                "the raw folder itself."
            )


def _has_products(path: Path) -> bool:
    """Whether a file has the columns by which products are known."""
    if path.suffix.lower() in (".pq", ".parquet"):
        with contextlib.suppress(InputDataError):
            schema, _ = _footer(path, path.name)
            return {"id", "rn"} <= {name.lower() for name in schema.names}
    return False


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
