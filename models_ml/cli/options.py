"""What several commands share: options, and how results are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from models_ml.errors import ReaderGoneError, ScorehouseError
from models_ml.jobs.engines import Target
from models_ml.runtime.console import console
from models_ml.warehouse.csv_files import LARGEST, NUMBER


def option(metavar: str, text: str, *names: str, **limits: Any) -> Any:
    """An option of a command.

    Args:
        metavar: What the help calls its value; empty for a flag.
        text: Help.
        names: How it is written; by default from the name of the parameter. A flag needs it, or it gets a ``--no-``.
        limits: Passed on to ``typer.Option``.
    """
    return typer.Option(*names, metavar=metavar, help=text, **limits)


Wait = Annotated[float, option("SECONDS", "How long to wait for another run to finish.", min=0)]
Seed = Annotated[int, option("N", "Seed of all random choices.", min=0)]
Sample = Annotated[int | None, option("N", "Use at most N applicants; all by default.", min=1)]
TargetOption = Annotated[
    Target,
    typer.Option("--target", help="Engine that holds the tables: the local DuckDB file, or Spark."),
]
LargestFall = Annotated[
    float | None,
    option(
        "SHARE",
        "For this call, accept a fall of up to SHARE in applicants or products, such as 0.3; "
        "by default the dbt variable largest_fall applies.",
        min=0,
        max=1,
    ),
]


def written_path(text: str) -> Path:
    """Path of something to write; a shell leaves the ~ of ``--out=~/x`` to us."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{text!r}: {error} Write the full path.") from error


def applicant_id(text: str) -> int:
    """An application number from the command line, written the way it is everywhere else.

    Raises:
        BadParameter: It is not a number in plain digits.
    """
    if not re.fullmatch(NUMBER, text) or int(text) > LARGEST:
        raise typer.BadParameter(
            f"expected a number from 0 to {LARGEST} in plain digits, found {text!r}."
        )
    return int(text)


@contextmanager
def courtesy() -> Iterator[None]:
    """For printing a summary of finished work: failing to print it does not fail the command.

    A command whose printed output is its result prints outside of this.
    """
    try:
        yield
    except ReaderGoneError:
        pass
    except (ScorehouseError, duckdb.Error) as error:
        console.print(f"warning: the work is done, but its summary could not be printed: {error}")


@courtesy()
def tell(text: str) -> None:
    """Print a summary of finished work."""
    print(text)


def aligned(rows: list[tuple[str, str]]) -> str:
    """Names and values in two columns, never wrapped, so that paths can be copied."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
