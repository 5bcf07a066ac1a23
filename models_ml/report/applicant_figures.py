"""Charts on the page of one applicant."""

from __future__ import annotations

import duckdb

from models_ml.report.discrimination import bin_width
from models_ml.report.drivers import contribution_plot
from models_ml.report.formats import counted, number, share, signed
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Plot, rounded_axis, share_axis

N_POINTS = 6
"""Points that the axis shows at least: there are none between whole ones."""

FEW = 0.01
"""Below this share a number of applicants says more than a percentage."""


def contribution_figure(groups: list[Row]) -> Figure:
    """What each business group adds to the log-odds of one applicant, most first."""
    values = [group["contribution"] for group in groups]
    low, high = min(0.0, *values), max(0.0, *values)
    room = max(high - low, 0.1) * 0.12
    plot = contribution_plot(
        "Contributions to this score",
        "What each business group adds to the log-odds of default, most first.",
        groups,
        (low - room, high + room),
        row_height=30,
    )
    for i, group in enumerate(groups):
        value = group["contribution"]
        adds = value > 0
        plot.bar((0, i - 0.3), (value, i + 0.3), "s2" if adds else "s1", group["text"])
        x, y = plot.at(value, i)
        plot.label(
            signed(value),
            (x + 6 if adds else x - 6, y + 4),
            "start" if adds else "end",
            "strong",
        )
    plot.legend("adds to the risk", "fill", "s2")
    plot.legend("lowers it", "fill", "s1")
    return Figure(
        title="What moves this score",
        reading="Compared with one good reference applicant of the model; the bars add up to the whole difference. "
        "They say what the model uses, not what causes default.",
        plot=plot,
        table=Table(
            ("Group", "Code", "Contribution"),
            [(g["text"], g["code"], number(g["contribution"], 3)) for g in groups],
            n_words=2,
        ),
        wide=True,
    )


def standing(score: Row) -> str:
    """Where an applicant stands among all, true for the best, the worst and the only one too."""
    below, above, everyone = score["n_below"], score["n_above"], score["n_scored"]
    alike = everyone - below - above - 1
    if everyone == 1:
        return "the only applicant scored"
    if not below and not above:
        return f"the same as all other {number(alike)}"
    if not below or not above:
        place = "highest" if not above else "lowest"
        return f"the {place} of {number(everyone)}" + (
            f", as {number(alike)} others" if alike > 1 else ", as one other" if alike else ""
        )
    if below < everyone * FEW:
        return f"higher than {number(below)} of {number(everyone)} applicants"
    if above < everyone * FEW:
        return f"lower than {number(above)} of {number(everyone)} applicants"
    return f"higher than {share(below / everyone)} of {number(everyone)} applicants"


def standing_figure(connection: duckdb.DuckDBPyConnection, score: Row) -> Figure:
    """Points of one applicant among those of all."""
    width = bin_width(connection)
    bins = read(connection, "scores", width=width)
    first = bins[0]["points_from"]
    points, n_alike = score["score"], score["n_scored"] - score["n_below"] - score["n_above"] - 1
    plot = Plot(
        "standing",
        "Points of all applicants",
        f"Share of applicants in each bin of points; this applicant has {points}.",
        rounded_axis(
            "Points (higher = safer)", first, max(bins[-1]["points_from"] + width, first + N_POINTS)
        ),
        share_axis("Applicants", max(b["share_of_applicants"] for b in bins) * 1.15),
        width=1060,
        height=240,
    )
    for b in bins:
        start = b["points_from"]
        note = f"{start} to {start + width - 1} points: {share(b['share_of_applicants'])} of applicants"
        plot.bar(
            (start + width * 0.06, 0), (start + width * 0.94, b["share_of_applicants"]), "s1", note
        )
        plot.read(start + width / 2, note)
    plot.legend("this applicant", "line", "pointer")
    plot.legend("all applicants", "fill", "s1")
    plot.pointer(points, f"{number(points)} points")  # last, over everything else
    return Figure(
        title="Among all applicants",
        reading=f"Of {counted(score['n_scored'], 'applicant')} {number(score['n_below'])} have fewer points, "
        f"{number(score['n_above'])} have more and {number(n_alike)} others have as many.",
        plot=plot,
        table=Table(
            ("Points", "Applicants", "Share"),
            [
                (
                    f"{b['points_from']} to {b['points_from'] + width - 1}",
                    number(b["n_applicants"]),
                    share(b["share_of_applicants"]),
                )
                for b in bins
            ],
        ),
        wide=True,
    )
