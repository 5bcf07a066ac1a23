"""Which model scored, and by which vars: promotions at a bad moment, models built apart, builds from no rows."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.installation import Installation

from models_ml.errors import BuildError
from models_ml.features.batch import FeatureBatch
from models_ml.jobs import run as pipeline
from models_ml.jobs.engines import DuckDbEngine, Target
from models_ml.jobs.run import RunOptions, check_and_publish, run
from models_ml.jobs.status import status
from models_ml.registry.artifact import load_artifact, save_artifact
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.history import HISTORY, record
from models_ml.registry.pointers import champion_path, champion_version
from models_ml.scoring.calibration import PlattCalibration
from models_ml.settings import Settings
from models_ml.warehouse.dbt import DbtOutcome, run_dbt

pytestmark = pytest.mark.faults

STRICTER = ("--vars", "{approve_below_pd: 0.03}")
HIGHER_LOSS = ("--vars", "{loss_given_default: 0.6}")


def another_model(installation: Installation) -> str:
    """A second model, which finds everyone riskier."""
    artifacts = installation.settings.artifacts
    artifact = load_artifact(champion_path(artifacts))
    changed = replace(artifact, calibration=PlattCalibration(intercept=0.5, slope=1.2))
    golden = artifact.golden
    rows = FeatureBatch(
        np.arange(len(golden["pd"]), dtype=np.int64),
        np.array(golden["tree_features"], np.uint8),
        np.array(golden["recent"], np.uint8),
    )
    return save_artifact(replace(changed, golden=golden_rows(changed, rows)), artifacts).name


@dataclass(frozen=True)
class PromotedMeanwhile(DuckDbEngine):
    """Scores, has another process promote a model, and goes on; features are built already."""

    installation: Installation
    version: str

    def build(self, *arguments: str) -> DbtOutcome:
        if "before_scoring" in arguments:
            return DbtOutcome()
        super().build("build", "--select", "tag:scoring")
        self.installation.command("models", "promote", self.version, "--force", "for the test")
        return super().build("build", "--select", "tag:monitoring")


@pytest.mark.slow
@pytest.mark.fault("F64")
def test_a_run_tells_about_the_model_in_its_rows(
    home_copy: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, old = home_copy.settings, champion_version(home_copy.settings.artifacts)
    new = another_model(home_copy)

    @contextmanager
    def open_engine(target: Target, settings: Settings) -> Iterator[PromotedMeanwhile]:
        assert target is Target.DUCKDB
        yield PromotedMeanwhile(settings, home_copy, new)

    monkeypatch.setattr(pipeline, "open_engine", open_engine)
    summary = run(settings, RunOptions())
    assert champion_version(settings.artifacts) == new

    with duckdb.connect(str(summary.published.serving_file), read_only=True) as published:
        models = published.sql("select distinct model_version from applicant_scores").fetchall()
        registry = published.sql(
            "select model_version from model_registry where is_champion"
        ).fetchall()
        log = published.sql("from run_log").df()
    assert models == registry == [(old,)]
    assert new not in set(log["model_version"])
    manifest = json.loads((settings.artifacts / str(old) / "manifest.json").read_bytes())
    assert (summary.model_version, summary.auc) == (
        old,
        manifest["metrics"]["out_of_time"]["auc"]["value"],
    )
    ended = json.loads((settings.home / "runs.jsonl").read_text().splitlines()[-1])
    assert (ended["outcome"], ended["model_version"]) == ("done", old)
    scores = next(line for line in status(settings) if line.name == "scores")
    assert f"by {old}; stale, not by the champion" in scores.state


@pytest.mark.fault("F63")
def test_the_registry_counts_what_took_effect(home_copy: Installation) -> None:
    artifacts = home_copy.settings.artifacts
    champion, other = str(champion_version(artifacts)), another_model(home_copy)
    for version in (champion, other):  # promoted again, and killed before the pointer
        record(artifacts, "promote", version, champion)
    with (artifacts / HISTORY).open("ab") as file:
        file.write(b'{"at": "2026-11-25T02:')
    run_dbt(home_copy.settings, ("run", "--select", "model_registry"))
    counted = home_copy.query("select model_version, n_promotions from model_registry")
    assert dict(counted.itertuples(index=False)) == {champion: 1, other: 0}


def tables(installation: Installation) -> dict[str, pd.DataFrame]:
    names = ("applicant_scores", "applicant_scores_history", "challenger_scores")
    return {name: installation.query(f"from {name} order by all") for name in names}


@pytest.mark.fault("F65")
@pytest.mark.parametrize(
    ("before", "models", "variables", "named"),
    [
        ((), "applicant_scores", STRICTER, "int_scores_due"),
        ((), "applicant_scores_history", HIGHER_LOSS, "int_scores_due"),
        ((), "int_scores_due applicant_scores", STRICTER, "applicant_scores_history lacks"),
        (("challenge",), "challenger_scores", (), "int_challenges_due"),
        (("promote", "--force=test"), "applicant_scores_history", (), "int_scores_due"),
        ((), "applicant_features", ("--vars", "{n_recent_products: 10}"), "n_recent_products"),
    ],
)
def test_models_built_apart_do_what_they_say_or_say_that_they_do_not(
    home_copy: Installation,
    before: tuple[str, ...],
    models: str,
    variables: tuple[str, ...],
    named: str,
) -> None:
    if before:
        command, *options = before
        home_copy.command("models", command, another_model(home_copy), *options)
    unchanged = tables(home_copy)
    with pytest.raises(BuildError, match=named) as caught:
        run_dbt(home_copy.settings, ("run", "--select", *models.split(), *variables))
    assert "--selector scored" in str(caught.value) or named == "n_recent_products"
    for name, table in tables(home_copy).items():
        pd.testing.assert_frame_equal(table, unchanged[name])


@pytest.mark.fault("F65")
def test_scores_of_one_build_beside_monitoring_of_another_are_not_published(
    home_copy: Installation,
) -> None:
    settings = home_copy.settings
    published = settings.published / "applicant_scores.parquet"
    before = published.read_bytes()
    run_dbt(settings, ("run", "--select", "tag:scoring", *HIGHER_LOSS))
    scores = home_copy.query("from applicant_scores")
    assert (scores["expected_loss"] == scores["pd"] * 0.6).all()
    with pytest.raises(BuildError, match="monitoring_is_of_these_scores"):
        check_and_publish(settings)
    assert published.read_bytes() == before


@pytest.mark.fault("F66")
def test_an_empty_build_is_refused_where_tables_serve(home_copy: Installation) -> None:
    def state() -> str:
        return hashlib.sha256(home_copy.settings.warehouse.path.read_bytes()).hexdigest()

    before = state()
    for flags in (("build", "--empty"), ("run", "--sample", "3 days")):
        with pytest.raises(
            BuildError, match=f"{flags[1]}: expected an empty warehouse, found rows"
        ):
            run_dbt(home_copy.settings, flags)
        assert state() == before


@pytest.mark.fault("F66")
def test_an_empty_build_of_its_own_works(finished_run: Installation, tmp_path: Path) -> None:
    own = replace(finished_run, home=tmp_path / "own")
    shutil.copytree(finished_run.settings.artifacts, own.settings.artifacts)
    run_dbt(own.settings, ("build", "--empty"))
    assert own.query("from applicant_scores").empty


@pytest.mark.fault("F66")
@pytest.mark.parametrize("emptied", ["applicant_outcomes", "run_log", "score_stability"])
def test_tables_that_were_emptied_are_not_published(home_copy: Installation, emptied: str) -> None:
    with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
        connection.execute(f"delete from {emptied}")
    tests = ("test", "--select", "monitoring_is_of_these_scores")
    with pytest.raises(BuildError, match="monitoring_is_of_these_scores"):
        run_dbt(home_copy.settings, tests)


@pytest.mark.fault("F67")
def test_nothing_is_made_of_nothing(finished_run: Installation) -> None:
    """The unit tests of the project on slices without defaulters, without variance and with a single bin."""
    names = (
        "no_bounds_without_variance",
        "a_single_bin_can_shift",
        "no_information_without_defaulters",
        "no_riskiest_code_without_defaulters",
    )
    run_dbt(finished_run.settings, ("test", "--select", *names))
