"""Does the model still meet the applicants it was made for? Ranking, default rates, scores and columns over time."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from models_ml.report.chart import (
    Axis,
    Bars,
    Chart,
    Dots,
    Figure,
    Line,
    Rule,
    named_axis,
    share_axis,
)
from models_ml.report.formats import between, number, share
from models_ml.report.queries import Row, read
from models_ml.report.tables import Column, Table, ids, intervals, numbers, shares, words

N_COLUMNS = 12
"""Columns in the chart of shifts; the table has all of them."""

TIME = "Application time, oldest slice first"

PERFORMANCE = (
    words("Slice", "time_slice"),
    Column("Used for", lambda s: _used_for(s), is_text=True),
    numbers("Applicants", "n_applicants"),
    numbers("Defaulted", "n_defaulted"),
    shares("Default rate", "default_rate", 2),
    shares("Mean PD", "mean_pd", 2),
    numbers("AUC", "auc", 3),
    intervals("auc_low", "auc_high"),
    numbers("KS", "ks", 3),
)
SCORES = (
    words("Slice", "member"),
    words("State", "status"),
    ids("First id", "first_id"),
    ids("Last id", "last_id"),
    numbers("Applicants", "n_applicants"),
    numbers("Mean points", "mean_score", 1),
    shares("Mean PD", "mean_pd", 2),
    numbers("PSI", "psi", 4),
    numbers("By chance up to", "critical_value", 4),
)
SHIFTS = (
    words("Column", "column_name"),
    words("State", "status"),
    words("Meaning", "description"),
    numbers("CSI", "csi", 4),
    numbers("By chance up to", "critical_value", 4),
)
UNSEEN = (
    words("Column", "column_name"),
    numbers("Products", "n_unseen_products"),
    shares("Share of products", "unseen_share", 3),
    numbers("Latest slice with one", "latest_slice"),
)


@dataclass(frozen=True)
class ShiftLimits:
    """The stability index from which a shift is called moderate or large: dbt vars of the same names."""

    moderate: float
    large: float


def performance_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Chart, Chart]:
    """AUC, and default rate beside mean PD, by application time."""
    slices = read(connection, "performance_over_time")
    table = Table(PERFORMANCE, slices)
    n_slices = max(s["time_slice"] for s in slices)
    time = Axis(TIME, 0.5, n_slices + 0.5, ticks=range(1, n_slices + 1))
    return _auc(slices, time, table), _rates(read(connection, "rates_over_time"), time, table)


def score_stability_figure(connection: duckdb.DuckDBPyConnection, limits: ShiftLimits) -> Chart:
    """Population stability index of the scores, by application time."""
    slices = read(connection, "score_stability")
    top = max(1.2 * limits.large, *(s["psi"] for s in slices), 0)
    worst = max(slices, key=lambda s: s["psi"])
    time = named_axis([str(i) for i in range(1, len(slices) + 1)], TIME)
    return Chart(
        key="psi",
        title=f"Scores over time: largest shift {number(worst['psi'], 3)} ({worst['status']})",
        caption="How far the scores of each twentieth of the applicants have moved from those the model was calibrated "
        "on. Above the upper line, find the cause in the columns below before relying on the scores.",
        description="Population stability index of each time slice against the calibration applicants.",
        x=time,
        y=Axis("Stability index (PSI)", 0, top * 1.05),
        rows=slices,
        marks=(
            Rule((time.low, limits.moderate), (time.high, limits.moderate), "moderate shift"),
            Rule((time.low, limits.large), (time.high, limits.large), "large shift"),
            Bars(value="psi", span=(-0.38, 0.38)),
        ),
        read=lambda s: (
            f"Slice {s['member']}: PSI {number(s['psi'], 3)}, {s['status']}; chance alone reaches "
            f"{number(s['critical_value'], 3)}"
        ),
        table=Table(SCORES, slices),
    )


def feature_stability_figure(connection: duckdb.DuckDBPyConnection, limits: ShiftLimits) -> Chart:
    """The raw columns that have shifted most, in the latest time slice."""
    columns = read(connection, "feature_stability")
    shown = columns[:N_COLUMNS]
    names = named_axis([c["column_name"] for c in shown])
    return Chart(
        key="csi",
        title=f"Columns that shifted most: {shown[0]['column_name']} {number(shown[0]['csi'], 3)}",
        caption="Shares of codes in the latest twentieth of the applicants, compared with the training data. Ask the "
        "supplier of a shifted column what changed.",
        description="Characteristic stability index of the most shifted columns in the latest time slice.",
        x=Axis("Stability index (CSI)", 0, max(1.2 * limits.large, shown[0]["csi"]) * 1.03),
        y=names,
        sideways=True,
        rows=shown,
        marks=(
            *(
                Rule((limit, names.high), (limit, names.low), text, offset=(0, -6))
                for text, limit in (("moderate", limits.moderate), ("large", limits.large))
            ),
            Bars(value="csi", span=(-0.34, 0.34)),
        ),
        read=lambda c: f"{c['description']}: {number(c['csi'], 3)}, {c['status']}",
        table=Table(SHIFTS, columns),
    )


def unseen_code_figures(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Columns with codes that the dictionary does not know; nothing when there are none."""
    columns = read(connection, "unseen_codes")
    if not columns:
        return ()
    return (
        Figure(
            title="Codes that the data dictionary does not know",
            caption="They are scored as “other”, about which the model has learnt little. If the share grows, ask the "
            "supplier of the column what they mean, then add them to the dictionary.",
            table=Table(UNSEEN, columns),
            wide=True,
        ),
    )


def _auc(slices: list[Row], time: Axis, table: Table) -> Chart:
    bounds = [s[name] for s in slices for name in ("auc", "auc_low", "auc_high")]
    known = [bound for bound in bounds if bound is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    interval = ("auc_low", "auc_high")
    return Chart(
        key="auc-over-time",
        title="Ranking over time",
        caption="Only the applicants the model has never seen show how good it is. Retrain when the AUC falls from "
        "slice to slice by more than the intervals.",
        description="AUC with its interval for each twentieth of the applicants.",
        x=time,
        y=Axis("AUC", max(0.0, low - 0.02), min(1.0, high + 0.02)),
        rows=[s for s in slices if s["auc"] is not None],
        position="place",
        marks=(
            Dots(
                value="auc",
                name="never seen by the model",
                interval=interval,
                where=lambda s: bool(s["is_unseen_by_model"]),
            ),
            Dots(
                value="auc",
                name="used to build it",
                interval=interval,
                style="s0",
                where=lambda s: not s["is_unseen_by_model"],
            ),
        ),
        read=lambda s: (
            f"Slice {s['time_slice']} ({_used_for(s)}): AUC {number(s['auc'], 3)} "
            f"({between(s['auc_low'], s['auc_high'])}), {number(s['n_defaulted'])} defaulters"
        ),
        table=table,
    )


def _rates(slices: list[Row], time: Axis, table: Table) -> Chart:
    top = max(max(s["default_rate"], s["mean_pd"]) for s in slices)
    return Chart(
        key="rates-over-time",
        title="Default rate over time",
        caption="The two lines should stay together in the slices the model has never seen; if a gap persists there, "
        "the PDs need recalibrating.",
        description="Observed default rate and mean probability of default for each twentieth of the applicants.",
        x=time,
        y=share_axis("Share of applicants", top * 1.15),
        rows=slices,
        position="time_slice",
        marks=(
            Line(value="default_rate", name="defaulted"),
            Line(value="mean_pd", name="expected (mean PD)", style="s2"),
        ),
        read=lambda s: (
            f"Slice {s['time_slice']}: {share(s['default_rate'], 2)} defaulted, mean PD {share(s['mean_pd'], 2)}"
        ),
        table=table,
    )


def _used_for(performance: Row) -> str:
    return str(performance["split"]).replace("_", " ")
