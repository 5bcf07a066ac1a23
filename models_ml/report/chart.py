"""What a figure shows: one description, drawn by `svg_chart` as a chart and by the templates as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models_ml.report.formats import percent, plain
from models_ml.report.tables import Table, Write

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """A linear axis.

    Attributes:
        label: What it shows, with its unit.
        low: Value at the start.
        high: Value at the end.
        write: Text of a tick.
        ticks: Values that are marked; round ones when left out.
        names: Names to write instead of the values, one for each tick.
    """

    label: str
    low: float
    high: float
    write: Callable[[float], str] = plain
    ticks: Sequence[float] | None = None
    names: Sequence[str] | None = None

    def marks(self) -> list[tuple[float, str]]:
        """Ticks and their texts."""
        ticks = round_ticks(self.low, self.high) if self.ticks is None else self.ticks
        return list(zip(ticks, self.names or [self.write(tick) for tick in ticks], strict=True))


def named_axis(names: Sequence[str], label: str = "") -> Axis:
    """An axis that names rows: the first is at 0, the next at 1."""
    return Axis(label, -0.5, len(names) - 0.5, ticks=range(len(names)), names=names)


def share_axis(label: str, high: float = 1.0) -> Axis:
    """An axis of shares from zero to ``high``, in percent."""
    return Axis(label, 0, high, percent)


def rounded_axis(label: str, low: float, high: float) -> Axis:
    """An axis that begins and ends at a tick, so that every value lies between two labels."""
    ticks = round_ticks(low, high)
    step = round(ticks[1] - ticks[0], 12) if len(ticks) > 1 else (high - low) or 1.0
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    return Axis(label, ticks[0], ticks[-1], ticks=ticks)


def round_ticks(low: float, high: float, n_most: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, at most ``n_most`` of them."""
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / n_most))
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < n_most:
            break
    return [round(i * step, 12) for i in range(first, last + 1)]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One mark for each row; rows without the value have none.

    Attributes:
        value: Column of the values.
        style: Class of the style sheet: colour, dashes, shape.
        name: Name in the legend; a series without one is not listed.
        where: Which rows are marked.
    """

    value: str
    style: str = "s1"
    name: str = ""
    where: Callable[[Any], bool] = lambda row: True


@dataclass(frozen=True, kw_only=True)
class Line(Series):
    """A line through the values, from ``start`` where there is one."""

    start: Point | None = None


@dataclass(frozen=True, kw_only=True)
class Dots(Series):
    """A dot at each value.

    Attributes:
        shift: Distance of the dots from the positions of their rows.
        interval: Columns of the ends of a confidence interval.
        radius: In units of the view box.
    """

    shift: float = 0.0
    interval: tuple[str, str] | None = None
    radius: float = 4.5


@dataclass(frozen=True, kw_only=True)
class Bars(Series):
    """A bar for each value.

    Attributes:
        span: Its two sides, as distances from the position of its row.
        base: Column of the value it begins at; zero where there is none.
        label: Text beyond its end.
    """

    span: tuple[float, float]
    base: str | None = None
    label: Write | None = None


@dataclass(frozen=True)
class Rule:
    """A straight line for comparison.

    Attributes:
        start: One end, x and y.
        end: The other.
        text: Written beside it.
        at: Where the text stands; the end of the line where nothing is given.
        offset: Of the text from there in units of the view box; the text runs away from the line.
        style: Class of the style sheet.
        name: Name in the legend.
    """

    start: Point
    end: Point
    text: str = ""
    at: Point | None = None
    offset: Point = (-4, -5)
    style: str = "rule"
    name: str = ""


def diagonal(text: str, high: float = 1.0) -> Rule:
    """The line on which both axes have the same value."""
    return Rule((0, 0), (high, high), text, at=(high * 0.62, high * 0.5), offset=(1, 0))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A table with its explanation.

    Attributes:
        title: What it shows.
        caption: How to read it and what to do about it.
        table: The figures.
        wide: Whether it takes the whole width of the page.
        folded: Whether the table is closed at first.
    """

    title: str
    caption: str
    table: Table
    wide: bool = False
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart(Figure):
    """A chart with its explanation, and the same figures as a table for those who cannot use the chart.

    Attributes:
        key: Identifies the chart in the page.
        description: What it shows, in a sentence, for people who do not see it.
        x: Horizontal axis.
        y: Vertical axis.
        rows: What is drawn.
        marks: Series of the rows and lines for comparison, each drawn over those before it.
        read: A row in words, for the pointer and the arrow keys.
        position: Column of the positions along the axis; the numbers of the rows where nothing is given.
        sideways: Whether rows lie below each other, the first on top, and values run to the right.
        height: Of the view box; its width follows from ``wide``.
    """

    key: str
    description: str
    x: Axis
    y: Axis
    rows: Sequence[Any]
    marks: tuple[Line | Dots | Bars | Rule, ...]
    read: Write
    position: str | None = None
    sideways: bool = False
    height: int = 320
