"""Does the score put defaulters below others? ROC curve, KS curve, scores by outcome."""

from __future__ import annotations

import duckdb

from models_ml.report.formats import number, share
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Axis, Plot, share_axis

N_POINTS = 240
"""About how many points of a curve are drawn; the largest gap is always one of them."""

N_BINS = 24
"""At most how many bins the scores are shown in."""

BIN_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
N_TABLE_ROWS = 20


def separation_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, Figure]:
    """ROC curve and KS curve of the out-of-time applicants, from one walk down the scores."""
    points = read(connection, "separation", n_points=N_POINTS)
    header = ("Declined from PD", "Points", "Applicants", "Defaulters", "Others", "Gap")
    step = max(len(points) // N_TABLE_ROWS, 1)
    shown = [p for i, p in enumerate(points) if (i + 1) % step == 0 or p["is_largest_gap"]]
    table = Table(header, [_separation_row(point) for point in shown], n_words=0)
    return _roc(points, table), _ks(points, table)


def bin_width(connection: duckdb.DuckDBPyConnection) -> int:
    """Points in one bin, so that all scores fit into `N_BINS`."""
    (totals,) = read(connection, "totals")
    spread = totals["highest_score"] - totals["lowest_score"]
    return next(width for width in BIN_WIDTHS if spread // width < N_BINS)


def distribution_figure(connection: duckdb.DuckDBPyConnection) -> Figure:
    """Scores of defaulters and of others, each as shares of their own number."""
    width = bin_width(connection)
    bins = read(connection, "scores_by_outcome", width=width)
    top = max(max(b["share_of_defaulters"], b["share_of_others"]) for b in bins)
    first, last = bins[0]["points_from"], bins[-1]["points_from"] + width
    plot = Plot(
        "distribution",
        "Scores by outcome",
        "Share of defaulters and share of others in each bin of points.",
        Axis("Points (higher = safer)", first, last),
        share_axis("Share of the group", top * 1.08),
    )
    for b in bins:
        start, middle = b["points_from"], b["points_from"] + width / 2
        name = f"{start} to {start + width - 1} points"
        bad, good = share(b["share_of_defaulters"]), share(b["share_of_others"])
        plot.bar(
            (start + width * 0.08, 0),
            (middle, b["share_of_others"]),
            "s1",
            f"{name}: {good} of others",
        )
        plot.bar(
            (middle, 0),
            (start + width * 0.92, b["share_of_defaulters"]),
            "s2",
            f"{name}: {bad} of defaulters",
        )
        plot.read(
            middle,
            f"{name}: {good} of others, {bad} of defaulters; default rate {share(b['default_rate'])}",
        )
    plot.legend("did not default", "fill", "s1")
    plot.legend("defaulted", "fill", "s2")
    return Figure(
        title="Scores of defaulters and of others",
        reading="Each group adds up to 100 %. The further apart the two shapes, the more a cutoff can do.",
        plot=plot,
        table=Table(
            (
                "Points",
                "Others",
                "Defaulters",
                "Share of others",
                "Share of defaulters",
                "Default rate",
            ),
            [
                (
                    f"{b['points_from']} to {b['points_from'] + width - 1}",
                    number(b["n_others"]),
                    number(b["n_defaulted"]),
                    share(b["share_of_others"]),
                    share(b["share_of_defaulters"]),
                    share(b["default_rate"]),
                )
                for b in bins
            ],
        ),
    )


def _roc(points: list[Row], table: Table) -> Figure:
    plot = Plot(
        "roc",
        "ROC curve",
        "Share of defaulters declined against share of others declined, for every cutoff.",
        share_axis("Others declined"),
        share_axis("Defaulters declined"),
    )
    plot.interval((0, 0), (1, 1), "rule")
    curve = [(0.0, 0.0), *((p["share_of_others"], p["share_of_defaulters"]) for p in points)]
    plot.line(curve, "s1", "this model")
    plot.label("by chance", plot.at(0.62, 0.5))
    for p in points:
        plot.read(
            p["share_of_others"],
            f"Decline below {p['score']} points: {share(p['share_of_defaulters'])} of defaulters and "
            f"{share(p['share_of_others'])} of others are declined",
        )
    return Figure(
        title="ROC curve",
        reading="The area under the curve is the AUC: the chance that a defaulter scores below one who pays. "
        "A curve on the diagonal would be a score that knows nothing.",
        plot=plot,
        table=table,
    )


def _ks(points: list[Row], table: Table) -> Figure:
    scores = [p["score"] for p in points]
    low, high = min(scores), max(scores)
    plot = Plot(
        "ks",
        "KS curve",
        "Share of defaulters and of others at or below each score; the largest gap is the KS.",
        Axis("Points (higher = safer)", low, high),
        share_axis("At or below these points"),
    )
    rising = sorted(points, key=lambda p: p["pd"], reverse=True)
    plot.line([(p["score"], p["share_of_defaulters"]) for p in rising], "s2", "defaulted")
    plot.line([(p["score"], p["share_of_others"]) for p in rising], "s1", "did not default")
    widest = next(p for p in points if p["is_largest_gap"])
    ends = widest["share_of_others"], widest["share_of_defaulters"]
    gap = abs(ends[1] - ends[0])
    plot.interval((widest["score"], ends[0]), (widest["score"], ends[1]), "thin s0")
    x, y = plot.at(widest["score"], ends[0])  # right of and below both curves, which rise
    near_end = x > plot.width - 110
    plot.label(
        f"KS {number(gap, 3)}",
        (x + (0 if near_end else 6), y + 16),
        "end" if near_end else "start",
        "strong",
    )
    for p in rising:
        plot.read(
            p["score"],
            f"Up to {p['score']} points: {share(p['share_of_defaulters'])} of defaulters, "
            f"{share(p['share_of_others'])} of others",
        )
    return Figure(
        title=f"KS {number(gap, 3)}, at {widest['score']} points",
        reading="The largest distance between the two curves. A cutoff at that score separates the two groups most, "
        "which need not be the cutoff that earns most.",
        plot=plot,
        table=table,
    )


def _separation_row(p: Row) -> tuple[str, ...]:
    bad, good = p["share_of_defaulters"], p["share_of_others"]
    return (
        share(p["pd"], 2),
        number(p["score"]),
        share(p["share_of_applicants"]),
        share(bad),
        share(good),
        number(bad - good, 3),
    )
