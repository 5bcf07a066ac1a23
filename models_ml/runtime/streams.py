"""Standard streams that do not decide how a command ends, except where they carry its result.

Python's own raise in the middle of a run when a log cannot be written (a full disk, a pipe whose reader has gone) or
when their encoding lacks a character, and a stream that was closed hands its number to the next file that is opened.
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
"""Stand-ins for lines of tables and typographic characters."""

NARROWEST = 20
"""Fewest characters in a line that text can be laid out in; who says less does not know."""

STDIN, STDOUT, STDERR = range(3)
READABLE = "scorehouse.readable"


def readable(error: UnicodeError) -> tuple[str, int]:
    """What is written for characters that an encoding lacks: a stand-in that looks alike, or else their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end].translate(PLAIN)
    return missing.encode("ascii", "backslashreplace").decode(), error.end


class _WholeWrites(io.FileIO):
    """An unbuffered stream: an error comes with the text that caused it, not when the process ends."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it, however many pieces the receiver takes it in."""
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
        """Write it, or act as if."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


class ResultStream(_WholeWrites):
    """Says that a result did not arrive."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write it.

        Raises:
            ReaderGoneError: Nobody reads any more.
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
    """Replace the streams of this process by those above; one that was closed gives nothing and takes nothing."""
    while (number := os.open(os.devnull, os.O_RDONLY)) <= STDERR:
        pass  # each takes the place of a closed stream, which the next file would have got
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
    """An argument as text: bytes that mean nothing in the locale, such as C, are UTF-8."""
    try:
        argument.encode()
    except UnicodeEncodeError:  # Python has kept the bytes as surrogates
        return os.fsencode(argument).decode("utf-8", "backslashreplace")
    return argument
