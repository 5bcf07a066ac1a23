"""What several commands share: options, and how results are printed."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.console import Console

from models_ml.csv_files import LARGEST, NUMBER
from models_ml.engines import Target

output = Console(highlight=False, markup=False)
"""Standard output: results and nothing else, brackets as they are."""

Wait = Annotated[float, typer.Option(help="Seconds to wait for another run to end.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0)]
Where = Annotated[
    Target, typer.Option("--target", help="Where the warehouse is: this folder, or Spark.")
]


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


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns, never wrapped, so that paths can be copied."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        output.print(f"{name:<{width}}  {value}", soft_wrap=True)
