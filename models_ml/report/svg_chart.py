"""A chart as SVG: axes, marks, legend and read-outs. Colours and dashes are classes that the style sheet defines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from models_ml.report.chart import Bars, Chart, Dots, Line, Point, Rule, Series

WIDTH, FULL_WIDTH = 520, 1060
"""Of the view box, for half and for the whole width of the page, which scales it."""

TOP, RIGHT, BOTTOM, LEFT = 34, 26, 48, 62
"""Space around the marks; that on the left grows with the names of rows."""

CHARACTER = 7.4
"""Approximate width of a character of the legend, in units of the view box."""

WIDE_CHARACTER = 8.2
"""The same of the larger type on small screens."""

KEYS = {Line: "line", Rule: "line", Dots: "dot", Bars: "fill"}
"""What stands before the name in the legend."""

THINNEST = 3
"""Shortest side of a bar, in units of the view box: its outline takes one."""


class Drawing:
    """A chart, drawn.

    Attributes:
        chart: What is drawn.
        svg: The picture.
        readings: Place and text of each read-out for the pointer and the arrow keys.
    """

    def __init__(self, chart: Chart) -> None:
        """Draw a chart."""
        self.chart = chart
        self.width, self.height = FULL_WIDTH if chart.wide else WIDTH, chart.height
        self.left, self.top, self.right, self.bottom = LEFT, TOP, RIGHT, BOTTOM
        if chart.sideways:
            longest = max(len(name) for _, name in chart.y.marks())
            self.left = round(WIDE_CHARACTER * longest) + 16
        self.svg = Element(
            "svg",
            {
                "viewBox": f"0 0 {self.width} {self.height}",
                "role": "img",
                "aria-labelledby": f"{chart.key}-title {chart.key}-description",
            },
        )
        SubElement(self.svg, "title", id=f"{chart.key}-title").text = chart.title
        SubElement(self.svg, "desc", id=f"{chart.key}-description").text = chart.description
        self._legend_end = float(self.left)
        self._draw_axes()
        for mark in chart.marks:
            self._legend(mark.name, KEYS[type(mark)], mark.style)
        for mark in chart.marks:
            self._draw(mark)
        self.readings: list[dict[str, Any]] = []
        if not chart.sideways:
            self._add_readings()

    def at(self, x: float, y: float) -> Point:
        """Place of a value in the view box."""
        across, up = self.chart.x, self.chart.y
        right = (x - across.low) / ((across.high - across.low) or 1)
        down = (up.high - y) / ((up.high - up.low) or 1)
        if self.chart.sideways:
            down = 1 - down
        return (
            round(self.left + right * (self.width - self.left - self.right), 1),
            round(self.top + down * (self.height - self.top - self.bottom), 1),
        )

    def markup(self) -> Markup:
        """The chart for the page."""
        return Markup(tostring(self.svg, encoding="unicode"))  # noqa: S704  ElementTree escapes

    def _add_readings(self) -> None:
        chart = self.chart
        for position, row in self._positions():
            place, _ = self.at(position, chart.y.low)
            self.readings.append({"x": place, "text": chart.read(row)})
        self.svg.set("tabindex", "0")
        self.svg.set("data-readings", chart.key)
        self._line((-9, self.top), (-9, self.height - self.bottom), "cursor")

    def _positions(self) -> Iterator[tuple[float, Any]]:
        column = self.chart.position
        for i, row in enumerate(self.chart.rows):
            yield (i if column is None else row[column]), row

    def _draw(self, mark: Line | Dots | Bars | Rule) -> None:
        if isinstance(mark, Rule):
            self._rule(mark)
        elif isinstance(mark, Line):
            self._curve(mark)
        else:
            for position, row in self._marked(mark):
                if isinstance(mark, Dots):
                    self._dot(mark, position, row)
                else:
                    self._bar(mark, position, row)

    def _marked(self, series: Series) -> Iterator[tuple[float, Any]]:
        for position, row in self._positions():
            if row[series.value] is not None and series.where(row):
                yield position, row

    def _place(self, position: float, value: float) -> Point:
        return self.at(value, position) if self.chart.sideways else self.at(position, value)

    def _curve(self, line: Line) -> None:
        points = [self._place(position, row[line.value]) for position, row in self._marked(line)]
        if line.start is not None:
            points.insert(0, self.at(*line.start))
        path = "M" + "L".join(f"{x} {y}" for x, y in points)
        SubElement(self.svg, "path", {"d": path, "class": f"line {line.style}"})

    def _dot(self, dots: Dots, position: float, row: Any) -> None:
        place = position + dots.shift
        if dots.interval is not None:
            low, high = (row[column] for column in dots.interval)
            if low is not None:
                self._line(
                    self._place(place, low), self._place(place, high), f"line thin {dots.style}"
                )
        dot = self._symbol(self._place(place, row[dots.value]), dots.style, dots.radius)
        SubElement(dot, "title").text = self.chart.read(row)

    def _bar(self, bars: Bars, position: float, row: Any) -> None:
        value, base = row[bars.value], row[bars.base] if bars.base else 0
        first, last = (position + side for side in bars.span)
        (x1, y1), (x2, y2) = self._place(first, base), self._place(last, value)
        # A value other than the base is always visible.
        if value != base and self.chart.sideways and abs(x2 - x1) < THINNEST:
            x2 = x1 + math.copysign(THINNEST, value - base)
        if value != base and not self.chart.sideways and abs(y2 - y1) < THINNEST:
            y2 = y1 + math.copysign(THINNEST, base - value)
        corner = {"x": min(x1, x2), "y": min(y1, y2)}
        size = {"width": abs(x2 - x1), "height": abs(y2 - y1)}
        bar = self._mark("rect", corner | size, f"fill {bars.style}")
        SubElement(bar, "title").text = self.chart.read(row)
        if bars.label is not None:
            end, middle = self._place(position, value)
            side, anchor = (6, "start") if value > base else (-6, "end")
            self._text(bars.label(row), (end + side, middle + 4), anchor, "strong")

    def _rule(self, rule: Rule) -> None:
        self._line(self.at(*rule.start), self.at(*rule.end), f"line {rule.style}")
        if not rule.text:
            return
        x, y = self.at(*(rule.at or rule.end))
        across, down = rule.offset
        if across > 0 and x > self.width - self.right - CHARACTER * len(rule.text):
            across = -across
        anchor = "middle" if not across else "start" if across > 0 else "end"
        style = "muted" if rule.style == "rule" else "strong"
        self._text(rule.text, (x + across, y + down), anchor, style)

    def _draw_axes(self) -> None:
        chart, end, foot = self.chart, self.width - self.right, self.height - self.bottom
        for value, name in chart.y.marks():
            x, y = self.at(chart.x.low, value)
            if not chart.sideways:
                self._line((x, y), (end, y), "grid")
            self._text(name, (x - 8, y + 4), "end", "tick")
        for value, name in chart.x.marks():
            x, _ = self.at(value, chart.y.low)
            if chart.sideways:
                self._line((x, self.top), (x, foot), "grid")
            self._text(name, (x, foot + 18), "middle", "tick")
        self._text(chart.x.label, ((self.left + end) / 2, self.height - 8), "middle", "axis")
        if chart.y.label:
            middle = (self.top + foot) / 2
            label = self._text(chart.y.label, (14, middle), "middle", "axis")
            label.set("transform", f"rotate(-90 14 {middle})")

    def _legend(self, name: str, mark: str, style: str) -> None:
        if not name:
            return
        x, y = self._legend_end, 14
        if mark == "line":
            self._line((x, y), (x + 24, y), f"line {style}")
        elif mark == "dot":
            self._symbol((x + 12, y), style, 5)
        else:
            self._mark("rect", {"x": x + 6, "y": y - 6, "width": 12, "height": 12}, f"fill {style}")
        self._text(name, (x + 30, y + 4), "start", "legend")
        self._legend_end += 46 + CHARACTER * len(name)

    def _symbol(self, place: Point, style: str, radius: float) -> Element:
        """A dot, or the shape of the style: shapes tell series apart without colour."""
        x, y = place
        if style != "s2":
            return self._mark("circle", {"cx": x, "cy": y, "r": radius}, f"fill dot {style}")
        r = radius * 1.25
        diamond = f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z"
        return SubElement(self.svg, "path", {"d": diamond, "class": f"fill dot {style}"})

    def _line(self, start: Point, end: Point, style: str) -> None:
        (x1, y1), (x2, y2) = start, end
        self._mark("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2}, style)

    def _mark(self, tag: str, places: dict[str, float], style: str) -> Element:
        texts = {name: f"{value:g}" for name, value in places.items()}
        return SubElement(self.svg, tag, {**texts, "class": style})

    def _text(self, text: str, place: Point, anchor: str, style: str) -> Element:
        x, y = (f"{value:g}" for value in place)
        element = SubElement(
            self.svg, "text", {"x": x, "y": y, "text-anchor": anchor, "class": style}
        )
        element.text = text
        return element
