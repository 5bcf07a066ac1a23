"""The main job end to end: what a user finds after ``scorehouse run``."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.installation import FACTS, N_SIMULATED, Installation, real_products

from models_ml.features.batch import features_from_arrow
from models_ml.features.contract import read_contract
from models_ml.registry.loading import load_scorer
from models_ml.registry.pointers import champion_path, champion_version


@pytest.mark.fault("F32")
def test_every_applicant_with_products_has_one_score(finished_run: Installation) -> None:
    scores = finished_run.query("from applicant_scores")
    assert len(scores) == N_SIMULATED + real_products()["id"].nunique()
    assert scores["id"].is_unique
    assert scores["pd"].between(0, 1, inclusive="neither").all()
    assert set(scores["model_version"]) == {
        champion_version(finished_run.settings.artifacts),
    }
    # Higher points are safer, at odds of 50 to 1 they are 600, and 20 points double the odds.
    odds = (1 - scores["pd"]) / scores["pd"]
    expected = 600 + 20 * np.log2(odds / 50)
    assert (scores["score"] - expected).abs().max() <= 0.5


def test_published_files_hold_the_scores_of_the_warehouse(finished_run: Installation) -> None:
    folder = finished_run.settings.published
    working = finished_run.query("from applicant_scores order by id")
    with duckdb.connect(str(folder / "credit_scores.duckdb"), read_only=True) as connection:
        served = connection.sql("from applicant_scores order by id").df()
    pd.testing.assert_frame_equal(served, working)
    parquet = duckdb.sql(f"from '{folder / 'applicant_scores.parquet'}' order by id").df()
    pd.testing.assert_frame_equal(parquet, working)
    assert sorted(path.name for path in folder.iterdir()) == [
        ".snapshots",
        "applicant_scores.parquet",
        "applicant_scores_by_band",
        "credit_scores.duckdb",
    ]


def test_the_table_equals_the_scorer_called_directly(finished_run: Installation) -> None:
    settings = finished_run.settings
    contract = read_contract(settings.dictionary)
    scorer = load_scorer(champion_path(settings.artifacts), contract)
    with duckdb.connect(str(settings.warehouse.path), read_only=True) as connection:
        columns = ", ".join(contract.data_types)
        rows = connection.sql(
            f"select {columns} from applicant_features order by id"
        ).to_arrow_table()
        table = connection.sql("select id, pd, score from applicant_scores order by id").df()
    batch = features_from_arrow(rows.combine_chunks().to_batches()[0], contract)
    scores = scorer.score(batch)
    assert np.array_equal(batch.ids, table["id"])
    assert np.array_equal(scores.pd, table["pd"])
    assert np.array_equal(scores.score, table["score"])


def test_the_complete_real_applicants_are_scored(finished_run: Installation) -> None:
    products = real_products()
    complete = products.loc[products["history_complete"] == 1, "id"].unique()
    assert len(complete) == 29
    scored = finished_run.query("select id from applicant_scores")["id"]
    assert set(complete) <= set(scored)


def golden_applicants() -> list[int]:
    """Applicants whose counts were published and whose real rows are all here."""
    products = real_products()
    complete = set(products.loc[products["history_complete"] == 1, "id"])
    return sorted(complete & set(pd.read_csv(FACTS / "golden_counts.csv")["id"]))


def test_seven_applicants_have_published_counts() -> None:
    assert golden_applicants() == [0, 2, *range(3_000_000, 3_000_005)]


@pytest.mark.parametrize("applicant", golden_applicants())
def test_counts_equal_the_published_ones(finished_run: Installation, applicant: int) -> None:
    golden = pd.read_csv(FACTS / "golden_counts.csv").set_index("id").loc[applicant]
    features = finished_run.query(f"from applicant_features where id = {applicant}").iloc[0]
    assert features["n_products"] == golden["n_products"]
    compared = 0
    for column in read_contract(finished_run.settings.dictionary).columns:
        counts = features[column.name]
        for code in range(column.n_codes):
            name = f"{column.name}_{code}"
            # The published table leaves out codes that its training data never shows.
            assert counts[code] == golden.get(name, 0), name
            compared += name in golden.index
    assert compared == 419


def test_the_model_separates_applicants_it_never_saw(finished_run: Installation) -> None:
    # The figure itself is reported by the benchmarks; here it only must not be chance.
    result = finished_run.home.parent / "run.txt"
    auc = float(result.read_text().split("out-of-time AUC ")[1].split()[0])
    assert 0.55 < auc < 0.95


def test_summary_says_what_was_done_and_where_to_look(finished_run: Installation) -> None:
    text = (finished_run.home.parent / "run.txt").read_text()
    assert f"{N_SIMULATED + real_products()['id'].nunique():,} applicants" in text
    assert str(finished_run.settings.published / "credit_scores.duckdb") in text
    for name in ("features", "training", "scoring", "publishing"):
        assert f"{name} " in text
    progress = (finished_run.home.parent / "run_progress.txt").read_text()
    assert "Training LightGBM" in progress


@pytest.mark.fault("F12", "F69")
def test_a_second_run_changes_no_score(finished_run: Installation) -> None:
    columns = "select id, pd, score, model_version from applicant_scores order by id"
    before = finished_run.query(columns)
    # As under a scheduler on an old host: standard output that cannot draw the table at the end.
    result = finished_run.command("run", environment={"PYTHONIOENCODING": "latin-1"})
    assert "+---" in result.stdout
    assert "training" not in result.stdout
    pd.testing.assert_frame_equal(finished_run.query(columns), before)


def test_status_knows_what_is_built(finished_run: Installation) -> None:
    text = finished_run.command("status").stdout
    assert "->" not in text, text
    assert f"{N_SIMULATED + real_products()['id'].nunique():,} applicants" in text


def test_sql_answers_from_the_published_file(finished_run: Installation) -> None:
    answer = finished_run.command("sql", "select count(*) as n from applicant_scores").stdout
    assert str(N_SIMULATED + real_products()["id"].nunique()) in answer
    refused = finished_run.command("sql", "drop table applicant_scores", check=False)
    assert refused.returncode == 64
    assert "read-only" in refused.stderr
