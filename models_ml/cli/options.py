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

Wait = Annotated[
    float,
    typer.Option(
        help="How long to wait for another run to finish; by default, not at all.",
        show_default=False,
        min=0,
        metavar="SECONDS",
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of all random choices.", min=0, metavar="N")]
Sample = Annotated[
    int | None,
    typer.Option(help="Use at most N applicants; all by default.", min=1, metavar="N"),
]
TargetOption = Annotated[
    Target,
    typer.Option("--target", help="Engine that holds the tables: the local DuckDB file, or Spark."),
]
LargestFall = Annotated[
    float | None,
    typer.Option(
        help="For this call, accept a fall of up to SHARE in applicants or products, such as 0.3; "
        "by default the dbt variable largest_fall applies.",
        min=0,
        max=1,
        metavar="SHARE",
    ),
]


def flag(name: str, text: str) -> Any:
    """An option that is given or not, without a value."""
    return typer.Option(name, help=text, metavar="")


def written_to(metavar: str, text: str, *names: str) -> Any:
    """An option that names a file or folder to write."""
    return typer.Option(*names, help=text, parser=written_path, metavar=metavar)


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
