"""Which files of the raw folder are parts: one rule for the check, dbt and Spark.

A file that looks like a part and cannot be read as one is refused: its applicants would silently be missing from the
published table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from models_ml.errors import InputDataError, MissingInputError

PARTS = "train_data_*.pq or train_data_*.parquet"
"""How parts are named, in words."""

PART = re.compile(r"train_data_.*\.(pq|parquet)", re.IGNORECASE)
LOOKS_LIKE_PART = re.compile(r"train[^a-z0-9]?data", re.IGNORECASE)
SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+")
CHECKSUM_OF_FILE = re.compile(
    r"\.?(?P<file>.+)\.(crc|md5|sha1|sha256|sha512|asc|sig)", re.IGNORECASE
)
"""A file about another file, with no rows of its own: Hadoop's ``.crc``, checksums and signatures."""

FINISHED = "_SUCCESS"
"""Spark writes it into a folder when all files are there."""
BESIDE_ROWS = frozenset((FINISHED, "_metadata", "_common_metadata"))
"""Files of a folder written by Spark that hold no rows."""

RENAME = f"Parts are named {PARTS}; rename it, or move it out of the folder."


def list_parts(folder: Path) -> tuple[str, ...]:
    """Names of all raw parts, relative to the folder, in order; files of a folder that Spark wrote are parts each.

    Raises:
        MissingInputError: The folder does not exist, or has no part.
        InputDataError: A file looks like a part but is not; the message names it.
    """
    if not folder.is_dir():
        raise MissingInputError(
            f"The raw folder {folder} does not exist. Put {PARTS} and the outcomes there, "
            "point SCOREHOUSE_RAW to them, or make an example with: "
            f"scorehouse simulate --applicants 60000 --out {folder}"
        )
    names = sorted(path.name for path in folder.iterdir() if LOOKS_LIKE_PART.search(path.name))
    parts = tuple(part for name in names for part in _parts_of(folder, name, frozenset(names)))
    if not parts:
        raise MissingInputError(
            f"No file {PARTS} in {folder}. Put the parts there, or point SCOREHOUSE_RAW "
            "to the folder that has them."
        )
    for part in parts:  # some engines put names into SQL
        if not all(SAFE_NAME.fullmatch(name) for name in part.split("/")):
            raise InputDataError(
                f"The part {part!r} has a character in its name that is neither a letter, a digit, "
                "nor one of . _ -; rename it."
            )
    return parts


def _parts_of(folder: Path, name: str, names: frozenset[str]) -> Iterator[str]:
    """The parts in one entry of the raw folder."""
    path = folder / name
    about = CHECKSUM_OF_FILE.fullmatch(name)
    if about and about["file"] in names and PART.fullmatch(about["file"]):
        return
    if not PART.fullmatch(name):
        raise InputDataError(
            f"{name} looks like a raw part and is not read: it is still being written, left over, compressed or of "
            f"another format. {RENAME}"
        )
    if path.is_dir():
        yield from (f"{name}/{file}" for file in _files_of_spark(path))
    elif path.is_file():
        yield name
    else:
        raise InputDataError(
            f"{name} is a link to {path.readlink()}, which does not exist. Fix the link, or put the part there."
            if path.is_symlink()
            else f"{name} is not a regular file, so it is not read as a raw part. {RENAME}"
        )


def _files_of_spark(folder: Path) -> list[str]:
    """Names of the files with rows in a folder written by Spark.

    Raises:
        InputDataError: It is unfinished, has no files with rows, or has other files.
    """
    names = sorted(path.name for path in folder.iterdir())
    files = [name for name in names if name not in BESIDE_ROWS and not _is_about(name, names)]
    if FINISHED not in names:
        raise InputDataError(
            f"{folder.name} is a folder without {FINISHED}, so its files may be incomplete. Let the "
            "job that writes it finish, or deliver the part as one file."
        )
    for name in files:
        if not name.endswith(".parquet") or name.startswith(("_", ".")):
            raise InputDataError(
                f"{folder.name}/{name}: expected parquet files and {FINISHED} in the folder of a part, found this. "
                "Nested folders and tables with a log of their own are not read; deliver the part as one file."
            )
    if not files:
        raise InputDataError(f"{folder.name} is a folder without parquet files. {RENAME}")
    return files


def _is_about(name: str, names: list[str]) -> bool:
    about = CHECKSUM_OF_FILE.fullmatch(name)
    return about is not None and about["file"] in names
