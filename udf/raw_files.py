"""SQL functions that list the raw parts, on DuckDB and on Spark, by the same rule as the check of the delivery.

They take file names literally: SQL that lists files would read a folder ``id=7`` as a column and ``[1]`` as a pattern.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, TIMESTAMP, VARCHAR

from models_ml.errors import InputDataError, ScorehouseError
from models_ml.features.contract import FeatureContract, record_columns
from models_ml.warehouse.outcomes import OUTCOMES
from models_ml.warehouse.raw_files import check_parts
from models_ml.warehouse.raw_parts import list_parts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class RawFiles:
    """The raw parts of an installation, listed again at each call.

    Attributes:
        folder: The raw folder; nothing outside it is read.
        contract: Defines the code columns that a part must have.
    """

    folder: Path
    contract: FeatureContract

    def names(self) -> str:
        """Names of all parts, one per line, after a check of their columns.

        Raises:
            ScorehouseError: There are no parts, or one cannot be used.
        """
        names = list_parts(self.folder)
        check_parts(self.folder, names, self.contract)
        return "\n".join(names)

    def column_names(self) -> str:
        """Names of the columns that a part must have, one per line."""
        return "\n".join(record_columns(self.contract))

    def n_bytes(self, name: str) -> int:
        """Size of a part in bytes."""
        return self._path(name).stat().st_size

    def sha256(self, name: str) -> str:
        """SHA-256 of a part, hexadecimal."""
        with self._path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def modified_at(self) -> datetime:
        """When the latest part was written, as UTC without a time zone."""
        latest = max(self._path(name).stat().st_mtime for name in list_parts(self.folder))
        return datetime.fromtimestamp(latest, UTC).replace(tzinfo=None)

    def linked(self) -> list[str]:
        """Absolute paths that links among the parts and outcomes point to."""
        with suppress(ScorehouseError, FileNotFoundError):  # reported when the parts are read
            files = [self.folder / name for name in (*list_parts(self.folder), OUTCOMES)]
            found = {file: file.resolve() for file in files}
            return [str(place) for file, place in found.items() if place != file]
        return []

    def _path(self, name: str) -> Path:
        """Path of a part.

        Raises:
            InputDataError: There is no part of that name.
        """
        if name not in list_parts(self.folder):
            raise InputDataError(
                f"The raw part {name} is no longer in {self.folder}. Restore it, or run again without it."
            )
        return self.folder / name


def register_raw_files(connection: DuckDBPyConnection, files: RawFiles) -> None:
    """Register the functions on a connection, with side effects so that no query plan reuses an old answer."""
    create = connection.create_function
    create("raw_part_names", files.names, [], VARCHAR, side_effects=True)
    create("raw_part_bytes", files.n_bytes, [VARCHAR], BIGINT, side_effects=True)
    create("raw_part_sha256", files.sha256, [VARCHAR], VARCHAR, side_effects=True)
    create("raw_parts_modified_at", files.modified_at, [], TIMESTAMP, side_effects=True)


def register_raw_files_on_spark(session: SparkSession, files: RawFiles) -> None:
    """The same on Spark, whose workers must see the folder under the same path.

    There is also a function for the column names, which dbt needs there before the data dictionary is loaded.
    """
    session.udf.register("raw_part_names", files.names, "string")
    session.udf.register("raw_column_names", files.column_names, "string")
    session.udf.register("raw_part_bytes", files.n_bytes, "bigint")
    session.udf.register("raw_part_sha256", files.sha256, "string")
    session.udf.register("raw_parts_modified_at", files.modified_at, "timestamp")
