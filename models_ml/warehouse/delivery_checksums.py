"""Checksums that came with a delivery: parquet cannot tell when one valid code turned into another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from models_ml.errors import InputDataError

CHECKSUMS = "SHA256SUMS"
"""Written by the party that delivers the files: ``sha256sum train_* > SHA256SUMS``; without it nothing is compared."""

LINE = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")


def check_checksums(folder: Path, delivered: Iterable[str]) -> None:
    """Compare delivered files with the checksums beside them, if there are any.

    Args:
        folder: The raw folder, in which `CHECKSUMS` may be.
        delivered: Names of the files that must be listed and equal, relative to the folder.

    Raises:
        InputDataError: A file differs, is missing, or is not listed; the message names it.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        return
    expected = _read(path)
    names = set(delivered)
    remedy = (
        f"Deliver it again; if it is right, rewrite {CHECKSUMS}: sha256sum train_* > {CHECKSUMS}"
    )
    for name in sorted(names - expected.keys()):
        raise InputDataError(f"{name} is not listed in {CHECKSUMS}. {remedy}")
    for name in sorted(expected.keys() - names):
        raise InputDataError(f"{name} is listed in {CHECKSUMS} and missing in {folder}. {remedy}")
    for name in sorted(names):
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected[name]:
            raise InputDataError(
                f"{name} is not the file that was delivered: expected SHA-256 {expected[name]} "
                f"({CHECKSUMS}), found {found}. {remedy}"
            )


def _read(path: Path) -> dict[str, str]:
    """Checksum of each file name."""
    checksums = {}
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
        match = LINE.fullmatch(line)
        if match is None:
            raise InputDataError(
                f"{path.name}, line {number}: expected a SHA-256 and a file name, found {line[:80]!r}. "
                f"Rewrite it: sha256sum train_* > {path.name}"
            )
        checksums[match[2]] = match[1]
    return checksums
