"""What a page is made of, and how it is written: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from models_ml.report.formats import between, number, share, signed
from models_ml.report.svg_chart import Plot
from models_ml.runtime.files import write_file, written_or_explained


@dataclass(frozen=True)
class Table:
    """Rows of a table, written out.

    Attributes:
        header: Names of the columns.
        rows: Cells, one for each name.
        n_words: Columns from the left that hold words; those after them hold figures and are aligned to the right.
    """

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    n_words: int = 1


@dataclass(frozen=True)
class Tile:
    """A key figure: its name, its value and a note in small print."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart with its explanation, and the same figures as a table for those who cannot use the chart.

    Attributes:
        title: What it shows.
        reading: How to read it and what to do about it.
        table: The figures.
        plot: The chart; None when the table alone says it best.
        wide: Whether it takes the whole width of the page.
        folded: Whether a table without a chart is closed at first.
    """

    title: str
    reading: str
    table: Table
    plot: Plot | None = None
    wide: bool = False
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """Figures that answer one question.

    Attributes:
        key: Anchor in the page.
        title: Its name in the table of contents.
        about: Whom the figures are about, and the question they answer.
        figures: Charts and tables.
    """

    key: str
    title: str
    about: str
    figures: tuple[Figure, ...]


def figure_readings(figures: Sequence[Figure]) -> dict[str, Any]:
    """Read-outs of all charts by the key of the chart."""
    plots = [figure.plot for figure in figures]
    return {plot.key: plot.readings for plot in plots if plot is not None and plot.readings}


def render(template: str, **values: Any) -> str:
    """Fill a template of this package; everything from the data is escaped."""
    environment = Environment(
        loader=PackageLoader("models_ml.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"signed": signed, "number": number, "share": share, "between": between}
    return environment.get_template(template).render(**values)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OutputError: The folder cannot be written; a file that was there before is untouched.
    """
    remedy = "Name another folder with: scorehouse report --out FOLDER"
    with written_or_explained(path.parent, remedy):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content, remedy)
