"""What would a cutoff do? A chart of all cutoffs and the figures behind the slider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from models_ml.report.formats import NOTHING, number, share
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Axis, Plot, share_axis


@dataclass(frozen=True)
class Simulator:
    """The cutoff simulator of the page.

    Attributes:
        figure: Chart and table of all cutoffs.
        policy: What the policy in force decides.
        positions: For each position of the slider its place in the chart, the texts to show, and a sentence.
        start: Position at which the slider starts: below it the policy in force declines.
    """

    figure: Figure
    policy: Figure
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
        Axis("Cutoff: approve from these points", low, high),
        share_axis("Share"),
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
    figure = Figure(
        title="All cutoffs",
        reading="Move right to approve fewer: each point declines some defaulters and, further right, ever more "
        "applicants who would have paid.",
        plot=plot,
        table=Table(
            ("Cutoff", "Approved", "Approval rate", "Expected bad rate", "Bad rate", "Bad rate of declined",
             "Expected loss", "Defaulters declined", "Others declined"),
            [
                (
                    str(r["cutoff"]),
                    number(r["n_approved"]),
                    share(r["approval_rate"]),
                    share(r["expected_bad_rate"], 2),
                    share(r["bad_rate"], 2),
                    share(r["bad_rate_of_declined"], 2),
                    number(r["expected_loss"], 1),
                    share(r["share_of_bad_declined"]),
                    share(r["share_of_good_declined"]),
                )
                for r in rows
            ],
        ),
        wide=True,
    )  # fmt: skip
    decisions = read(connection, "decisions")
    declined_below = min(
        (d["lowest_score"] for d in decisions if d["decision"] != "decline"), default=high
    )
    return Simulator(figure, _policy(decisions), tuple(positions), max(declined_below - low, 0))


def _policy(decisions: list[Row]) -> Figure:
    return Figure(
        title="What the policy in force decides",
        reading=f"Policy: {decisions[0]['decision_policy']}. The cutoffs are on the PD; the loss is in the unit of the "
        "exposure (EAD), over all applicants scored. Default rate: applicants the model never saw.",
        table=Table(
            (
                "Decision",
                "Applicants",
                "Share",
                "From points",
                "Mean PD",
                "Expected loss",
                "Outcome known",
                "Default rate",
            ),
            [
                (
                    d["decision"],
                    number(d["n_applicants"]),
                    share(d["share_of_applicants"]),
                    number(d["lowest_score"]),
                    share(d["mean_pd"], 2),
                    number(d["expected_loss"], 1),
                    number(d["n_known"]),
                    share(d["default_rate"], 2),
                )
                for d in decisions
            ],
        ),
        wide=True,
    )


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
