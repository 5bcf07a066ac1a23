"""Errors a user can act on, each with the exit code a scheduler sees.

Codes follow ``sysexits.h``, so that cron, systemd and Airflow can tell "try again later" from "mend the input".
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXIT_INTERRUPTED = 130
"""Stopped with Ctrl-C, as a shell counts: 128 and the number of the signal."""


def is_ctrl_c(error: BaseException) -> bool:
    """Whether an error is what became of Ctrl-C: inside a query, DuckDB makes it a RuntimeError."""
    return isinstance(error, KeyboardInterrupt) or str(error) == "Query interrupted"


class ScorehouseError(Exception):
    """A failure with a remedy: the message says what was expected, what was found and what to do."""

    exit_code = 70


class UsageError(ScorehouseError):
    """An option or setting has a value that cannot be used (EX_USAGE)."""

    exit_code = 64


class EngineError(ScorehouseError):
    """The engine that a job should run on is missing, unreachable or of another version (EX_UNAVAILABLE)."""

    exit_code = 69


class InputDataError(ScorehouseError):
    """Raw data or features break their contract (EX_DATAERR)."""

    exit_code = 65


class MissingInputError(ScorehouseError):
    """A file or folder that should be there is not (EX_NOINPUT)."""

    exit_code = 66


class BuildError(ScorehouseError):
    """A warehouse model or a data test failed (EX_SOFTWARE)."""

    exit_code = 70


class OutputError(ScorehouseError):
    """A result cannot be written: disk full, read-only folder (EX_CANTCREAT)."""

    exit_code = 73


class WarehouseLockedError(ScorehouseError):
    """Another process holds the warehouse; trying again later helps (EX_TEMPFAIL)."""

    exit_code = 75


class ArtifactError(ScorehouseError):
    """A model artifact is missing, damaged or does not fit the feature contract (EX_CONFIG)."""

    exit_code = 78


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Make a clear error of a disk that is full or cannot be written.

    Args:
        folder: What is written to.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise OutputError(
            f"{folder} cannot be written ({error.strerror}). What was published before is unchanged; free space, then "
            "run it again."
        ) from error
