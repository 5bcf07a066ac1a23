"""A chart as SVG: axes, marks, legend and read-outs. Colours and dashes are classes that the style sheet defines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from models_ml.report.formats import percent, plain

WIDTH = 520
CHARACTER = 7.4
"""About the width of a character of the legend, in units of the view box."""

WIDE_CHARACTER = 8.2
"""The same of the larger type on small screens."""

THINNEST = 3
"""Shortest side of a bar, in units of the view box: its outline takes one."""

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


def rows_axis(names: Sequence[str]) -> Axis:
    """A vertical axis that names rows, the first on top."""
    return Axis("", -0.5, len(names) - 0.5, ticks=range(len(names)), names=names)


def share_axis(label: str, high: float = 1.0) -> Axis:
    """An axis of shares from nothing to ``high``, in percent."""
    return Axis(label, 0, high, percent)


def rounded_axis(label: str, low: float, high: float) -> Axis:
    """An axis that begins and ends at a tick, so that nothing lies beyond the numbers that are written."""
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


@dataclass
class Plot:
    """A chart under construction, with read-outs for the pointer and the arrow keys.

    Attributes:
        key: Identifies the chart in the page.
        title: What the chart is, for people who do not see it.
        description: What it shows, in a sentence, for the same.
        x: Horizontal axis.
        y: Vertical axis.
        width: Width of the view box; the page scales it.
        height: Height of the view box.
        left: Room for the texts of the vertical axis; that of the longest name where it names rows.
        rows: Whether the vertical axis names rows, the first on top, instead of values.
    """

    key: str
    title: str
    description: str
    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = 320
    left: int = 62
    rows: bool = False
    readings: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.top, self.right, self.bottom = 34, 26, 48
        if self.rows:
            longest = max(len(name) for _, name in self.y.marks())
            self.left = round(WIDE_CHARACTER * longest) + 16
        self.svg = Element(
            "svg",
            {
                "viewBox": f"0 0 {self.width} {self.height}",
                "role": "img",
                "aria-labelledby": f"{self.key}-title {self.key}-description",
            },
        )
        SubElement(self.svg, "title", id=f"{self.key}-title").text = self.title
        SubElement(self.svg, "desc", id=f"{self.key}-description").text = self.description
        self._legend_end = float(self.left)
        self._draw_axes()

    def at(self, x: float, y: float) -> Point:
        """Place of a value in the view box."""
        inner_width = self.width - self.left - self.right
        inner_height = self.height - self.top - self.bottom
        across = (x - self.x.low) / ((self.x.high - self.x.low) or 1)
        up = (y - self.y.low) / ((self.y.high - self.y.low) or 1)
        if self.rows:
            up = 1 - up
        return (
            round(self.left + across * inner_width, 1),
            round(self.top + (1 - up) * inner_height, 1),
        )

    def line(self, points: Sequence[Point], style: str, name: str | None = None) -> None:
        """A line through points."""
        path = "M" + "L".join(f"{x} {y}" for x, y in (self.at(*point) for point in points))
        SubElement(self.svg, "path", {"d": path, "class": f"line {style}"})
        if name is not None:
            self._legend(name, "line", style)

    def bar(self, start: Point, end: Point, style: str, note: str = "") -> None:
        """A filled rectangle between two opposite corners."""
        (x1, y1), (x2, y2) = self.at(*start), self.at(*end)
        # What is more than nothing is seen, away from the side it starts at.
        if start[0] != end[0] and abs(x2 - x1) < THINNEST:
            x2 = x1 + math.copysign(THINNEST, end[0] - start[0])
        if start[1] != end[1] and abs(y2 - y1) < THINNEST:
            y2 = y1 + math.copysign(THINNEST, (start[1] - end[1]) * (-1 if self.rows else 1))
        corner = {"x": min(x1, x2), "y": min(y1, y2)}
        size = {"width": abs(x2 - x1), "height": abs(y2 - y1)}
        mark = self._mark("rect", corner | size, f"fill {style}")
        _note(mark, note)

    def dot(self, point: Point, style: str, note: str = "", radius: float = 4.5) -> None:
        """A dot, or the shape that belongs to the style: shapes tell series apart without colour."""
        _note(self._symbol(self.at(*point), style, radius), note)

    def interval(self, start: Point, end: Point, style: str) -> None:
        """A straight line between two points, such as a confidence interval."""
        (x1, y1), (x2, y2) = self.at(*start), self.at(*end)
        self._mark("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2}, f"line {style}")

    def rule(self, name: str, start: Point, end: Point, anchor: str = "end") -> None:
        """A reference line with its name above its end."""
        self.interval(start, end, "rule")
        x, y = self.at(*end)
        self.label(name, (x - 4 if anchor == "end" else x + 4, y - 5), anchor)

    def pointer(self, x: float, text: str) -> None:
        """A value that stands out: a line from foot to top over everything drawn before, with its text beside it."""
        self.interval((x, self.y.low), (x, self.y.high), "pointer")
        place, top = self.at(x, self.y.high)
        near_end = place > self.width - self.right - CHARACTER * len(text)
        self.label(
            text,
            (place + (-6 if near_end else 6), top + 10),
            "end" if near_end else "start",
            "strong",
        )

    def label(self, text: str, place: Point, anchor: str = "start", style: str = "muted") -> None:
        """A text at a place of the view box."""
        self._text(text, place, anchor, style)

    def legend(self, name: str, mark: str, style: str) -> None:
        """Name a series whose marks were drawn one by one."""
        self._legend(name, mark, style)

    def read(self, x: float, text: str) -> None:
        """What the read-out says at a value of the horizontal axis."""
        self.readings.append({"x": self.at(x, self.y.low)[0], "text": text})

    def markup(self) -> Markup:
        """The chart for the page."""
        if self.readings:
            self.svg.set("tabindex", "0")
            self.svg.set("data-readings", self.key)
            ends: dict[str, float] = {
                "y1": self.top,
                "y2": self.height - self.bottom,
                "x1": -9,
                "x2": -9,
            }
            self._mark("line", ends, "cursor")
        return Markup(tostring(self.svg, encoding="unicode"))  # noqa: S704  ElementTree escapes

    def _draw_axes(self) -> None:
        across, up = self.x.marks(), self.y.marks()
        for value, name in up:
            x, y = self.at(self.x.low, value)
            if not self.rows:
                self._mark(
                    "line", {"x1": x, "y1": y, "x2": self.width - self.right, "y2": y}, "grid"
                )
            self._text(name, (x - 8, y + 4), "end", "tick")
        foot = self.height - self.bottom
        for value, name in across:
            x, _ = self.at(value, self.y.low)
            if self.rows:
                self._mark("line", {"x1": x, "y1": self.top, "x2": x, "y2": foot}, "grid")
            self._text(name, (x, foot + 18), "middle", "tick")
        self._text(
            self.x.label,
            ((self.left + self.width - self.right) / 2, self.height - 8),
            "middle",
            "axis",
        )
        if not self.rows and self.y.label:
            middle = (self.top + foot) / 2
            place = self._text(self.y.label, (14, middle), "middle", "axis")
            place.set("transform", f"rotate(-90 14 {middle})")

    def _legend(self, name: str, mark: str, style: str) -> None:
        x, y = self._legend_end, 14
        if mark == "line":
            self._mark("line", {"x1": x, "y1": y, "x2": x + 24, "y2": y}, f"line {style}")
        elif mark == "dot":
            self._symbol((x + 12, y), style, 5)
        else:
            self._mark("rect", {"x": x + 6, "y": y - 6, "width": 12, "height": 12}, f"fill {style}")
        self._text(name, (x + 30, y + 4), "start", "legend")
        self._legend_end += 46 + CHARACTER * len(name)

    def _symbol(self, place: Point, style: str, radius: float) -> Element:
        x, y = place
        if style != "s2":
            return self._mark("circle", {"cx": x, "cy": y, "r": radius}, f"fill dot {style}")
        r = radius * 1.25
        diamond = f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z"
        return SubElement(self.svg, "path", {"d": diamond, "class": f"fill dot {style}"})

    def _mark(self, tag: str, numbers: dict[str, float], style: str) -> Element:
        places = {name: f"{value:g}" for name, value in numbers.items()}
        return SubElement(self.svg, tag, {**places, "class": style})

    def _text(self, text: str, place: Point, anchor: str, style: str) -> Element:
        x, y = (f"{value:g}" for value in place)
        element = SubElement(
            self.svg, "text", {"x": x, "y": y, "text-anchor": anchor, "class": style}
        )
        element.text = text
        return element


def _note(mark: Element, note: str) -> None:
    """Text that a browser shows when the pointer rests on a mark."""
    if note:
        SubElement(mark, "title").text = note
