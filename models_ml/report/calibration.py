"""Are the probabilities right, and does the top of the list hold the defaulters? Calibration and gains."""

from __future__ import annotations

import duckdb

from models_ml.report.formats import number, share, share_between
from models_ml.report.layout import Figure, Table
from models_ml.report.queries import Row, read
from models_ml.report.svg_chart import Axis, Plot, share_axis


def calibration_figure(connection: duckdb.DuckDBPyConnection) -> Figure:
    """Expected and observed default rate of each risk band."""
    bands = read(connection, "calibration")
    top = max(max(b["expected_default_rate"], b["observed_high"]) for b in bands)
    plot = Plot(
        "calibration",
        "Calibration by risk band",
        "Observed default rate with its interval, and expected default rate, for each risk band.",
        Axis(
            "Risk band",
            -0.5,
            len(bands) - 0.5,
            ticks=range(len(bands)),
            names=[b["risk_band"] for b in bands],
        ),
        share_axis("Default rate", top * 1.05),
    )
    for i, b in enumerate(bands):
        plot.interval((i - 0.1, b["observed_low"]), (i - 0.1, b["observed_high"]), "thin s1")
        expected, observed = (
            share(b["expected_default_rate"], 2),
            share(b["observed_default_rate"], 2),
        )
        plot.dot((i - 0.1, b["observed_default_rate"]), "s1", f"observed {observed}")
        plot.dot((i + 0.1, b["expected_default_rate"]), "s2", f"expected {expected}")
        plot.read(
            i,
            f"Band {b['risk_band']}: expected {expected}, observed {observed} of "
            f"{number(b['n_applicants'])} applicants: {b['traffic_light']}",
        )
    plot.legend("observed, 95 % interval", "dot", "s1")
    plot.legend("expected (mean PD)", "dot", "s2")
    findings = [
        f"{b['risk_band']} {b['traffic_light']}" for b in bands if b["traffic_light"] != "green"
    ]
    return Figure(
        title="Calibration by risk band: " + (", ".join(findings) if findings else "all green"),
        reading="Green: the mean PD lies within the interval of what happened, or close to it. Amber or red: look "
        "at the table for the direction; PDs that are too low need a new calibration before they price anything.",
        plot=plot,
        table=Table(
            (
                "Band",
                "Light",
                "PD is",
                "Applicants",
                "Defaulted",
                "Expected",
                "Observed",
                "95 % interval",
            ),
            [
                (
                    b["risk_band"],
                    b["traffic_light"],
                    b["pd_is"],
                    number(b["n_applicants"]),
                    number(b["n_defaulted"]),
                    share(b["expected_default_rate"], 2),
                    share(b["observed_default_rate"], 2),
                    share_between(b["observed_low"], b["observed_high"], 2),
                )
                for b in bands
            ],
            n_words=3,
        ),
    )


def reliability_figure(connection: duckdb.DuckDBPyConnection) -> Figure:
    """Mean PD against default rate of each tenth of the applicants."""
    deciles = read(connection, "gains")
    top = 1.08 * max(max(d["mean_pd"], d["default_rate"]) for d in deciles)
    plot = Plot(
        "reliability",
        "Reliability by tenth",
        "Default rate of each tenth of the applicants against its mean PD.",
        share_axis("Mean PD of the tenth", top),
        share_axis("Default rate", top),
    )
    plot.interval((0, 0), (top, top), "rule")
    plot.label("as expected", plot.at(top * 0.62, top * 0.5))
    for d in deciles:
        words = f"Tenth {d['decile']}: mean PD {share(d['mean_pd'], 2)}, {share(d['default_rate'], 2)} defaulted"
        plot.dot((d["mean_pd"], d["default_rate"]), "s1", words)
        plot.read(d["mean_pd"], words)
    return Figure(
        title="Reliability by tenth of the applicants",
        reading="Each dot is a tenth of the applicants by PD. Above the line more defaulted than expected, "
        "below it fewer; dots scatter by chance, more so the fewer defaulters there are.",
        plot=plot,
        table=_decile_table(deciles),
    )


def gains_figure(connection: duckdb.DuckDBPyConnection) -> Figure:
    """Share of all defaulters in the riskiest tenths."""
    deciles = read(connection, "gains")
    plot = Plot(
        "gains",
        "Gains by decile",
        "Share of all defaulters found in the riskiest tenths of the applicants.",
        share_axis("Applicants, riskiest first"),
        share_axis("Defaulters found"),
    )
    plot.interval((0, 0), (1, 1), "rule")
    plot.label("by chance", plot.at(0.62, 0.5))
    curve = [(d["cumulative_applicants"], d["cumulative_gain"]) for d in deciles]
    plot.line([(0.0, 0.0), *curve], "s1", "this model")
    for point, d in zip(curve, deciles, strict=True):
        words = (
            f"Riskiest {share(point[0], 0)} of applicants: {share(point[1])} of all defaulters; default rate of this "
            f"tenth {share(d['default_rate'])}, {number(d['lift'], 2)} times the average"
        )
        plot.dot(point, "s1", words)
        plot.read(point[0], words)
    return Figure(
        title="Gains",
        reading="How many of the defaulters a review of the riskiest applicants would find, and by how much that beats "
        "looking at applicants by chance.",
        plot=plot,
        table=_decile_table(deciles),
    )


def _decile_table(deciles: list[Row]) -> Table:
    return Table(
        ("Decile", "Applicants", "Defaulted", "Mean PD", "Default rate", "Lift", "Found so far"),
        [
            (
                str(d["decile"]),
                number(d["n_applicants"]),
                number(d["n_defaulted"]),
                share(d["mean_pd"], 2),
                share(d["default_rate"], 2),
                number(d["lift"], 2),
                share(d["cumulative_gain"]),
            )
            for d in deciles
        ],
    )
