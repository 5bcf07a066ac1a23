"""Standard streams that cannot make a command fail, except where they carry its result.

Python's own streams raise in the middle of a run when a log cannot be written (a full disk, a closed pipe) or their
encoding lacks a character, and the number of a closed stream goes to the next file that is opened.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO, cast

from models_ml.errors import OutputError, ReaderGoneError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PLAIN = str.maketrans(
    dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+") | dict.fromkeys("─━═", "-") | dict.fromkeys("│┃║", "|")
    | {"·": ".", "•": "*", "…": "...", "–": "-", "−": "-", "“": '"', "”": '"', "’": "'"}
)  # fmt: skip
"""Replacements for table borders and typographic characters."""

NARROWEST = 20
"""Narrowest usable line; a terminal that claims less does not know its width."""

STDIN, STDOUT, STDERR = range(3)
READABLE = "scorehouse.readable"


def readable(error: UnicodeError) -> tuple[str, int]:
    """What is written for characters that an encoding lacks: a similar one, or else their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end].translate(PLAIN)
    return missing.encode("ascii", "backslashreplace").decode(), error.end


class _WholeWrites(io.FileIO):
    """An unbuffered stream: an error comes with the text that caused it, not when the process ends."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it, in as many pieces as the receiver accepts."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            written = super().write(rest)
            if written is None:  # a pipe that does not block, and is full
                select.select((), (self,), ())
            else:
                rest = rest[written:]
        return size


class LogStream(_WholeWrites):
    """Drops what cannot be written: a run does not fail because its log does."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write it, or pretend to."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


class ResultStream(_WholeWrites):
    """Raises when a result cannot be delivered."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write it.

        Raises:
            ReaderGoneError: The reader has closed the pipe.
            OutputError: It cannot be written.
        """
        try:
            return super().write(data)
        except BrokenPipeError as error:
            raise ReaderGoneError("Nobody reads standard output any more.") from error
        except OSError as error:
            raise OutputError(
                f"Standard output cannot be written ({error.strerror}); free space or send it elsewhere."
            ) from error


def protect_standard_streams() -> None:
    """Replace the streams of this process by those above; a closed one reads as empty and drops what is written."""
    while (number := os.open(os.devnull, os.O_RDONLY)) <= STDERR:
        pass  # each takes the number of a closed stream, which the next file would have got
    os.close(number)
    codecs.register_error(READABLE, readable)
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) < NARROWEST:
        del os.environ["COLUMNS"]  # rich leaves out what does not fit, at 0 everything
    sys.stdin = sys.stdin or io.TextIOWrapper(io.FileIO(STDIN, closefd=False))
    sys.stdout = _text(ResultStream(STDOUT, "w", closefd=False), sys.stdout)
    sys.stderr = _text(LogStream(STDERR, "w", closefd=False), sys.stderr)


def _text(stream: io.FileIO, before: TextIO | None) -> io.TextIOWrapper:
    """A text stream over the bytes of another, in the encoding of the one it replaces."""
    encoding = (before and before.encoding) or "utf-8"
    return io.TextIOWrapper(
        cast("io.BufferedWriter", stream), encoding, READABLE, write_through=True
    )


def text_of(argument: str) -> str:
    """An argument as text; bytes that the locale, such as C, cannot decode are read as UTF-8."""
    try:
        argument.encode()
    except UnicodeEncodeError:  # Python has kept the bytes as surrogates
        return os.fsencode(argument).decode("utf-8", "backslashreplace")
    return argument
