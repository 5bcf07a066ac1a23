"""F68: what the pages say is so: sentences follow the manifest, charts hold their marks, words are true at the ends."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from support.installation import Installation
from support.small_model import SmallModel

from models_ml.features.roles import read_roles
from models_ml.report.applicant_figures import standing, standing_figure
from models_ml.report.applicant_page import read_applicant
from models_ml.report.calibration import calibration_figure, gains_figure, reliability_figure
from models_ml.report.card_text import CardText, card_text, measured_on
from models_ml.report.chart import Axis, Bars, Chart, Dots, Rule
from models_ml.report.cutoff_simulator import read_simulator
from models_ml.report.discrimination import distribution_figure, separation_figures
from models_ml.report.drivers import code_figures, contribution_figure
from models_ml.report.formats import odds, share, signed
from models_ml.report.stability import (
    ShiftLimits,
    feature_stability_figure,
    performance_figures,
    score_stability_figure,
)
from models_ml.report.svg_chart import Drawing
from models_ml.report.tables import Table
from models_ml.scoring.blend import Blend
from models_ml.scoring.calibration import BetaCalibration
from models_ml.scoring.scorecard import PointsScale, RiskBands
from models_ml.settings import PROJECT_ROOT

ROLES = read_roles(PROJECT_ROOT / "dbt_project" / "seeds" / "data_dictionary.csv")

FACTS: dict[str, Any] = {
    "settings": {
        "sample": 5000,
        "encoder": {"max_applicants": 90},
        "booster": {"negative_share": 0.5},
    },
    "calibration_log_loss": {"platt": 0.3, "isotonic": 0.4},
    "data": {
        "raw_parts": {"one": {"rows": 10}, "two": {"rows": 20}},
        "slices": {
            "train": {"applicants": 100, "first_id": 0, "last_id": 99},
            "early_stopping": {"applicants": 20, "first_id": 100, "last_id": 119},
            "calibration": {"applicants": 30, "first_id": 120, "last_id": 149},
            "out_of_time": {"applicants": 40, "first_id": 150, "last_id": 189},
        },
    },
    "metrics": {"out_of_time": {"n_applicants": 40}},
}
TOTALS = {
    "n_scored": 300,
    "n_known": 190,
    "n_thin_files": 7,
    "n_with_unseen_codes": 3,
    "n_tested": 40,
    "first_id": 150,
}
NOW = {"n_applicants": 40}


def leaves(facts: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from leaves(value, *path, name)
        else:
            yield (*path, name)


def changed(facts: Any, path: tuple[str, ...]) -> Any:
    other = copy.deepcopy(facts)
    place = other
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = 0.25 if isinstance(place[path[-1]], float) else place[path[-1]] + 1000
    return other


UNSAID = {
    ("data", "slices", name, end)  # only whether they overlap is said
    for name in FACTS["data"]["slices"]
    for end in ("first_id", "last_id")
} | {("data", "slices", "out_of_time", "applicants")}  # stands in the table beside
LIMIT = ("settings", "encoder", "max_applicants")


@pytest.fixture
def text(small_model: SmallModel) -> Callable[..., CardText]:
    def write(facts: Any = FACTS, totals: Any = TOTALS, now: Any = NOW, **parts: Any) -> CardText:
        model = replace(small_model.artifact, facts=facts, **parts)
        return card_text(model, totals, now, is_simulated=False)

    return write


@pytest.mark.fault("F68")
def test_every_fact_of_the_manifest_on_the_card_changes_its_sentence(
    text: Callable[..., CardText],
) -> None:
    before = text()
    said = set(leaves(FACTS)) - UNSAID
    assert len(said) >= 11
    for path in said:
        assert text(facts=changed(FACTS, path)) != before, path
        if path[0] != "calibration_log_loss":  # whatever was compared is listed
            with pytest.raises(KeyError):
                text(facts=without(FACTS, path))
    for name in set(TOTALS) - {"n_tested", "first_id"}:
        assert text(totals={**TOTALS, name: 290}) != before, name
    assert text(now={"n_applicants": 41}) != before


def without(facts: Any, path: tuple[str, ...]) -> Any:
    other = copy.deepcopy(facts)
    place = other
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return other


@pytest.mark.fault("F68")
def test_every_part_of_the_model_on_the_card_changes_its_sentence(
    text: Callable[..., CardText], small_model: SmallModel
) -> None:
    artifact, before = small_model.artifact, text()
    assert "0.800 times the log-odds of LightGBM plus 0.300 times" in " ".join(before.how)
    others: list[dict[str, Any]] = [
        {"blend": Blend(0.8, 0.31)},
        {"blend": Blend(1.0, 0.0)},
        {"blend": Blend(0.0, 1.0)},
        {"booster": artifact.booster.replace("\nTree=0\n", "\nTree 0\n")},
        {"calibration": BetaCalibration(intercept=0.0, a=1.0, b=1.0)},
        {"contract": replace(artifact.contract, columns=artifact.contract.columns[1:])},
        {"contract": replace(artifact.contract, n_recent=14)},
        {"bands": RiskBands((601, 580, 560, 540, 520, 500))},
        *(
            {"scale": PointsScale(*values)}
            for values in ((601, 50, 20), (600, 51, 20), (600, 50, 21))
        ),
    ]
    for parts in others:
        assert text(**parts) != before, parts
    assert "Only LightGBM counts" in " ".join(text(blend=Blend(1.0, 0.0)).how)
    assert "Only the autoencoder counts" in " ".join(text(blend=Blend(0.0, 1.0)).how)
    assert "joins" not in " ".join(before.how)


@pytest.mark.fault("F68")
def test_overlapping_slices_are_said(
    text: Callable[..., CardText], small_model: SmallModel
) -> None:
    assert "came after all" in " ".join(text().data)
    facts = copy.deepcopy(FACTS)
    facts["data"]["slices"]["calibration"]["last_id"] = 150
    assert "overlap" in " ".join(text(facts=facts).data)
    model = replace(small_model.artifact, facts=FACTS)
    assert measured_on(model, TOTALS).endswith("after everyone the model was built from")
    assert "flatter" in measured_on(replace(model, facts=facts), TOTALS)


@pytest.mark.fault("F68")
def test_the_template_of_the_card_states_no_fact_by_itself() -> None:
    template = (PROJECT_ROOT / "models_ml/report/templates/card.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]*>|\{[{%].*?[%}]\}", " ", template, flags=re.DOTALL)
    assert not re.search(r"\d|LightGBM|autoencoder|calibrat|simulated|manifest", plain), plain


@pytest.mark.fault("F68")
@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (0.0, 1, "0.0 %"),
        (1.0, 1, "100.0 %"),
        (1 - 1e-13, 1, "100.0 %"),
        (0.00001, 1, "< 0.1 %"),
        (0.99999, 1, "> 99.9 %"),
        (0.00001, 2, "< 0.01 %"),
        (0.99999, 2, "> 99.99 %"),
        (0.99999, 0, "> 99 %"),
        (0.0005, 1, "0.1 %"),
        (0.5, 1, "50.0 %"),
        (None, 1, "–"),
    ],
)
def test_only_nothing_is_0_and_only_everything_is_100_percent(
    value: float | None, digits: int, words: str
) -> None:
    assert share(value, digits) == words


@pytest.mark.fault("F68")
def test_odds_and_signs_at_the_ends() -> None:
    assert odds(1 / 56.1) == "55.1 to 1"
    assert odds(0.5) == "1.0 to 1"
    assert odds(0.93) == "1 to 13.3"
    assert odds(1e-6) == "999,999 to 1"
    assert odds(0.0) == odds(1.0) == "no odds"
    assert [signed(v) for v in (0.094, -0.19, 0.0, 0.002, -0.0004, 1e-9)] == [
        "+0.09", "−0.19", "0", "+0.002", "−0.0004", "≈ 0",
    ]  # fmt: skip


@pytest.mark.fault("F68")
@pytest.mark.parametrize(
    ("below", "above", "everyone", "words"),
    [
        (0, 0, 1, "the only applicant scored"),
        (0, 0, 5, "the same as all other 4"),
        (0, 999, 1000, "the lowest of 1,000"),
        (0, 997, 1000, "the lowest of 1,000, as 2 others"),
        (999, 0, 1000, "the highest of 1,000"),
        (998, 0, 1000, "the highest of 1,000, as one other"),
        (2, 990, 1000, "higher than 2 of 1,000 applicants"),
        (990, 2, 1000, "lower than 2 of 1,000 applicants"),
        (400, 500, 1000, "higher than 40.0 % of 1,000 applicants"),
    ],
)
def test_where_an_applicant_stands(below: int, above: int, everyone: int, words: str) -> None:
    assert standing({"n_below": below, "n_above": above, "n_scored": everyone}) == words


def marks_outside(chart: Chart) -> list[str]:
    """Marks of a chart that leave the area between its axes, and texts that begin outside the picture."""
    plot = Drawing(chart)
    left, right = plot.left - 0.1, plot.width - plot.right + 0.1
    top, foot = plot.top - 0.1, plot.height - plot.bottom + 0.1
    outside = []
    for mark in plot.svg:
        kind, style = mark.tag, mark.get("class", "")
        get = lambda *names, mark=mark: [float(mark.get(name, "nan")) for name in names]  # noqa: E731
        if kind == "rect":
            (x, y), (width, height) = get("x", "y"), get("width", "height")
            xs, ys = [x, x + width], [y, y + height]
        elif kind == "line":
            xs, ys = get("x1", "x2"), get("y1", "y2")
        elif kind == "circle":
            xs, ys = get("cx"), get("cy")
        elif kind == "path":
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", mark.get("d", ""))]
            xs, ys = numbers[::2], numbers[1::2]
            if "dot" in style:  # a diamond: its middle
                xs, ys = [(min(xs) + max(xs)) / 2], [(min(ys) + max(ys)) / 2]
        elif kind == "text":
            x, y = get("x", "y")
            if not mark.get("transform") and not (0 <= x <= plot.width and 0 <= y <= plot.height):
                outside.append(f"{chart.key}: text {mark.text}")
            continue
        else:
            continue
        if style == "cursor" or max(ys) < plot.top - 5:  # the legend stands above
            continue
        if min(xs) < left or max(xs) > right or min(ys) < top or max(ys) > foot:
            outside.append(f"{chart.key}: {kind} {style} {xs} {ys}")
    return outside


def figures(connection: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    limits = ShiftLimits(0.1, 0.25)
    yield from separation_figures(connection)
    yield from performance_figures(connection)
    yield from code_figures(connection)
    for draw in (
        *(gains_figure, distribution_figure, calibration_figure, reliability_figure),
        *(contribution_figure,),
    ):
        yield draw(connection)
    yield score_stability_figure(connection, limits)
    yield feature_stability_figure(connection, limits)
    yield read_simulator(connection).figure


@pytest.mark.fault("F68")
def test_every_mark_lies_inside_its_chart(finished_run: Installation) -> None:
    with duckdb.connect(str(finished_run.settings.warehouse.path), read_only=True) as connection:
        charts = [figure for figure in figures(connection) if isinstance(figure, Chart)]
    assert len(charts) >= 15
    assert [problem for chart in charts for problem in marks_outside(chart)] == []


@pytest.mark.fault("F68")
def test_a_mark_outside_is_found() -> None:
    chart = Chart(
        key="k",
        title="t",
        caption="c",
        description="d",
        x=Axis("x", 0, 10),
        y=Axis("y", 0, 1),
        rows=[{"x": 5, "inside": 0.5, "beyond": None}, {"x": 11, "inside": None, "beyond": 0.5}],
        position="x",
        marks=(Dots(value="inside", style="s2"),),
        read=str,
        table=Table((), ()),
    )
    assert marks_outside(chart) == []
    for mark in (
        Dots(value="beyond"),
        Bars(value="inside", span=(-6, 0)),
        Rule((5, 0.5), (5, 1.2), style="thin"),
    ):
        assert len(marks_outside(replace(chart, marks=(mark,)))) == 1, mark


@pytest.mark.fault("F68")
def test_a_chart_draws_every_row_that_has_the_value_and_reads_every_row() -> None:
    rows = [{"value": 0.2, "kind": 1}, {"value": None, "kind": 1}, {"value": 0.4, "kind": 2}]
    chart = Chart(
        key="k",
        title="t",
        caption="c",
        description="d",
        x=Axis("x", -1, 3),
        y=Axis("y", 0, 1),
        rows=rows,
        marks=(
            Dots(value="value", name="one", where=lambda row: row["kind"] == 1),
            Dots(value="value", name="two", where=lambda row: row["kind"] == 2, style="s2"),
        ),
        read=lambda row: f"{row['value']} of kind {row['kind']}",
        table=Table((), ()),
    )
    drawing = Drawing(chart)
    notes = [
        (mark.tag, title.text) for mark in drawing.svg if (title := mark.find("title")) is not None
    ]
    assert notes == [("circle", "0.2 of kind 1"), ("path", "0.4 of kind 2")]
    assert [reading["text"] for reading in drawing.readings] == [chart.read(row) for row in rows]
    assert [text.text for text in drawing.svg.findall("text[@class='legend']")] == ["one", "two"]


@pytest.mark.fault("F68")
@pytest.mark.parametrize(
    ("expected", "observed", "low", "high"),
    [(0.3, 0.05, 0.01, 0.1), (0.02, 0.0, 0.0, 0.9), (0.9, 1.0, 0.2, 1.0), (0.0, 0.0, 0.0, 0.0)],
)
def test_calibration_holds_expected_rates_and_intervals(
    expected: float, observed: float, low: float, high: float
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table calibration_by_band as select * from (values
                ('out_of_time', 'F', 0.02, 0.02, 0.01, 0.03, 'green', 'right', 900, 18),
                ('out_of_time', 'G', ?::double, ?::double, ?::double, ?::double, 'red', 'too high', 3, 1)
            ) as bands (split, risk_band, expected_default_rate, observed_default_rate, observed_low, observed_high,
                        traffic_light, pd_is, n_applicants, n_defaulted)
            """,
            [expected, observed, low, high],
        )
        chart = calibration_figure(connection)
    assert marks_outside(chart) == []


@pytest.mark.fault("F68")
@pytest.mark.parametrize(
    "scores", [[537], [537, 537], [-3, 600, 601], [480] + [570] * 20_000 + [640]]
)
def test_the_applicant_stands_out_wherever_the_score_lies(scores: list[int]) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table int_monitored_applicants (id int, split varchar, defaulted int)"
        )
        connection.execute(
            "create table applicant_scores as select unnest(?::int[]) as score, 0.1 as pd, now() as scored_at, "
            "false as thin_file, 0 as unseen_code_count, 'm' as model_version",
            [scores],
        )
        for score in {scores[0], scores[-1]}:
            below, above = (sum(s < score for s in scores), sum(s > score for s in scores))
            row = {"score": score, "n_below": below, "n_above": above, "n_scored": len(scores)}
            chart = standing_figure(connection, row)
            plot = Drawing(chart)
            assert marks_outside(chart) == []
            marks = [
                m
                for m in plot.svg
                if m.tag in ("rect", "line") and m.get("class") not in ("grid", "cursor")
            ]
            drawn = [m for m in marks if float(m.get("y1", m.get("y", "0"))) > plot.top - 5]
            assert "pointer" in drawn[-1].get("class", "")  # over everything else
            assert chart.x.low <= score <= chart.x.high
            ticks = [value for value, _ in chart.x.marks()]
            assert ticks[0] == chart.x.low
            assert ticks[-1] == chart.x.high
            bars = [float(m.get("height", "0")) for m in drawn if m.tag == "rect"]
            assert min(bars) >= 3


@pytest.mark.fault("F68")
@pytest.mark.parametrize("order", ["score", "score desc"])
def test_the_pages_of_the_worst_and_of_the_best_applicant(
    finished_run: Installation, small_model: SmallModel, order: str
) -> None:
    with duckdb.connect(str(finished_run.settings.warehouse.path), read_only=True) as connection:
        found = connection.execute(f"select id, pd from applicant_scores order by {order} limit 1")
        ((applicant_id, pd),) = found.fetchall()
        applicant = read_applicant(connection, small_model.contract, ROLES, applicant_id)
    points, probability = applicant.tiles[:2]
    assert points.note.startswith("the lowest of" if order == "score" else "the highest of")
    assert probability.note == f"odds of good to bad {odds(pd)}"
    for figure in applicant.figures:
        assert marks_outside(figure) == []
