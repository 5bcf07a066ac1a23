"""What would a cutoff do? A chart of all cutoffs and the figures behind the slider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from models_ml.report.page import Figure, Table
from models_ml.report.plot import Axis, Plot
from models_ml.report.reading import Row, read
from models_ml.report.words import NOTHING, number, share


@dataclass(frozen=True)
class Simulator:
    """The cutoff simulator of the page.

    Attributes:
        figure: Chart and table of all cutoffs.
        positions: For each position of the slider its place in the chart, the texts to show, and a sentence.
        start: Position at which the slider starts: the cutoff that separates the two groups most.
    """

    figure: Figure
    positions: tuple[dict[str, Any], ...]
    start: int


def read_simulator(connection: duckdb.DuckDBPyConnection) -> Simulator:
    """Read what each cutoff would have done to the out-of-time applicants."""
    rows = read(connection, "cutoffs")
    low, high = rows[0]["cutoff"], rows[-1]["cutoff"]
    plot = Plot(
        "cutoffs",
        "Approval rate and shares declined, by cutoff",
        "Share approved, share of defaulters declined and share of others declined, for every cutoff.",
        Axis("Cutoff: approve from these points", low, high, number),
        Axis("Share", 0, 1, lambda value: share(value, 0), [i / 5 for i in range(6)]),
        width=1060,
        height=300,
    )
    plot.line([(r["cutoff"], r["approval_rate"]) for r in rows], "s1", "approved")
    plot.line(
        [(r["cutoff"], r["share_of_bad_declined"]) for r in rows], "s2", "defaulters declined"
    )
    plot.line([(r["cutoff"], r["share_of_good_declined"]) for r in rows], "s3", "others declined")
    positions = []
    for r in rows:
        shown = _shown(r)
        words = f"{shown['points']} points: {shown['approved']} approved, {shown['bad']} of them default"
        positions.append({"x": plot.at(r["cutoff"], 0)[0], "shown": shown, "words": words})
        plot.read(r["cutoff"], f"Cutoff {words}")
    gaps = [r["share_of_bad_declined"] - r["share_of_good_declined"] for r in rows]
    figure = Figure(
        title="All cutoffs",
        reading="Move right to approve fewer: each point declines some defaulters and, further right, ever more "
        "applicants who would have paid.",
        plot=plot,
        table=Table(
            ("Cutoff", "Approved", "Approval rate", "Expected bad rate", "Bad rate", "Bad rate of declined",
             "Defaulters declined", "Others declined"),
            [
                (
                    str(r["cutoff"]),
                    number(r["n_approved"]),
                    share(r["approval_rate"]),
                    share(r["expected_bad_rate"], 2),
                    share(r["bad_rate"], 2),
                    share(r["bad_rate_of_declined"], 2),
                    share(r["share_of_bad_declined"]),
                    share(r["share_of_good_declined"]),
                )
                for r in rows
            ],
        ),
        wide=True,
    )  # fmt: skip
    return Simulator(figure, tuple(positions), gaps.index(max(gaps)))


def _shown(r: Row) -> dict[str, str]:
    """Texts of the page by the name of their place."""
    return {
        "points": number(r["cutoff"]),
        "approved": share(r["approval_rate"]),
        "n-approved": f"{number(r['n_approved'])} of {number(r['n_applicants'])} applicants",
        "bad": share(r["bad_rate"], 2) if r["n_known_approved"] else NOTHING,
        "expected-bad": f"expected {share(r['expected_bad_rate'], 2)}",
        "bad-declined": share(r["share_of_bad_declined"]),
        "good-declined": share(r["share_of_good_declined"]),
    }
