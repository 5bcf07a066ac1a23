"""What moves the score: contributions of the business groups, default rates of single codes, ablation."""

from __future__ import annotations

from typing import Any

import duckdb

from models_ml.report.chart import Axis, Bars, Chart, Dots, Figure, Rule, named_axis, share_axis
from models_ml.report.formats import number, share
from models_ml.report.queries import Row, read
from models_ml.report.tables import Table, intervals, numbers, share_intervals, shares, words

N_COLUMNS = 6
"""Columns whose codes are drawn: the most informative ones, one of each business group."""

CONTRIBUTION = "Added to the log-odds of default, compared with the reference applicant"

CONTRIBUTIONS = (
    words("Group", "text"),
    words("Code", "code"),
    numbers("Mean size", "mean_size", 3),
    numbers("5 %", "low", 3),
    numbers("Median", "median", 3),
    numbers("95 %", "high", 3),
    shares("First reason of", "share_first"),
)
ABLATION = (
    words("Model", "contender"),
    numbers("AUC", "auc", 4),
    intervals("low", "high", 4),
    numbers("Above the first", "above", 4),
    intervals("above_low", "above_high", 4),
)
CODES = (
    words("Code", "code"),
    numbers("Applicants", "n_applicants"),
    numbers("Defaulted", "n_defaulted"),
    shares("Default rate", "default_rate", 2),
    share_intervals("default_rate_low", "default_rate_high"),
    numbers("Weight of evidence", "weight_of_evidence", 3),
)
INFORMATION = (
    words("Column", "column_name"),
    words("Meaning", "description"),
    words("Group", "business_group"),
    words("Riskiest code", "riskiest_code"),
    words("Safest code", "safest_code"),
    numbers("Codes seen", "n_codes_seen"),
    numbers("Information value", "information_value", 4),
)


def contribution_figure(connection: duckdb.DuckDBPyConnection) -> Chart:
    """How much each business group moves the log-odds of default, over all applicants scored."""
    groups = read(connection, "contributions")
    low, high = min(0.0, *(g["low"] for g in groups)), max(0.0, *(g["high"] for g in groups))
    room = (high - low) * 0.04
    names = named_axis([g["text"] for g in groups])
    return Chart(
        key="contributions",
        title="What moves the score",
        caption="Right of zero: adds to the risk. A wide bar means that the group distinguishes applicants. "
        "Contributions compare an applicant with a reference applicant of good risk and add up to the whole "
        "difference; they show what the model uses, not what causes default.",
        description="Middle nine tenths of the contributions of each group, and their median.",
        x=Axis(CONTRIBUTION, low - room, high + room),
        y=names,
        sideways=True,
        height=86 + 34 * len(groups),
        rows=groups,
        marks=(
            Rule((0, names.low), (0, names.high)),
            Bars(value="high", base="low", name="nine tenths of applicants", span=(-0.22, 0.22)),
            Dots(value="median", name="median", style="s2", radius=6),
        ),
        read=lambda g: (
            f"{g['text']}: from {number(g['low'], 2)} to {number(g['high'], 2)}, median {number(g['median'], 2)}"
        ),
        table=Table(CONTRIBUTIONS, groups),
        wide=True,
    )


def ablation_figures(metrics: dict[str, Any]) -> tuple[Chart, ...]:
    """What each part of the model is worth, when that was measured after the training.

    Args:
        metrics: Figures in the manifest; ``ablation`` is there after ``benchmarks/ablation.py``.
    """
    rows = [_contender(found) for found in metrics.get("ablation", [])]
    if not rows:
        return ()
    lowest, highest = min(r["low"] for r in rows), max(r["high"] for r in rows)
    room = (highest - lowest) * 0.06
    return (
        Chart(
            key="ablation",
            title="What each part of the model is worth",
            caption="Models trained in the same way on the same applicants, each with only some of the champion's "
            "parts. The intervals are wide because every model is measured on the same limited sample; the paired "
            "difference in the table is more precise.",
            description="AUC, with its interval, of models without some of the parts.",
            x=Axis("AUC out of time", lowest - room, highest + room),
            y=named_axis([r["contender"] for r in rows]),
            sideways=True,
            height=86 + 30 * len(rows),
            rows=rows,
            marks=(Dots(value="auc", interval=("low", "high"), radius=6),),
            read=lambda r: f"{r['contender']}: {number(r['auc'], 4)}",
            table=Table(ABLATION, rows),
            wide=True,
        ),
    )


def code_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Default rates of the codes of the most informative columns, and the information value of every column."""
    by_column: dict[str, list[Row]] = {}
    for row in read(connection, "code_default_rates"):
        by_column.setdefault(row["column_name"], []).append(row)
    # Neighbouring months say the same: one column of each business group.
    by_group: dict[str, list[Row]] = {}
    for rows in by_column.values():
        by_group.setdefault(rows[0]["business_group"], rows)
    foremost = list(by_group.values())[:N_COLUMNS]
    return (*(_codes(rows) for rows in foremost), _information(connection))


def _contender(found: dict[str, Any]) -> Row:
    auc, above = found["auc"], found["over_organisers"]
    return {
        "contender": found["contender"],
        **{"auc": auc["value"], "low": auc["low"], "high": auc["high"]},
        **{"above": above["value"], "above_low": above["low"], "above_high": above["high"]},
    }


def _codes(rows: list[Row]) -> Chart:
    column, base = rows[0]["column_name"], rows[0]["default_rate_of_all"]
    top = max(base, *(r["default_rate_high"] for r in rows))
    codes = named_axis([r["code"] for r in rows], "Code, lowest default rate first")
    return Chart(
        key=f"codes-{column}",
        title=f"{rows[0]['description']} ({column})",
        caption="Applicants with at least one credit product of that code; 95 % intervals. The code numbers have no "
        "order.",
        description="Default rate, with its interval, of the applicants who have each code.",
        x=codes,
        y=share_axis("Default rate", top * 1.05),
        height=260,
        rows=rows,
        marks=(
            Rule((codes.high, base), (codes.low, base), "all applicants", offset=(4, -5)),
            Dots(value="default_rate", interval=("default_rate_low", "default_rate_high")),
        ),
        read=lambda r: (
            f"Code {r['code']}: {share(r['default_rate'], 2)} of {number(r['n_applicants'])} applicants defaulted"
        ),
        table=Table(CODES, rows),
    )


def _information(connection: duckdb.DuckDBPyConnection) -> Figure:
    return Figure(
        title="All columns by information value",
        caption="How well each column alone separates defaulters from others, counted by credit product. Above 0.3 is "
        "strong, below 0.02 next to nothing (Siddiqi 2006). Riskiest and safest code: among codes with enough "
        "applicants.",
        table=Table(INFORMATION, read(connection, "information_values")),
        wide=True,
        folded=True,
    )
