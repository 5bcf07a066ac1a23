"""What moves the score: contributions of the business groups, default rates of single codes, ablation."""

from __future__ import annotations

from typing import Any

import duckdb

from models_ml.report.formats import NOTHING, between, number, share, share_between
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Axis, Plot, rows_axis, share_axis

N_COLUMNS = 6
"""Columns whose codes are drawn: those that tell most, one of each business group."""


def contribution_plot(
    title: str, description: str, groups: list[Row], limits: tuple[float, float], row_height: int
) -> Plot:
    """An empty chart with one line per business group and a rule at zero.

    Args:
        title: Of the chart.
        description: Read out in its place.
        groups: Rows with the wording in ``text``, top line first.
        limits: Ends of the axis, log-odds.
        row_height: Of a line, pixels.
    """
    names = [group["text"] for group in groups]
    plot = Plot(
        "contributions",
        title,
        description,
        Axis("Added to the log-odds of default, against the reference applicant", *limits),
        rows_axis(names),
        width=1060,
        height=86 + row_height * len(groups),
        rows=True,
    )
    plot.interval((0, -0.5), (0, len(groups) - 0.5), "rule")
    return plot


def contribution_figure(connection: duckdb.DuckDBPyConnection) -> Figure:
    """How much each business group moves the log-odds of default, over all applicants scored."""
    groups = read(connection, "contributions")
    low, high = min(0.0, *(g["low"] for g in groups)), max(0.0, *(g["high"] for g in groups))
    room = (high - low) * 0.04
    plot = contribution_plot(
        "Contributions by business group",
        "Middle nine tenths of the contributions of each group, and their median.",
        groups,
        (low - room, high + room),
        row_height=34,
    )
    for i, g in enumerate(groups):
        note = f"{g['text']}: from {number(g['low'], 2)} to {number(g['high'], 2)}, median {number(g['median'], 2)}"
        plot.bar((g["low"], i - 0.22), (g["high"], i + 0.22), "s1", note)
        plot.dot((g["median"], i), "s2", note, radius=6)
    plot.legend("nine tenths of applicants", "fill", "s1")
    plot.legend("median", "dot", "s2")
    return Figure(
        title="What moves the score",
        reading="Right of zero: adds to the risk. A wide bar means that the group tells applicants apart. "
        "Contributions are measured against one good reference applicant of the model and add up to the whole "
        "difference; they say what the model uses, not what causes default.",
        plot=plot,
        table=Table(
            ("Group", "Code", "Mean size", "5 %", "Median", "95 %", "First reason of"),
            [
                (
                    g["text"],
                    g["code"],
                    number(g["mean_size"], 3),
                    number(g["low"], 3),
                    number(g["median"], 3),
                    number(g["high"], 3),
                    share(g["share_first"]),
                )
                for g in groups
            ],
            n_words=2,
        ),
        wide=True,
    )


def ablation_figures(metrics: dict[str, Any]) -> tuple[Figure, ...]:
    """What each part of the model is worth, when that was measured after the training.

    Args:
        metrics: Figures in the manifest; ``ablation`` is there after ``benchmarks/ablation.py``.
    """
    contenders = metrics.get("ablation", [])
    if not contenders:
        return ()
    lowest = min(c["auc"]["low"] for c in contenders)
    highest = max(c["auc"]["high"] for c in contenders)
    room = (highest - lowest) * 0.06
    names = [c["contender"] for c in contenders]
    plot = Plot(
        "ablation",
        "What each part of the model is worth",
        "AUC, with its interval, of models that do without a part.",
        Axis("AUC out of time", lowest - room, highest + room),
        rows_axis(names),
        width=1060,
        height=86 + 30 * len(names),
        rows=True,
    )
    for i, c in enumerate(contenders):
        auc = c["auc"]
        plot.interval((auc["low"], i), (auc["high"], i), "thin s1")
        plot.dot((auc["value"], i), "s1", f"{c['contender']}: {number(auc['value'], 4)}", radius=6)
    return (
        Figure(
            title="What each part of the model is worth",
            reading="Models trained alike on the same applicants, each with only some of what the champion has. The "
            "intervals are wide because they share the applicants; the paired difference in the table is sharper.",
            plot=plot,
            table=Table(
                ("Model", "AUC", "95 % interval", "Above the first", "95 % interval"),
                [
                    (
                        c["contender"],
                        number(c["auc"]["value"], 4),
                        between(c["auc"]["low"], c["auc"]["high"], 4),
                        number(c["over_organisers"]["value"], 4),
                        between(c["over_organisers"]["low"], c["over_organisers"]["high"], 4),
                    )
                    for c in contenders
                ],
            ),
            wide=True,
        ),
    )


def code_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Default rates of the codes of the columns that tell most, and what every column tells."""
    by_column: dict[str, list[Row]] = {}
    for row in read(connection, "code_default_rates"):
        by_column.setdefault(row["column_name"], []).append(row)
    # Neighbouring months tell the same: one column of each business group.
    by_group: dict[str, list[Row]] = {}
    for rows in by_column.values():
        by_group.setdefault(rows[0]["business_group"], rows)
    foremost = list(by_group.values())[:N_COLUMNS]
    return (*(_codes(rows) for rows in foremost), _information(connection))


def _codes(rows: list[Row]) -> Figure:
    column, base = rows[0]["column_name"], rows[0]["default_rate_of_all"]
    top = max(base, *(r["default_rate_high"] for r in rows))
    plot = Plot(
        f"codes-{column}",
        f"Default rate by code of {column}",
        f"{rows[0]['description']}: default rate, with its interval, of the applicants who have each code.",
        Axis("Code, lowest default rate first", -0.5, len(rows) - 0.5, ticks=range(len(rows)),
             names=[r["code"] for r in rows]),
        share_axis("Default rate", top * 1.05),
        height=260,
    )  # fmt: skip
    plot.rule("all applicants", (len(rows) - 0.5, base), (-0.5, base), "start")
    for i, r in enumerate(rows):
        plot.interval((i, r["default_rate_low"]), (i, r["default_rate_high"]), "thin s1")
        words = f"Code {r['code']}: {share(r['default_rate'], 2)} of {number(r['n_applicants'])} applicants defaulted"
        plot.dot((i, r["default_rate"]), "s1", words)
        plot.read(i, words)
    return Figure(
        title=f"{rows[0]['description']} ({column})",
        reading="Applicants with at least one credit product of that code; 95 % intervals. The order of code "
        "numbers means nothing.",
        plot=plot,
        table=Table(
            (
                "Code",
                "Applicants",
                "Defaulted",
                "Default rate",
                "95 % interval",
                "Weight of evidence",
            ),
            [
                (
                    r["code"],
                    number(r["n_applicants"]),
                    number(r["n_defaulted"]),
                    share(r["default_rate"], 2),
                    share_between(r["default_rate_low"], r["default_rate_high"], 2),
                    number(r["weight_of_evidence"], 3),
                )
                for r in rows
            ],
        ),
    )


def _information(connection: duckdb.DuckDBPyConnection) -> Figure:
    columns = read(connection, "information_values")
    return Figure(
        title="All columns by information value",
        reading="What a column tells about the outcome on its own, counted by credit product. Above 0.3 strong, "
        "below 0.02 hardly anything (Siddiqi 2006). Riskiest and safest code: among codes with enough applicants.",
        table=Table(
            (
                "Column",
                "Meaning",
                "Group",
                "Riskiest code",
                "Safest code",
                "Codes seen",
                "Information value",
            ),
            [
                (
                    c["column_name"],
                    c["description"],
                    c["business_group"],
                    c["riskiest_code"] or NOTHING,
                    c["safest_code"] or NOTHING,
                    number(c["n_codes_seen"]),
                    number(c["information_value"], 4),
                )
                for c in columns
            ],
            n_words=5,
        ),
        wide=True,
        folded=True,
    )
