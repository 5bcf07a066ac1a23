"""Charts on the page of one applicant."""

from __future__ import annotations

import duckdb

from models_ml.report.chart import Axis, Bars, Chart, Rule, named_axis, rounded_axis, share_axis
from models_ml.report.discrimination import bin_width
from models_ml.report.drivers import CONTRIBUTION
from models_ml.report.formats import counted, number, share, signed
from models_ml.report.queries import Row, read
from models_ml.report.tables import Table, numbers, shares, words

N_POINTS = 6
"""Fewest points on the axis: a score is a whole number of them."""

FEW = 0.01
"""Below this share a number of applicants says more than a percentage."""

CONTRIBUTIONS = (
    words("Group", "text"),
    words("Code", "code"),
    numbers("Contribution", "contribution", 3),
)
ALL_SCORES = (
    words("Points", "points"),
    numbers("Applicants", "n_applicants"),
    shares("Share", "share_of_applicants"),
)


def _adds(group: Row) -> bool:
    return group["contribution"] > 0


def _lowers(group: Row) -> bool:
    return not _adds(group)


def contribution_figure(groups: list[Row]) -> Chart:
    """What each business group adds to the log-odds of one applicant, most first."""
    values = [group["contribution"] for group in groups]
    low, high = min(0.0, *values), max(0.0, *values)
    room = max(high - low, 0.1) * 0.12
    names = named_axis([group["text"] for group in groups])
    return Chart(
        key="contributions",
        title="What moves this score",
        caption="Compared with a reference applicant of good risk; the bars add up to the whole difference. They show "
        "what the model uses, not what causes default.",
        description="What each business group adds to the log-odds of default, most first.",
        x=Axis(CONTRIBUTION, low - room, high + room),
        y=names,
        sideways=True,
        height=86 + 30 * len(groups),
        rows=groups,
        marks=(
            Rule((0, names.low), (0, names.high)),
            *(
                Bars(
                    value="contribution",
                    name=name,
                    style=style,
                    span=(-0.3, 0.3),
                    label=lambda group: signed(group["contribution"]),
                    where=which,
                )
                for name, style, which in (
                    ("adds to the risk", "s2", _adds),
                    ("lowers it", "s1", _lowers),
                )
            ),
        ),
        read=lambda group: str(group["text"]),
        table=Table(CONTRIBUTIONS, groups),
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


def standing_figure(connection: duckdb.DuckDBPyConnection, score: Row) -> Chart:
    """Points of one applicant among those of all."""
    width = bin_width(connection)
    bins = read(connection, "scores", width=width)
    first, last = bins[0]["points_from"], bins[-1]["points_from"] + width
    points, n_alike = score["score"], score["n_scored"] - score["n_below"] - score["n_above"] - 1
    top = max(b["share_of_applicants"] for b in bins) * 1.15
    return Chart(
        key="standing",
        title="Among all applicants",
        caption=f"Of {counted(score['n_scored'], 'applicant')}, {number(score['n_below'])} have fewer points, "
        f"{number(score['n_above'])} have more and {number(n_alike)} others have the same.",
        description=f"Share of applicants in each bin of points; this applicant has {points}.",
        x=rounded_axis("Points (higher = safer)", first, max(last, first + N_POINTS)),
        y=share_axis("Applicants", top),
        height=240,
        rows=bins,
        position="middle",
        marks=(
            Bars(
                value="share_of_applicants",
                name="all applicants",
                span=(-width * 0.44, width * 0.44),
            ),
            Rule(
                (points, 0),
                (points, top),
                f"{number(points)} points",
                offset=(6, 10),
                style="pointer",
                name="this applicant",
            ),
        ),
        read=lambda b: f"{b['points']} points: {share(b['share_of_applicants'])} of applicants",
        table=Table(ALL_SCORES, bins),
        wide=True,
    )
