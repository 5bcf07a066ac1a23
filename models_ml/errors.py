"""Errors a user can act on, each with the exit code a scheduler sees.

Codes follow ``sysexits.h``, so that cron, systemd and Airflow can tell "try again later" from "correct the input". The
table below is the one place that says what they mean: ``--help`` prints it, a test compares the documentation with it.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ExitCode:
    """What the end of a command tells a scheduler.

    Attributes:
        code: The number.
        name: As in ``sysexits.h``; for the last two the signal, whose number a shell adds to 128.
        meaning: What happened.
        action: What the scheduler, or the person on call, should do.
        retry: Whether the same call can succeed later without anyone intervening.
    """

    code: int
    name: str
    meaning: str
    action: str
    retry: bool = False


DONE = ExitCode(0, "EX_OK", "done, published", "nothing; warnings are in the log")
USAGE = ExitCode(
    64, "EX_USAGE", "wrong command, option, setting or address", "correct the call or the setting"
)
DATA = ExitCode(
    65,
    "EX_DATAERR",
    "raw data or features break their contract",
    "look at the message, have the data delivered again",
)
NO_INPUT = ExitCode(66, "EX_NOINPUT", "a file is missing", "wait for the delivery", retry=True)
UNAVAILABLE = ExitCode(
    69,
    "EX_UNAVAILABLE",
    "Spark, its workers or the port to listen on is not available, or of another version; nothing was changed",
    "retry; look at the message if it stays",
    retry=True,
)
SOFTWARE = ExitCode(
    70,
    "EX_SOFTWARE",
    "a model or a data test failed, or a bug in scorehouse; nothing was published",
    "look at the message",
)
CANNOT_WRITE = ExitCode(
    73,
    "EX_CANTCREAT",
    "a result cannot be written: disk, permissions, standard output, PostgreSQL",
    "free space, correct the permissions",
    retry=True,
)
BUSY = ExitCode(
    75,
    "EX_TEMPFAIL",
    "another run is in progress; nothing was changed",
    "retry later",
    retry=True,
)
CONFIG = ExitCode(78, "EX_CONFIG", "no usable model", "`scorehouse train`")
INTERRUPTED = ExitCode(
    130,
    "SIGINT",
    "stopped with Ctrl-C, SIGINT or SIGTERM; nothing half-written is left behind",
    "run again",
    retry=True,
)
READER_GONE = ExitCode(
    141,
    "SIGPIPE",
    "the reader of standard output stopped reading, as in `| head -1`",
    "nothing, if that was intended",
)
EXIT_CODES = (
    *(DONE, USAGE, DATA, NO_INPUT, UNAVAILABLE, SOFTWARE, CANNOT_WRITE, BUSY, CONFIG),
    *(INTERRUPTED, READER_GONE),
)


def is_ctrl_c(error: BaseException) -> bool:
    """Whether an error stands for Ctrl-C, which DuckDB turns into a RuntimeError during a query."""
    return isinstance(error, KeyboardInterrupt) or str(error) == "Query interrupted"


def place_of(error: BaseException) -> str:
    """Type of an error, and the line that raised it; not its message, which may quote values of applicants."""
    *_, (frame, line) = [(None, 0), *traceback.walk_tb(error.__traceback__)]
    where = f" at {frame.f_code.co_filename}:{line}" if frame else ""
    return f"{type(error).__name__}{where}"


class ScorehouseError(Exception):
    """A failure with a remedy: the message says what was expected, what was found and what to do."""

    exit_code = SOFTWARE.code


class UsageError(ScorehouseError):
    """An option or setting has a value that cannot be used (EX_USAGE)."""

    exit_code = USAGE.code


class UnavailableError(ScorehouseError):
    """Something outside scorehouse that a command needs is unavailable: an engine, a port (EX_UNAVAILABLE)."""

    exit_code = UNAVAILABLE.code


class EngineError(UnavailableError):
    """The engine that a job should run on is missing, unreachable or of another version."""


class InputDataError(ScorehouseError):
    """Raw data or features break their contract (EX_DATAERR)."""

    exit_code = DATA.code


class MissingInputError(ScorehouseError):
    """An expected file or folder is missing (EX_NOINPUT)."""

    exit_code = NO_INPUT.code


class BuildError(ScorehouseError):
    """A warehouse model or a data test failed (EX_SOFTWARE)."""

    exit_code = SOFTWARE.code


class OutputError(ScorehouseError):
    """A result cannot be written: disk full, read-only folder (EX_CANTCREAT)."""

    exit_code = CANNOT_WRITE.code


class ReaderGoneError(OutputError):
    """The reader of standard output stopped reading, usually on purpose (SIGPIPE)."""

    exit_code = READER_GONE.code


class WarehouseLockedError(ScorehouseError):
    """Another process holds the warehouse; trying again later helps (EX_TEMPFAIL)."""

    exit_code = BUSY.code


class ArtifactError(ScorehouseError):
    """A model artifact is missing, damaged or does not fit the feature contract (EX_CONFIG)."""

    exit_code = CONFIG.code


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turn a full or read-only disk into one clear error.

    Args:
        folder: Where the block writes.

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
