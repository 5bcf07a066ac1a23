"""The one way files are written: whole or not at all, and on the disk before anything relies on them."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from models_ml.errors import OutputError

FREE_SPACE = "Free space or check the permissions, then run it again."

NO_FLUSH = (errno.EACCES, errno.EINVAL, errno.ENOTSUP)
"""Answers of a folder that cannot be flushed: one without read permission, or on some network file systems."""


@contextmanager
def whole_file(
    path: Path, remedy: str = FREE_SPACE, temporary: Path | None = None
) -> Iterator[Path]:
    """Write a file under another name and give it its own name when it is complete.

    Readers find the old file or the new one, also after a kill or a power failure.

    Args:
        path: The file.
        remedy: What to do when it cannot be written, for the message.
        temporary: Name to write under, on the same file system; by default a new one in the same folder.

    Yields:
        The temporary name. Nothing exists there yet; a block that writes nothing there is an error.

    Raises:
        OutputError: The file cannot be written; one that was there before is unchanged.
    """
    new = temporary or path.absolute().parent / f".writing-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with written_or_explained(path, f"What was there before is unchanged. {remedy}"):
            new.unlink(missing_ok=True)
            yield new
            flush(new)
            put_in_place(new, path)
    finally:
        with suppress(OSError):  # it must not hide the error above
            new.unlink(missing_ok=True)


def write_file(
    path: Path, content: bytes, remedy: str = FREE_SPACE, temporary: Path | None = None
) -> None:
    """Write bytes as a whole file; see `whole_file`."""
    with whole_file(path, remedy, temporary) as new:
        new.write_bytes(content)


def put_in_place(new: Path, path: Path) -> None:
    """Rename a flushed file, folder or link, replacing what is there, and flush the folder it is in.

    Raises:
        OSError: It cannot be renamed.
    """
    new.replace(path)
    flush(path.absolute().parent)


def flush_all(folder: Path) -> None:
    """Wait until a folder and everything in it is on the disk.

    Raises:
        OSError: The disk is full or failed.
    """
    for path in (*folder.rglob("*"), folder):
        flush(path)


def flush(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk.

    Raises:
        OSError: The disk is full or failed.
    """
    try:
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
    except OSError as error:
        if not (path.is_dir() and error.errno in NO_FLUSH):
            raise


def append_line(log: Path, event: Mapping[str, Any]) -> None:
    """Add a line of JSON to a log, on the disk when this returns; one writer at a time.

    The start of a line that a kill or a full disk cut short is removed: nothing came of it.

    Raises:
        OutputError: The line cannot be written.
    """
    with written_or_explained(log, FREE_SPACE), log.open("a+b") as file:
        file.seek(0)
        content = file.read()
        cut = len(content) - sum(len(line) + 1 for line in whole_lines(content))
        if cut > 0:
            file.truncate(len(content) - cut)
        end = b"\n" if cut < 0 else b""  # the last line is whole and only its end is missing
        file.write(end + json.dumps(event).encode() + b"\n")
        file.flush()
        flush(log)
        flush(log.absolute().parent)


def whole_lines(content: bytes) -> list[bytes]:
    """Lines of a log of JSON, without their ends, and without the start of one that was cut short."""
    *whole, rest = content.split(b"\n")
    return [*whole, rest] if _is_json(rest) else whole


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@contextmanager
def written_or_explained(
    path: Path | str, remedy: str, kinds: tuple[type[Exception], ...] = (OSError,)
) -> Iterator[None]:
    """Say in one sentence that a file or folder cannot be written.

    Args:
        path: What the block writes.
        remedy: What to do, for the message.
        kinds: Errors that mean this.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        yield
    except kinds as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise OutputError(f"{path} cannot be written ({reason or error}). {remedy}") from error
