"""Links in the raw folder: a delivery may stay where it is."""

from __future__ import annotations

from pathlib import Path

from models_ml.errors import InputDataError

RAW_FILES = "train_"
"""What the names of raw files begin with, in any case."""


def linked_files(raw: Path) -> list[Path]:
    """Files and folders elsewhere that raw files are links to.

    Args:
        raw: The raw folder; it need not exist.

    Raises:
        InputDataError: A link is broken.
    """
    found = []
    for link in sorted(raw.glob("*")):
        if not (link.is_symlink() and link.name.lower().startswith(RAW_FILES)):
            continue
        try:
            found.append(link.resolve(strict=True))
        except (
            OSError,
            RuntimeError,
        ) as error:  # RuntimeError: links in a circle, before Python 3.13
            raise InputDataError(
                f"{link.name} in {raw} is a link to {link.readlink()}, which cannot be reached; expected a file. "
                "Deliver the file, or remove the link."
            ) from error
    return found
