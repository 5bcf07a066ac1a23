"""How does cost grow with the number of rows? One log-log chart per question, from the existing results.

Takes every question of ``benchmarks/results`` that was measured at two sizes or more, writes ``growth_<question>.png``
next to the results, and reports the power of the rows with which each contender's time grew, and what that means for
100 million.

    python benchmarks/growth.py
"""

from __future__ import annotations

import json
import re
from collections import defaultdict

import matplotlib as mpl
import numpy as np
from harness import LATEST, RESULTS, Row

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

FAR = 100_000_000
"""Rows to look ahead to."""


def measured() -> dict[str, dict[str, list[Row]]]:
    """Rows by question and contender, ascending in size; contenders of one size are left out."""
    rows = [Row(**values) for values in json.loads((RESULTS / f"{LATEST}.json").read_text())]
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: row.rows):
        found[row.question][row.contender].append(row)
    grown = {
        question: {name: rows for name, rows in contenders.items() if len(rows) > 1}
        for question, contenders in found.items()
    }
    return {question: contenders for question, contenders in grown.items() if contenders}


def power(rows: list[Row]) -> float:
    """Exponent of the growth between the two largest sizes: 1 is proportional, 0 does not grow."""
    before, last = rows[-2:]
    return float(np.log(last.seconds / before.seconds) / np.log(last.rows / before.rows))


def draw(question: str, contenders: dict[str, list[Row]]) -> str:
    """Draw one question and return the name of the file."""
    panels = {"seconds": "seconds"}
    if all(row.peak_mb for rows in contenders.values() for row in rows):
        panels["peak_mb"] = "peak memory, MB"
    figure, grid = plt.subplots(
        1, len(panels), figsize=(5.5 * len(panels), 4.2), constrained_layout=True, squeeze=False
    )
    for axes, (field, label) in zip(grid[0], panels.items(), strict=True):
        for name, rows in contenders.items():
            values = [getattr(row, field) for row in rows]
            axes.plot([row.rows for row in rows], values, marker="o", label=name)
        axes.set(xscale="log", yscale="log", xlabel=question, ylabel=label)
        axes.grid(visible=True, alpha=0.3)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(EngFormatter(sep=""))
            axis.set_minor_locator(NullLocator())
    grid[0][0].legend(fontsize=8)
    name = f"growth_{re.sub('[^a-z0-9]+', '_', question.lower()).strip('_')}.png"
    figure.savefig(RESULTS / name, dpi=110, metadata={"Software": None})
    plt.close(figure)
    return name


def main() -> None:
    """Draw the charts and print the growth rates."""
    lines = [
        "| question | contender | sizes | grows as | seconds at the largest | at 100 million, if it goes on so |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for question, contenders in measured().items():
        print(draw(question, contenders))
        for name, rows in contenders.items():
            exponent, last = power(rows), rows[-1]
            far = last.seconds * (FAR / last.rows) ** max(exponent, 1.0)
            sizes = ", ".join(f"{row.rows:,}" for row in rows)
            lines.append(
                f"| {question} | {name} | {sizes} | rows^{exponent:.2f} | {last.seconds:.1f} | {far / 3600:.1f} h |"
            )
    text = "\n".join([*lines, ""])
    print(text)
    (RESULTS / "growth.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
