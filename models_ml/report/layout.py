"""Parts of a page, and how it is written: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from models_ml.report.chart import Chart, Figure
from models_ml.report.formats import number, signed
from models_ml.report.svg_chart import Drawing
from models_ml.runtime.files import write_file, written_or_explained


@dataclass(frozen=True)
class Tile:
    """A key figure: its name, its value and a note in small print."""

    name: str
    value: str
    note: str = ""


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
    drawings = [Drawing(figure) for figure in figures if isinstance(figure, Chart)]
    return {drawing.chart.key: drawing.readings for drawing in drawings if drawing.readings}


def drawing_of(figure: Figure) -> Drawing | None:
    """The chart of a figure that has one."""
    return Drawing(figure) if isinstance(figure, Chart) else None


def render(template: str, **values: Any) -> str:
    """Fill a template of this package; everything from the data is escaped."""
    environment = Environment(
        loader=PackageLoader("models_ml.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"signed": signed, "number": number, "drawing_of": drawing_of}
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
