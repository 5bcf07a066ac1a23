"""The scoring tables over time: new features, new models, interrupted runs; built by the real dbt."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.installation import Installation, real_products, write_part

from models_ml.errors import ArtifactError, BuildError, MissingInputError
from models_ml.features.batch import FeatureBatch
from models_ml.jobs.replay import replay_score
from models_ml.publishing.files import publish
from models_ml.registry.artifact import load_artifact, save_artifact
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.pointers import champion_path, champion_version, set_champion
from models_ml.scoring.calibration import PlattCalibration
from models_ml.warehouse.dbt import run_dbt

SCORING = ("--selector", "scoring")
PROVENANCE = ["run_id", "scored_at"]
PART = "train_data_real.pq"
POLICY = ["approve_below_pd", "decline_from_pd", "loss_given_default", "exposure_at_default"]


@pytest.fixture
def installation(finished_run: Installation, tmp_path: Path) -> Installation:
    """A copy that a test may change."""
    shutil.copytree(finished_run.raw, tmp_path / "raw")
    shutil.copytree(finished_run.home, tmp_path / "home")
    return Installation(tmp_path / "raw", tmp_path / "home")


def scores(installation: Installation) -> pd.DataFrame:
    return installation.query("from applicant_scores order by id").set_index("id")


def history(installation: Installation) -> pd.DataFrame:
    return installation.query("from applicant_scores_history order by id, scored_at")


def another_model(installation: Installation, intercept: float = 0.5) -> str:
    """A second model, which finds everyone riskier or safer than the champion does."""
    artifacts = installation.settings.artifacts
    artifact = load_artifact(champion_path(artifacts))
    changed = replace(artifact, calibration=PlattCalibration(intercept=intercept, slope=1.2))
    golden = artifact.golden
    rows = FeatureBatch(
        np.arange(len(golden["pd"]), dtype=np.int64),
        np.array(golden["tree_features"], np.uint8),
        np.array(golden["recent"], np.uint8),
    )
    return save_artifact(replace(changed, golden=golden_rows(changed, rows)), artifacts).name


def change_an_applicant(installation: Installation) -> int:
    """Give one real applicant another code, as a corrected delivery would."""
    products = real_products()
    applicant = int(products["id"].iloc[0])
    products.loc[products["id"] == applicant, "pre_util"] = 3
    write_part(products, installation.raw / PART)
    return applicant


def test_only_changed_applicants_are_scored_anew_and_a_full_run_agrees(
    installation: Installation, tmp_path: Path
) -> None:
    before = scores(installation)
    applicant = change_an_applicant(installation)
    run_dbt(installation.settings, ("build",))
    after = scores(installation)
    rescored = after.index[after["run_id"] != before["run_id"].iloc[0]]
    assert list(rescored) == [applicant]
    assert after.loc[applicant, "features_hash"] != before.loc[applicant, "features_hash"]
    others = after.index != applicant
    pd.testing.assert_frame_equal(after[others], before[others])
    assert len(history(installation)) == len(before) + 1

    # What a model-risk team asks for: the score of before, from features that the table has no more.
    earlier = (after.loc[applicant, "scored_at"] - timedelta(seconds=1)).to_pydatetime()
    then, now = (
        replay_score(installation.settings, applicant, earlier),
        replay_score(installation.settings, applicant),
    )
    for replay, table in ((then, before), (now, after)):
        assert {name: was for name, was, _ in replay.fields}["pd"] == table.loc[applicant, "pd"]
        replay.check()

    fresh = Installation(installation.raw, tmp_path / "fresh")
    shutil.copytree(installation.settings.artifacts, fresh.settings.artifacts)
    run_dbt(fresh.settings, ("build", "--vars", "{batch_applicants: 5000}"))
    pd.testing.assert_frame_equal(
        scores(fresh).drop(columns=PROVENANCE), after.drop(columns=PROVENANCE)
    )


def test_decisions_follow_the_declared_cutoffs_and_losses(finished_run: Installation) -> None:
    table = scores(finished_run)
    expected = np.where(
        table["pd"] < 0.05, "approve", np.where(table["pd"] < 0.1, "refer", "decline")
    )
    assert (table["decision"] == expected).all()
    assert table["decision"].nunique() > 1
    assert (table["expected_loss"] == table["pd"] * 0.45).all()
    assert set(table["decision_policy"]) == {
        "approve below 0.05, decline from 0.1; LGD 0.45, EAD 1"
    }
    numbers = table[POLICY].drop_duplicates()
    assert numbers.to_numpy().tolist() == [[0.05, 0.1, 0.45, 1.0]]
    features = finished_run.query("select id, features_hash from applicant_features order by id")
    assert list(features["features_hash"]) == list(table["features_hash"])


def test_a_history_without_the_numbers_of_the_policy_gains_them_once(
    installation: Installation,
) -> None:
    """A home of an earlier release: nobody is scored again, no row is lost, every score can be replayed."""
    settings = installation.settings
    before, given = scores(installation), history(installation)
    first, reworded = int(given["id"].iloc[0]), int(given["id"].iloc[1])
    with duckdb.connect(str(settings.warehouse.path)) as connection:
        for table in ("applicant_scores", "applicant_scores_history"):
            for column in POLICY:
                connection.execute(f"alter table {table} drop column {column}")
        connection.execute(
            "insert into applicant_scores_history select * replace ('pd-0' as model_version, "
            f"'by hand' as decision_policy) from applicant_scores_history where id = {reworded}"
        )
    replay_score(settings, first).check()  # before any run, as from a backup

    run_dbt(settings, ("run", *SCORING))
    after = history(installation)
    ours = after[after["decision_policy"] != "by hand"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours[given.columns], given)
    pd.testing.assert_frame_equal(scores(installation)[before.columns], before)
    assert len(after) == len(given) + 1
    assert not ours[POLICY].isna().any(axis=None)
    assert (
        ours[POLICY].drop_duplicates().to_numpy().tolist()
        == given[POLICY].drop_duplicates().to_numpy().tolist()
    )
    assert after.loc[after["decision_policy"] == "by hand", POLICY].isna().all(axis=None)
    replay_score(settings, first).check()


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"approve_below_pd": 0.3, "decline_from_pd": 0.2}, "approve_below_pd"),
        ({"decline_from_pd": "0.2 then 1 else (select 1) end --"}, "decline_from_pd"),
        ({"exposure_at_default": -1}, "exposure_at_default"),
        ({"loss_given_default": 45}, "loss_given_default"),
    ],
)
def test_cutoffs_and_losses_are_checked(
    finished_run: Installation, variables: dict[str, object], named: str
) -> None:
    arguments = ("compile", "--select", "int_scores_due", "--vars", json.dumps(variables))
    with pytest.raises(BuildError, match=f"var {named}: expected"):
        run_dbt(finished_run.settings, arguments)


def test_views_under_former_names_are_dropped(installation: Installation) -> None:
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("create view scores_due as select 'old' as model_version")
        connection.execute("create table challenges_due as select 'mine' as note")
    run_dbt(installation.settings, ("run", "--select", "int_scores_due"))
    left = "select table_name, table_type from information_schema.tables where table_name in "
    found = installation.query(f"{left} ('scores_due', 'challenges_due')")
    assert found.values.tolist() == [["challenges_due", "BASE TABLE"]]  # a table is the user's own


def test_a_challenger_is_scored_beside_the_champion_and_decides_nothing(
    installation: Installation,
) -> None:
    settings = installation.settings
    before = scores(installation)
    assert installation.query("from challenger_scores").empty
    challenger = another_model(installation, intercept=-0.5)
    installation.command("models", "challenge", challenger)
    run_dbt(settings, ("build", *SCORING))
    pd.testing.assert_frame_equal(scores(installation), before)
    both = installation.query("from challenger_scores order by id").set_index("id")
    for name in ("pd", "score", "risk_band", "decision", "expected_loss"):
        assert (both[f"champion_{name}"] == before[name]).all()
    assert set(both["challenger_version"]) == {challenger}
    swaps = installation.query("from score_swap_set order by id").set_index("id")
    changed = both[both["champion_decision"] != both["challenger_decision"]]
    assert list(swaps.index) == list(changed.index)
    assert len(swaps) > 0
    approved = swaps["challenger_decision"] == "approve"
    assert ((swaps["swap"] == "in") == approved).all()

    # The challenger wins: its scores are those it showed, and there is no challenger any more.
    installation.command("models", "promote", challenger, "--force", "for the test")
    run_dbt(settings, ("build", *SCORING))
    promoted = scores(installation)
    assert (promoted["pd"] == both["challenger_pd"]).all()
    assert (promoted["decision"] == both["challenger_decision"]).all()
    assert installation.query("from challenger_scores").empty
    assert installation.query("from score_swap_set").empty


ABORTING_DBT = """
import os, sys
from udf.registration import ScoreFunction
score, calls = ScoreFunction.__call__, []
def abort_later(self, features):
    calls.append(1)
    if len(calls) > 5:
        os.abort()
    return score(self, features)
ScoreFunction.__call__ = abort_later
from dbt.cli.main import cli
cli()
"""


@pytest.mark.fault("F02", "F42")
@pytest.mark.faults
@pytest.mark.parametrize("fault", [pytest.param(signal.SIGABRT, id="F42-abort-in-the-udf")])
def test_an_interrupted_backfill_is_resumed_and_never_shows_two_models(
    installation: Installation, fault: signal.Signals
) -> None:
    settings, artifacts = installation.settings, installation.settings.artifacts
    before, old = scores(installation), champion_version(artifacts)
    new = another_model(installation)
    set_champion(artifacts, str(new))
    batches = ("--vars", "{batch_applicants: 4000}")
    killed = subprocess.run(
        [
            *(sys.executable, "-c", ABORTING_DBT, "run", *SCORING, *batches),
            *("--project-dir", str(settings.dbt_project), "--profiles-dir", str(settings.profiles)),
            *("--target-path", str(settings.home / "dbt_target")),
        ],
        env=installation.environment,
        cwd=settings.project,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -fault
    pd.testing.assert_frame_equal(scores(installation), before)
    done = history(installation).query("model_version == @new")
    assert len(done) in (4000, 8000)

    run_dbt(settings, ("build", *SCORING, *batches))
    after = scores(installation)
    assert set(after["model_version"]) == {new}
    assert after["run_id"].nunique() == 2
    kept = after.loc[done["id"], "run_id"]
    assert set(kept) == set(done["run_id"])
    assert len(history(installation)) == 2 * len(before)
    tables = installation.query("select table_name from duckdb_tables()")["table_name"]
    assert not tables.str.contains("__dbt").any()

    # Going back computes nothing: the scores were given before.
    set_champion(artifacts, str(old))
    run_dbt(settings, ("build", *SCORING))
    pd.testing.assert_frame_equal(scores(installation), before)
    assert len(history(installation)) == 2 * len(before)

    # A replay is of the score that counts, which is not the one that was given last.
    applicant = int(before.index[0])
    present, last = (replay_score(settings, applicant, at) for at in (None, datetime.max))
    for replay, version in ((present, old), (last, new)):
        assert {name: was for name, was, _ in replay.fields}["model_version"] == version
        replay.check()
    assert present.note is None
    assert f"by {old} has replaced this one" in str(last.note)


def remove_models(artifacts: Path) -> None:
    shutil.rmtree(artifacts)


def damage_booster(artifacts: Path) -> None:
    with (champion_path(artifacts) / "booster.txt").open("ab") as file:
        file.write(b" ")


def change_golden_rows(artifacts: Path) -> None:
    """As if this machine computed other scores than the one the model was trained on."""
    artifact = load_artifact(champion_path(artifacts))
    golden = {**artifact.golden, "pd": [value * 1.01 for value in artifact.golden["pd"]]}
    set_champion(artifacts, save_artifact(replace(artifact, golden=golden), artifacts).name)


def other_contract(artifacts: Path) -> None:
    artifact = load_artifact(champion_path(artifacts))
    contract = artifact.contract
    wider = replace(contract.columns[0], n_codes=contract.columns[0].n_codes + 1)
    changed = replace(contract, columns=(wider, *contract.columns[1:]))
    set_champion(artifacts, save_artifact(replace(artifact, contract=changed), artifacts).name)


@pytest.mark.fault("F16", "F17", "F20", "F40", "F45")
@pytest.mark.faults
@pytest.mark.parametrize(
    ("fault", "named"),
    [
        pytest.param(remove_models, "scorehouse train", id="F16"),
        pytest.param(damage_booster, "booster.txt", id="F17-F40"),
        pytest.param(other_contract, "pre_since_opened", id="F20"),
        pytest.param(change_golden_rows, "golden row", id="F45"),
    ],
)
def test_without_a_usable_model_scoring_fails_before_any_table_changes(
    installation: Installation, fault: Callable[[Path], None], named: str
) -> None:
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("delete from applicant_scores where id % 2 = 0")
    before, views = scores(installation), "select view_name, sql from duckdb_views() order by 1"
    defined = installation.query(views)
    fault(installation.settings.artifacts)
    with pytest.raises(ArtifactError, match=named) as caught:
        run_dbt(installation.settings, ("build", *SCORING))
    assert len(str(caught.value).splitlines()) == 1
    pd.testing.assert_frame_equal(scores(installation), before)
    pd.testing.assert_frame_equal(installation.query(views), defined)


@pytest.mark.fault("F14")
@pytest.mark.faults
@pytest.mark.parametrize("fault", [pytest.param("pre_util", id="F14")])
def test_no_applicants_give_an_empty_table(installation: Installation, fault: str) -> None:
    for part in installation.raw.glob("train_data_*.pq"):
        part.unlink()
    write_part(real_products().assign(**{fault: -1}), installation.raw / PART)
    run_dbt(installation.settings, ("build", "--vars", "{max_quarantine_share: 1}"))
    assert scores(installation).empty
    assert len(scores(installation).columns) == 19
    assert len(history(installation)) > 0


def test_a_mixed_table_is_not_published(installation: Installation) -> None:
    with duckdb.connect(str(installation.settings.warehouse.path)) as connection:
        connection.execute("update applicant_scores set model_version = 'pd-0' where id % 2 = 0")
    published = installation.settings.published / "applicant_scores.parquet"
    before = published.stat().st_mtime_ns
    with pytest.raises(BuildError, match="2 models"):
        publish(installation.settings.warehouse, installation.settings.published)
    assert published.stat().st_mtime_ns == before


def test_a_replay_that_differs_or_lacks_its_features_says_so(installation: Installation) -> None:
    applicant = int(scores(installation).index[0])
    assert "identical" in installation.command("replay", "--id", str(applicant)).stdout
    change = duckdb.connect(str(installation.settings.warehouse.path))
    with change:
        change.execute(
            f"update applicant_scores_history set pd = pd + 1e-12 where id = {applicant}"
        )
    differs = installation.command("replay", "--id", str(applicant), check=False)
    assert differs.returncode == 70
    assert "pd:" in differs.stderr
    with duckdb.connect(str(installation.settings.warehouse.path)) as change:
        change.execute(
            f"update applicant_features set features_hash = 'other' where id = {applicant}"
        )
    with pytest.raises(MissingInputError, match="no longer stored"):
        replay_score(installation.settings, applicant)
    assert installation.command("replay", "--id", "999999999", check=False).returncode == 66
    assert installation.command("replay", "--id=-7", check=False).returncode == 64
    assert installation.command("replay", "--id", "1", "--at", "noon", check=False).returncode == 64
