"""The report: figures as a library computes them, pages that need nothing but themselves, errors in one sentence."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
import yaml
from sklearn.metrics import roc_auc_score, roc_curve
from support.installation import Installation

from models_ml.errors import MissingInputError, OutputError, UsageError
from models_ml.report.chart import Axis, Bars, Chart, round_ticks
from models_ml.report.discrimination import N_POINTS
from models_ml.report.drivers import ablation_figures
from models_ml.report.model_card import SIMULATED
from models_ml.report.pages import write_applicant_page, write_report
from models_ml.report.queries import QUERIES, read
from models_ml.report.svg_chart import Drawing
from models_ml.report.tables import Table
from models_ml.settings import PROJECT_ROOT, Settings


class Page(HTMLParser):
    """What a test looks for in a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text()
        self.links: list[str] = []
        self.counts = dict.fromkeys(("svg", "title", "desc", "figure", "table"), 0)
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.counts:
            self.counts[tag] += 1
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href")
        ]

    @property
    def data(self) -> dict:
        found = re.search(r'id="page-data">(.*?)</script>', self.text, flags=re.DOTALL)
        assert found
        return json.loads(found[1])


@pytest.fixture(scope="module")
def report(finished_run: Installation) -> Path:
    (page,) = finished_run.command("report").stdout.split()
    return Path(page)


def some_id(installation: Installation) -> int:
    return int(installation.query("select max(id) as id from applicant_scores")["id"][0])


def test_the_report_is_one_file_that_needs_nothing_else(
    finished_run: Installation, report: Path
) -> None:
    assert report == finished_run.home / "report" / "report.html"
    assert [path.name for path in report.parent.iterdir()] == ["report.html"]
    page = Page(report)
    assert all(link.startswith(("#", "data:,")) for link in page.links), page.links
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", page.text)
    assert "default-src 'none'" in page.text
    assert report.stat().st_size < 1_500_000
    assert report.stat().st_mode & 0o077 == 0


def test_every_chart_is_named_described_and_repeated_as_a_table(report: Path) -> None:
    page = Page(report)
    assert page.counts["svg"] >= 12
    assert page.counts["title"] >= page.counts["svg"]
    assert page.counts["desc"] == page.counts["svg"]
    for figure in re.findall(r"<figure.*?</figure>", page.text, flags=re.DOTALL):
        assert "<table>" in figure
        assert "<figcaption>" in figure


def test_figures_on_the_page_are_those_of_the_warehouse(
    finished_run: Installation, report: Path
) -> None:
    page = Page(report)
    performance = finished_run.query(
        "select * from model_performance where scope = 'split' and split = 'out_of_time'"
    ).iloc[0]
    for name in ("auc", "gini", "ks"):
        assert f"<dd>{performance[name]:.3f}<small>" in page.text
    n_scored = finished_run.query("select count(*) as n from applicant_scores")["n"][0]
    assert f"for {n_scored:,} applicants" in page.text
    cutoffs = finished_run.query(
        "select * from cutoff_table where split = 'out_of_time' order by cutoff"
    )
    positions = page.data["cutoffs"]
    assert [p["shown"]["points"] for p in positions] == [f"{c:,}" for c in cutoffs["cutoff"]]
    middle = len(positions) // 2
    row, shown = cutoffs.iloc[middle], positions[middle]["shown"]
    assert shown["approved"] == f"{100 * row['approval_rate']:.1f} %"
    assert shown["bad"] == f"{100 * row['bad_rate']:.2f} %"
    assert shown["bad-declined"] == f"{100 * row['share_of_bad_declined']:.1f} %"


def test_simulated_applicants_are_called_so_and_real_ones_are_not(
    finished_run: Installation, report: Path, tmp_path: Path
) -> None:
    assert (finished_run.raw / "oracle.parquet").is_file()
    assert SIMULATED in report.read_text()
    elsewhere = Settings(raw=tmp_path, home=finished_run.home)
    text = write_report(elsewhere, tmp_path / "report").read_text()
    assert SIMULATED not in text
    assert "imulated" not in text


def test_page_of_an_applicant(finished_run: Installation) -> None:
    applicant_id = some_id(finished_run)
    (path,) = finished_run.command("report", "--id", str(applicant_id)).stdout.split()
    assert Path(path).name == f"applicant-{applicant_id}.html"
    page = Page(Path(path))
    assert all(link.startswith("data:,") for link in page.links)
    score = finished_run.query(f"select * from applicant_scores where id = {applicant_id}").iloc[0]
    assert f"<dd>{score['score']}<small>" in page.text
    assert f"<dd>{100 * score['pd']:.2f} %<small>" in page.text
    texts = finished_run.query("select code, text from reason_codes").set_index("code")["text"]
    named = [
        texts[code]
        for code in score["reason_codes"]
        if score["contributions"][int(code[1:]) - 1] > 0
    ]
    assert re.findall(r"<h3>\d\. (.*?) \(", page.text) == named
    parts = [pd.read_parquet(part) for part in finished_run.raw.glob("train_data_*.pq")]
    products = pd.concat(parts).query("id == @applicant_id").sort_values("rn", ascending=False)
    behind = page.text.split('id="products"')[1]
    rows = re.findall(r'<tr><th scope="row">(\d+)</th><td>(open|closed)</td>', behind)
    state = products["fclose_flag"].map({1: "open", 0: "closed"})
    assert rows == list(zip(products["rn"].astype(str), state, strict=True))
    # Code 3 of month 0 is "no record" for the dictionary: the last of its four codes.
    marks = re.findall(r'aria-hidden="true"><span class="(\w+)">', behind)
    styles = {0: "paid", 1: "problem", 2: "problem", 3: "none"}
    assert marks == [styles[code] for code in products["enc_paym_0"]]


def test_points_of_the_curves_are_points_of_the_true_curves() -> None:
    random = np.random.default_rng(5)
    score = random.integers(480, 640, 6000)
    pd_ = 1 / (1 + 50 * 2 ** ((score - 600) / 20))
    defaulted = (random.random(6000) < pd_).astype(int)
    people = pd.DataFrame(
        {"pd": pd_, "score": score, "defaulted": defaulted, "split": "out_of_time"}
    )
    people.loc[:500, "split"] = "train"  # must not count
    with duckdb.connect() as connection:
        connection.register("int_monitored_applicants", people)
        points = pd.DataFrame(read(connection, "separation", n_points=40))
    tested = people.query("split == 'out_of_time'")
    false_rate, true_rate, _ = roc_curve(tested["defaulted"], tested["pd"], drop_intermediate=False)
    true_points = {(round(x, 9), round(y, 9)) for x, y in zip(false_rate, true_rate, strict=True)}
    found = list(
        zip(points["share_of_others"].round(9), points["share_of_defaulters"].round(9), strict=True)
    )
    assert set(found) <= true_points
    assert found[-1] == (1.0, 1.0)
    assert 30 <= len(points) <= 60
    gap = (points["share_of_defaulters"] - points["share_of_others"]).abs()
    assert gap.max() == pytest.approx(np.abs(true_rate - false_rate).max(), abs=1e-12)
    assert list(points["is_largest_gap"]).count(True) == 1
    area = np.trapezoid([0, *points["share_of_defaulters"]], [0, *points["share_of_others"]])
    assert area == pytest.approx(roc_auc_score(tested["defaulted"], tested["pd"]), abs=2e-3)


def test_a_curve_of_many_scores_is_thinned(finished_run: Installation) -> None:
    with duckdb.connect(str(finished_run.settings.warehouse.path), read_only=True) as connection:
        points = read(connection, "separation", n_points=N_POINTS)
    assert N_POINTS <= len(points) <= 2 * N_POINTS + 2


def test_the_ablation_is_shown_when_it_was_recorded() -> None:
    assert ablation_figures({"out_of_time": {}}) == ()
    estimate = {"value": 0.7, "low": 0.65, "high": 0.75}
    rows = [
        {
            "contender": name,
            "auc": estimate,
            "over_organisers": {"value": 0.01, "low": 0.0, "high": 0.02},
        }
        for name in ("counts only", "counts and latent code (champion)")
    ]
    (figure,) = ablation_figures({"ablation": rows})
    assert figure.table.cells()[0] == (
        "counts only",
        "0.7000",
        "0.6500 to 0.7500",
        "0.0100",
        "0.0000 to 0.0200",
    )
    assert "counts and latent code (champion)" in Drawing(figure).markup()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-0.11, 0.16, [-0.1, -0.05, 0, 0.05, 0.1, 0.15]),
        (537, 611, [540, 560, 580, 600]),
        (0, 0.0042, [0, 0.001, 0.002, 0.003, 0.004]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert round_ticks(low, high) == pytest.approx(expected)


def test_text_in_a_chart_cannot_become_markup() -> None:
    chart = Chart(
        key="k",
        title="<script>alert(1)</script>",
        description="a & b",
        caption="",
        x=Axis("<b>", -1, 1),
        y=Axis('"', 0, 1),
        rows=[{"value": 1}],
        marks=(Bars(value="value", name="<i>", span=(-1, 1)),),
        read=lambda row: "</svg>",
        table=Table((), ()),
    )
    markup = Drawing(chart).markup()
    assert "<script>" not in markup
    assert "<i>" not in markup
    assert markup.count("</svg>") == 1


def test_nothing_scored_is_said(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    result = installation.command("report", check=False)
    assert result.returncode == 66
    assert "scorehouse run" in result.stderr
    assert "Traceback" not in result.stderr
    installation.home.mkdir(exist_ok=True)
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("create table applicant_features (id bigint)")
    with pytest.raises(MissingInputError, match="applicant_scores does not exist"):
        write_report(installation.settings, tmp_path)


def test_nobody_scored_is_said(finished_run: Installation, tmp_path: Path) -> None:
    settings = Settings(raw=tmp_path, home=tmp_path)
    with duckdb.connect(str(settings.warehouse.path)) as connection:
        connection.execute(
            f"attach '{finished_run.settings.warehouse.path}' as full_one (read_only)"
        )
        for table in ("applicant_scores", "int_monitored_applicants"):
            connection.execute(f"create table {table} as from full_one.{table} where false")
    with pytest.raises(MissingInputError, match="No applicant has been scored"):
        write_report(settings, tmp_path)
    with pytest.raises(MissingInputError, match="No applicant has been scored"):
        write_applicant_page(settings, tmp_path, 1)


def test_an_unknown_applicant_is_named(finished_run: Installation, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    result = finished_run.command("report", "--id", "999999999", "--out", str(out), check=False)
    assert result.returncode == UsageError.exit_code == 64
    _, error = result.stderr.strip().splitlines()  # after the title of the step
    assert "999999999" in error
    assert not out.exists()


def test_an_unwritable_folder_leaves_the_old_report(
    finished_run: Installation, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "pages")
    result = finished_run.command("report", "--out", out, check=False)
    assert result.returncode == OutputError.exit_code == 73
    _, error = result.stderr.strip().splitlines()  # after the title of the step
    assert "--out FOLDER" in error
    # A folder where the file should be: the new page is whole, and cannot take its place.
    folder = tmp_path / "pages"
    (folder / "report.html" / "old").mkdir(parents=True)
    with pytest.raises(OutputError, match="unchanged"):
        write_report(finished_run.settings, folder)
    assert [path.name for path in folder.iterdir()] == ["report.html"]


def test_the_exposure_names_the_tables_that_the_queries_read() -> None:
    exposures = yaml.safe_load((PROJECT_ROOT / "dbt_project/models/exposures.yml").read_text())
    (exposure,) = (e for e in exposures["exposures"] if e["name"] == "model_report")
    named = {re.findall(r"'(\w+)'", table)[0] for table in exposure["depends_on"]}
    read_by_queries: set[str] = set()
    for query in QUERIES.glob("*.sql"):
        sql = sqlglot.parse_one(query.read_text(), dialect="duckdb")
        inner = {cte.alias for cte in sql.find_all(sqlglot.exp.CTE)}
        read_by_queries |= {table.name for table in sql.find_all(sqlglot.exp.Table)} - inner
    seen_elsewhere = {"data_dictionary", "applicant_outcomes"}
    assert read_by_queries - seen_elsewhere == named
