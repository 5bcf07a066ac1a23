"""Does the model still meet the applicants it was made for? Ranking, default rates, scores and columns over time."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from models_ml.report.formats import between, number, share
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Axis, Plot, rows_axis, share_axis

N_COLUMNS = 12
"""Columns in the chart of shifts; the table has all of them."""


@dataclass(frozen=True)
class ShiftLimits:
    """From which stability index on a shift is called moderate or large: dbt vars of the same names."""

    moderate: float
    large: float


def performance_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, Figure]:
    """AUC, and default rate beside mean PD, by application time."""
    slices = read(connection, "performance_over_time")
    table = Table(
        (
            "Slice",
            "Used for",
            "Applicants",
            "Defaulted",
            "Default rate",
            "Mean PD",
            "AUC",
            "95 % interval",
            "KS",
        ),
        [
            (
                str(s["time_slice"]),
                s["split"].replace("_", " "),
                number(s["n_applicants"]),
                number(s["n_defaulted"]),
                share(s["default_rate"], 2),
                share(s["mean_pd"], 2),
                number(s["auc"], 3),
                between(s["auc_low"], s["auc_high"]),
                number(s["ks"], 3),
            )
            for s in slices
        ],
        n_words=2,
    )
    return _auc(slices, table), _rates(read(connection, "rates_over_time"), table)


def score_stability_figure(connection: duckdb.DuckDBPyConnection, limits: ShiftLimits) -> Figure:
    """Population stability index of the scores, by application time."""
    slices = read(connection, "score_stability")
    top = max(1.2 * limits.large, *(s["psi"] for s in slices), 0)
    plot = Plot(
        "psi",
        "Stability of the scores",
        "Population stability index of each time slice against the calibration applicants.",
        Axis(
            "Application time, oldest slice first",
            0.5,
            len(slices) + 0.5,
            ticks=range(1, len(slices) + 1),
        ),
        Axis("Stability index (PSI)", 0, top * 1.05),
    )
    _limit_rules(plot, limits, len(slices) + 0.5)
    for i, s in enumerate(slices, start=1):
        words = (
            f"Slice {s['member']}: PSI {number(s['psi'], 3)}, {s['status']}; chance alone reaches "
            f"{number(s['critical_value'], 3)}"
        )
        plot.bar((i - 0.38, 0), (i + 0.38, s["psi"]), "s1", words)
        plot.read(i, words)
    worst = max(slices, key=lambda s: s["psi"])
    return Figure(
        title=f"Scores over time: largest shift {number(worst['psi'], 3)} ({worst['status']})",
        reading="How far the scores of each twentieth of the applicants have moved from those the model was calibrated "
        "on. Above the upper line: find the cause in the columns below before the scores are used further.",
        plot=plot,
        table=Table(
            (
                "Slice",
                "State",
                "First id",
                "Last id",
                "Applicants",
                "Mean points",
                "Mean PD",
                "PSI",
                "By chance below",
            ),
            [
                (
                    str(s["member"]),
                    s["status"],
                    str(s["first_id"]),
                    str(s["last_id"]),
                    number(s["n_applicants"]),
                    number(s["mean_score"], 1),
                    share(s["mean_pd"], 2),
                    number(s["psi"], 4),
                    number(s["critical_value"], 4),
                )
                for s in slices
            ],
            n_words=2,
        ),
    )


def feature_stability_figure(connection: duckdb.DuckDBPyConnection, limits: ShiftLimits) -> Figure:
    """The raw columns that have shifted most, in the latest time slice."""
    columns = read(connection, "feature_stability")
    shown = columns[:N_COLUMNS]
    plot = Plot(
        "csi",
        "Stability of the raw columns",
        "Characteristic stability index of the most shifted columns in the latest time slice.",
        Axis(
            "Stability index (CSI)",
            0,
            max(1.2 * limits.large, shown[0]["csi"]) * 1.03,
        ),
        rows_axis([c["column_name"] for c in shown]),
        rows=True,
    )
    for name, limit in (("moderate", limits.moderate), ("large", limits.large)):
        plot.interval((limit, len(shown) - 0.5), (limit, -0.5), "rule")
        x, y = plot.at(limit, -0.5)
        plot.label(name, (x, y - 6), "middle")
    for i, c in enumerate(shown):
        note = f"{c['description']}: {number(c['csi'], 3)}, {c['status']}"
        plot.bar((0, i - 0.34), (c["csi"], i + 0.34), "s1", note)
    return Figure(
        title=f"Columns that shifted most: {shown[0]['column_name']} {number(shown[0]['csi'], 3)}",
        reading="Shares of codes in the latest twentieth of the applicants against the training data. A shifted column "
        "is a question to whoever delivers it.",
        plot=plot,
        table=Table(
            ("Column", "State", "Meaning", "CSI", "By chance below"),
            [
                (
                    c["column_name"],
                    c["status"],
                    c["description"],
                    number(c["csi"], 4),
                    number(c["critical_value"], 4),
                )
                for c in columns
            ],
            n_words=3,
        ),
    )


def unseen_code_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Columns with codes that the dictionary does not know; nothing when there are none."""
    columns = read(connection, "unseen_codes")
    if not columns:
        return ()
    rows = [
        (
            c["column_name"],
            number(c["n_unseen_products"]),
            share(c["unseen_share"], 3),
            number(c["latest_slice"]),
        )
        for c in columns
    ]
    return (
        Figure(
            title="Codes that the data dictionary does not know",
            reading="They are scored through a place of their own, about which the model has learnt little. A growing "
            "share is a question to whoever delivers the column, and then a line for the dictionary.",
            table=Table(("Column", "Products", "Share of products", "Latest slice with one"), rows),
            wide=True,
        ),
    )


def _auc(slices: list[Row], table: Table) -> Figure:
    measured = [s for s in slices if s["auc"] is not None]
    bounds = [s[name] for s in measured for name in ("auc", "auc_low", "auc_high")]
    known = [bound for bound in bounds if bound is not None]
    lowest, highest = min(known, default=0.0), max(known, default=1.0)
    n_slices = max(s["time_slice"] for s in slices)
    plot = Plot(
        "auc-over-time",
        "AUC by application time",
        "AUC with its interval for each twentieth of the applicants.",
        Axis(
            "Application time, oldest slice first",
            0.5,
            n_slices + 0.5,
            ticks=range(1, n_slices + 1),
        ),
        Axis("AUC", max(0.0, lowest - 0.02), min(1.0, highest + 0.02)),
    )
    for s in measured:
        style = "s1" if s["is_unseen_by_model"] else "s0"
        place = float(s["place"])
        if s["auc_low"] is not None:
            plot.interval((place, s["auc_low"]), (place, s["auc_high"]), f"thin {style}")
        words = (
            f"Slice {s['time_slice']} ({s['split'].replace('_', ' ')}): AUC {number(s['auc'], 3)} "
            f"({between(s['auc_low'], s['auc_high'])}), {number(s['n_defaulted'])} defaulters"
        )
        plot.dot((place, s["auc"]), style, words)
        plot.read(place, words)
    plot.legend("never seen by the model", "dot", "s1")
    plot.legend("used to make it", "dot", "s0")
    return Figure(
        title="Ranking over time",
        reading="Only the applicants the model never saw tell how good it is. A fall from slice to slice beyond the "
        "intervals is the sign to train again.",
        plot=plot,
        table=table,
    )


def _rates(slices: list[Row], table: Table) -> Figure:
    top = max(max(s["default_rate"], s["mean_pd"]) for s in slices)
    n_slices = max(s["time_slice"] for s in slices)
    plot = Plot(
        "rates-over-time",
        "Default rate and mean PD by application time",
        "Observed default rate and mean probability of default for each twentieth of the applicants.",
        Axis(
            "Application time, oldest slice first",
            0.5,
            n_slices + 0.5,
            ticks=range(1, n_slices + 1),
        ),
        share_axis("Share of applicants", top * 1.15),
    )
    plot.line([(s["time_slice"], s["default_rate"]) for s in slices], "s1", "defaulted")
    plot.line([(s["time_slice"], s["mean_pd"]) for s in slices], "s2", "expected (mean PD)")
    for s in slices:
        plot.read(
            s["time_slice"],
            f"Slice {s['time_slice']}: {share(s['default_rate'], 2)} defaulted, mean PD {share(s['mean_pd'], 2)}",
        )
    return Figure(
        title="Default rate over time",
        reading="The two lines should stay together in the slices the model never saw; a gap that stays open there "
        "means that the PDs need a new calibration.",
        plot=plot,
        table=table,
    )


def _limit_rules(plot: Plot, limits: ShiftLimits, end: float) -> None:
    for name, limit in (("moderate shift", limits.moderate), ("large shift", limits.large)):
        plot.rule(name, (0.5, limit), (end, limit))
