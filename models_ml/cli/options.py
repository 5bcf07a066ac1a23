"""What several commands share: options, and how results are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from models_ml.errors import ReaderGoneError, ScorehouseError
from models_ml.jobs.engines import Target
from models_ml.runtime.console import console
from models_ml.warehouse.csv_files import LARGEST, NUMBER

Wait = Annotated[float, typer.Option(help="Seconds to wait for another run to end.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0)]
Where = Annotated[
    Target, typer.Option("--target", help="Where the warehouse is: this folder, or Spark.")
]

LargestFall = Annotated[
    float | None,
    typer.Option(
        help="Publish once although applicants or products fell by up to this share, for example 0.3; otherwise the "
        "var largest_fall decides.",
        min=0,
        max=1,
    ),
]


@contextmanager
def courtesy() -> Iterator[None]:
    """What is printed inside tells of work that is done: it still counts when nobody can be told.

    What a command prints outside is its result, without which it has failed.
    """
    try:
        yield
    except ReaderGoneError:
        pass
    except (ScorehouseError, duckdb.Error) as error:
        console.print(f"warning: the work is done, but the summary is lost: {error}")


def applicant_id(text: str) -> int:
    """An application number from the command line, spelled as everywhere else.

    Raises:
        BadParameter: It is no number in plain digits.
    """
    if not re.fullmatch(NUMBER, text) or int(text) > LARGEST:
        raise typer.BadParameter(
            f"expected a number from 0 to {LARGEST} in plain digits, found {text!r}."
        )
    return int(text)


def written_path(text: str) -> Path:
    """Path of something to write; a shell leaves the ~ of ``--out=~/x`` to us."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{text!r}: {error} Write the whole path.") from error


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns, never wrapped, so that paths can be copied."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
