"""What would a cutoff do? A chart of all cutoffs and the figures behind the slider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from models_ml.report.chart import Axis, Chart, Figure, Line, share_axis
from models_ml.report.formats import NOTHING, number, share
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Drawing
from models_ml.report.tables import Table, numbers, shares, words

CUTOFFS = (
    words("Cutoff", "cutoff"),
    numbers("Approved", "n_approved"),
    shares("Approval rate", "approval_rate"),
    shares("Expected bad rate", "expected_bad_rate", 2),
    shares("Bad rate", "bad_rate", 2),
    shares("Bad rate of declined", "bad_rate_of_declined", 2),
    numbers("Expected loss", "expected_loss", 1),
    shares("Defaulters declined", "share_of_bad_declined"),
    shares("Others declined", "share_of_good_declined"),
)
DECISIONS = (
    words("Decision", "decision"),
    numbers("Applicants", "n_applicants"),
    shares("Share", "share_of_applicants"),
    numbers("From points", "lowest_score"),
    shares("Mean PD", "mean_pd", 2),
    numbers("Expected loss", "expected_loss", 1),
    numbers("Outcome known", "n_known"),
    shares("Default rate", "default_rate", 2),
)


@dataclass(frozen=True)
class Simulator:
    """The cutoff simulator of the page.

    Attributes:
        figure: Chart and table of all cutoffs.
        policy: What the policy in force decides.
        positions: For each position of the slider its place in the chart, the texts to show, and a sentence.
        start: Position at which the slider starts: below it the policy in force declines.
    """

    figure: Chart
    policy: Figure
    positions: tuple[dict[str, Any], ...]
    start: int


def read_simulator(connection: duckdb.DuckDBPyConnection) -> Simulator:
    """Read what each cutoff would have done to the out-of-time applicants."""
    rows = read(connection, "cutoffs")
    low, high = rows[0]["cutoff"], rows[-1]["cutoff"]
    chart = Chart(
        key="cutoffs",
        title="All cutoffs",
        caption="Move right to approve fewer: each point declines some more defaulters, at the price of more and more "
        "applicants who would have paid.",
        description="Share approved, share of defaulters declined and share of others declined, for every cutoff.",
        x=Axis("Cutoff: approve from these points", low, high),
        y=share_axis("Share"),
        height=300,
        rows=rows,
        position="cutoff",
        marks=(
            Line(value="approval_rate", name="approved"),
            Line(value="share_of_bad_declined", name="defaulters declined", style="s2"),
            Line(value="share_of_good_declined", name="others declined", style="s3"),
        ),
        read=lambda r: f"Cutoff {_in_words(r)}",
        table=Table(CUTOFFS, rows),
        wide=True,
    )
    positions = [
        {"x": place["x"], "shown": _shown(r), "words": _in_words(r)}
        for place, r in zip(Drawing(chart).readings, rows, strict=True)
    ]
    decisions = read(connection, "decisions")
    declined_below = min(
        (d["lowest_score"] for d in decisions if d["decision"] != "decline"), default=high
    )
    return Simulator(chart, _policy(decisions), tuple(positions), max(declined_below - low, 0))


def _policy(decisions: list[Row]) -> Figure:
    return Figure(
        title="What the policy in force decides",
        caption=f"Policy: {decisions[0]['decision_policy']}. The cutoffs apply to the PD; the loss is in the unit of "
        "the exposure (EAD), over all applicants scored. Default rate: applicants the model has never seen.",
        table=Table(DECISIONS, decisions),
        wide=True,
    )


def _in_words(r: Row) -> str:
    shown = _shown(r)
    return f"{shown['points']} points: {shown['approved']} approved, {shown['bad']} of them default"


def _shown(r: Row) -> dict[str, str]:
    """Texts of the page by the name of their place."""
    return {
        "points": number(r["cutoff"]),
        "approved": share(r["approval_rate"]),
        "n-approved": f"{number(r['n_approved'])} of {number(r['n_applicants'])} applicants",
        "bad": share(r["bad_rate"], 2) if r["n_known_approved"] else NOTHING,
        "expected-bad": f"expected {share(r['expected_bad_rate'], 2)}",
        "loss": number(r["expected_loss"], 1),
        "loss-each": f"{number(r['expected_loss'] / r['n_approved'], 4)} for each approved"
        if r["n_approved"]
        else NOTHING,
        "bad-declined": share(r["share_of_bad_declined"]),
        "good-declined": share(r["share_of_good_declined"]),
    }
