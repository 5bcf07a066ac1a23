"""Does the score put defaulters below others? ROC curve, KS curve, scores by outcome."""

from __future__ import annotations

import duckdb

from models_ml.report.chart import Axis, Bars, Chart, Line, Rule, diagonal, share_axis
from models_ml.report.formats import number, share
from models_ml.report.queries import Row, read
from models_ml.report.tables import Column, Table, numbers, shares, words

N_POINTS = 240
"""Approximate number of points of a curve; the largest gap is always one of them."""

N_BINS = 24
"""Most bins of scores."""

BIN_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
N_TABLE_ROWS = 20

SEPARATION = (
    shares("Declined from PD", "pd", 2),
    numbers("Points", "score"),
    shares("Applicants", "share_of_applicants"),
    shares("Defaulters", "share_of_defaulters"),
    shares("Others", "share_of_others"),
    Column("Gap", lambda p: number(p["share_of_defaulters"] - p["share_of_others"], 3)),
)
OUTCOMES = (
    words("Points", "points"),
    numbers("Others", "n_others"),
    numbers("Defaulters", "n_defaulted"),
    shares("Share of others", "share_of_others"),
    shares("Share of defaulters", "share_of_defaulters"),
    shares("Default rate", "default_rate"),
)


def separation_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Chart, Chart]:
    """ROC curve and KS curve of the out-of-time applicants, from one walk down the scores."""
    points = read(connection, "separation", n_points=N_POINTS)
    step = max(len(points) // N_TABLE_ROWS, 1)
    shown = [p for i, p in enumerate(points) if (i + 1) % step == 0 or p["is_largest_gap"]]
    table = Table(SEPARATION, shown)
    return _roc(points, table), _ks(points, table)


def bin_width(connection: duckdb.DuckDBPyConnection) -> int:
    """Points in one bin, so that all scores fit into `N_BINS`."""
    (totals,) = read(connection, "totals")
    spread = totals["highest_score"] - totals["lowest_score"]
    return next(width for width in BIN_WIDTHS if spread // width < N_BINS)


def distribution_figure(connection: duckdb.DuckDBPyConnection) -> Chart:
    """Scores of defaulters and of others, each as shares of their own number."""
    width = bin_width(connection)
    bins = read(connection, "scores_by_outcome", width=width)
    top = max(max(b["share_of_defaulters"], b["share_of_others"]) for b in bins)
    return Chart(
        key="distribution",
        title="Scores of defaulters and of others",
        caption="Each group adds up to 100 %. The further apart the two shapes, the more a cutoff can achieve.",
        description="Share of defaulters and share of others in each bin of points.",
        x=Axis("Points (higher = safer)", bins[0]["points_from"], bins[-1]["points_from"] + width),
        y=share_axis("Share of the group", top * 1.08),
        rows=bins,
        position="middle",
        marks=(
            Bars(value="share_of_others", name="did not default", span=(-width * 0.42, 0)),
            Bars(value="share_of_defaulters", name="defaulted", span=(0, width * 0.42), style="s2"),
        ),
        read=lambda b: (
            f"{b['points']} points: {share(b['share_of_others'])} of others, "
            f"{share(b['share_of_defaulters'])} of defaulters; default rate {share(b['default_rate'])}"
        ),
        table=Table(OUTCOMES, bins),
    )


def _roc(points: list[Row], table: Table) -> Chart:
    return Chart(
        key="roc",
        title="ROC curve",
        caption="The area under the curve is the AUC: the chance that a defaulter scores below an applicant who pays. "
        "A score without information would follow the diagonal.",
        description="Share of defaulters declined against share of others declined, for every cutoff.",
        x=share_axis("Others declined"),
        y=share_axis("Defaulters declined"),
        rows=points,
        position="share_of_others",
        marks=(
            diagonal("by chance"),
            Line(value="share_of_defaulters", name="this model", start=(0, 0)),
        ),
        read=lambda p: (
            f"Decline below {p['score']} points: {share(p['share_of_defaulters'])} of defaulters and "
            f"{share(p['share_of_others'])} of others are declined"
        ),
        table=table,
    )


def _ks(points: list[Row], table: Table) -> Chart:
    scores = [p["score"] for p in points]
    widest = next(p for p in points if p["is_largest_gap"])
    foot = widest["score"], widest["share_of_others"]
    head = widest["score"], widest["share_of_defaulters"]
    gap = f"KS {number(abs(head[1] - foot[1]), 3)}"
    return Chart(
        key="ks",
        title=f"{gap}, at {widest['score']} points",
        caption="The largest distance between the two curves. A cutoff at that score separates the two groups best, "
        "but need not be the most profitable one.",
        description="Share of defaulters and of others at or below each score; the largest gap is the KS.",
        x=Axis("Points (higher = safer)", min(scores), max(scores)),
        y=share_axis("At or below these points"),
        rows=sorted(points, key=lambda p: p["pd"], reverse=True),
        position="score",
        marks=(
            Line(value="share_of_defaulters", name="defaulted", style="s2"),
            Line(value="share_of_others", name="did not default"),
            # The text stands to the right of and below both curves, which rise.
            Rule(foot, head, gap, at=foot, offset=(6, 16), style="thin s0"),
        ),
        read=lambda p: (
            f"Up to {p['score']} points: {share(p['share_of_defaulters'])} of defaulters, "
            f"{share(p['share_of_others'])} of others"
        ),
        table=table,
    )
