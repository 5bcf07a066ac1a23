"""Are the probabilities right, and are the defaulters among the riskiest applicants? Calibration and gains."""

from __future__ import annotations

import duckdb

from models_ml.report.chart import Chart, Dots, Line, diagonal, named_axis, share_axis
from models_ml.report.formats import number, share
from models_ml.report.queries import read
from models_ml.report.tables import Table, numbers, share_intervals, shares, words

BANDS = (
    words("Band", "risk_band"),
    words("Light", "traffic_light"),
    words("PD is", "pd_is"),
    numbers("Applicants", "n_applicants"),
    numbers("Defaulted", "n_defaulted"),
    shares("Expected", "expected_default_rate", 2),
    shares("Observed", "observed_default_rate", 2),
    share_intervals("observed_low", "observed_high"),
)
DECILES = (
    words("Decile", "decile"),
    numbers("Applicants", "n_applicants"),
    numbers("Defaulted", "n_defaulted"),
    shares("Mean PD", "mean_pd", 2),
    shares("Default rate", "default_rate", 2),
    numbers("Lift", "lift", 2),
    shares("Found so far", "cumulative_gain"),
)


def calibration_figure(connection: duckdb.DuckDBPyConnection) -> Chart:
    """Expected and observed default rate of each risk band."""
    bands = read(connection, "calibration")
    top = max(max(b["expected_default_rate"], b["observed_high"]) for b in bands)
    findings = [
        f"{b['risk_band']} {b['traffic_light']}" for b in bands if b["traffic_light"] != "green"
    ]
    return Chart(
        key="calibration",
        title="Calibration by risk band: " + (", ".join(findings) or "all green"),
        caption="Green: the mean PD lies within the interval of the observed default rate, or close to it. Amber or "
        "red: the table says whether PDs are too high or too low; recalibrate PDs that are too low before pricing "
        "with them.",
        description="Observed default rate with its interval, and expected default rate, for each risk band.",
        x=named_axis([b["risk_band"] for b in bands], "Risk band"),
        y=share_axis("Default rate", top * 1.05),
        rows=bands,
        marks=(
            Dots(
                value="observed_default_rate",
                name="observed, 95 % interval",
                shift=-0.1,
                interval=("observed_low", "observed_high"),
            ),
            Dots(value="expected_default_rate", name="expected (mean PD)", shift=0.1, style="s2"),
        ),
        read=lambda b: (
            f"Band {b['risk_band']}: expected {share(b['expected_default_rate'], 2)}, observed "
            f"{share(b['observed_default_rate'], 2)} of {number(b['n_applicants'])} applicants: {b['traffic_light']}"
        ),
        table=Table(BANDS, bands),
    )


def reliability_figure(connection: duckdb.DuckDBPyConnection) -> Chart:
    """Mean PD against default rate of each tenth of the applicants."""
    deciles = read(connection, "gains")
    top = 1.08 * max(max(d["mean_pd"], d["default_rate"]) for d in deciles)
    return Chart(
        key="reliability",
        title="Reliability by decile",
        caption="Each dot is a tenth of the applicants, ordered by PD. Above the line more defaulted than expected, "
        "below it fewer. Some scatter is chance, the more so the fewer defaulters there are.",
        description="Default rate of each tenth of the applicants against its mean PD.",
        x=share_axis("Mean PD of the decile", top),
        y=share_axis("Default rate", top),
        rows=deciles,
        position="mean_pd",
        marks=(diagonal("as expected", top), Dots(value="default_rate")),
        read=lambda d: (
            f"Decile {d['decile']}: mean PD {share(d['mean_pd'], 2)}, {share(d['default_rate'], 2)} defaulted"
        ),
        table=Table(DECILES, deciles),
    )


def gains_figure(connection: duckdb.DuckDBPyConnection) -> Chart:
    """Share of all defaulters in the riskiest tenths."""
    deciles = read(connection, "gains")
    return Chart(
        key="gains",
        title="Gains",
        caption="How many of the defaulters a review of the riskiest applicants would find, compared with a random "
        "choice of applicants.",
        description="Share of all defaulters found in the riskiest tenths of the applicants.",
        x=share_axis("Applicants, riskiest first"),
        y=share_axis("Defaulters found"),
        rows=deciles,
        position="cumulative_applicants",
        marks=(
            diagonal("by chance"),
            Line(value="cumulative_gain", name="this model", start=(0, 0)),
            Dots(value="cumulative_gain"),
        ),
        read=lambda d: (
            f"Riskiest {share(d['cumulative_applicants'], 0)} of applicants: {share(d['cumulative_gain'])} of all "
            f"defaulters; default rate of this decile {share(d['default_rate'])}, {number(d['lift'], 2)} times the "
            "average"
        ),
        table=Table(DECILES, deciles),
    )
