"""Charts on the page of one applicant."""

from __future__ import annotations

import duckdb

from models_ml.report.drivers import contribution_plot
from models_ml.report.page import Figure, Table
from models_ml.report.plot import Axis, Plot, share_axis
from models_ml.report.ranking import bin_width
from models_ml.report.reading import Row, read
from models_ml.report.words import number, share


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
            ("+" if adds else "") + number(value, 2),
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


def standing_figure(connection: duckdb.DuckDBPyConnection, score: Row) -> Figure:
    """Points of one applicant among those of all."""
    width = bin_width(connection)
    bins = read(connection, "scores", width=width)
    top = max(b["share_of_applicants"] for b in bins) * 1.15
    plot = Plot(
        "standing",
        "Points of all applicants",
        f"Share of applicants in each bin of points; this applicant has {score['score']}.",
        Axis(
            "Points (higher = safer)",
            bins[0]["points_from"],
            bins[-1]["points_from"] + width,
        ),
        share_axis("Applicants", top),
        width=1060,
        height=240,
    )
    for b in bins:
        start = b["points_from"]
        note = f"{start} to {start + width - 1} points: {share(b['share_of_applicants'])} of applicants"
        mine = start <= score["score"] < start + width
        plot.bar(
            (start + width * 0.06, 0),
            (start + width * 0.94, b["share_of_applicants"]),
            "s2" if mine else "s1",
            note,
        )
        plot.read(start + width / 2, note)
    plot.legend("this applicant", "fill", "s2")
    plot.legend("other bins", "fill", "s1")
    return Figure(
        title="Among all applicants",
        reading=f"{share(score['share_below'])} of {number(score['n_scored'])} applicants have fewer points, "
        f"{share(score['share_above'])} have more.",
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
