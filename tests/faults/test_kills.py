"""F01 to F03: 200 real processes killed at random moments of every step; nothing is lost, nothing is mixed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from support.installation import Installation

from models_ml.publishing.files import SCORES_BY_BAND, SCORES_PARQUET, SERVING_FILE, SNAPSHOTS
from models_ml.registry.artifact import load_artifact
from models_ml.registry.pointers import champion_version

BUILD = ("run", "--select", "tag:features", "--full-refresh")
SCORE = ("run", "--select", "tag:scoring")


@dataclass(frozen=True)
class Steps:
    """A process that starts steps and kills them."""

    process: subprocess.Popen[str]

    def run(self, step: str, *arguments: str, kill_after: float | None = None) -> dict[str, Any]:
        order = {"step": step, "arguments": arguments, "kill_after": kill_after}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@pytest.fixture
def steps(home_copy: Installation, tmp_path: Path) -> Iterator[Steps]:
    with (
        (tmp_path / "killable.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("killable.py"))],
            env=home_copy.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Steps(process)
        assert process.stdin is not None
        process.stdin.close()


def stamp(home_copy: Installation, name: str) -> None:
    """Make the next publication one that can be told from all others by every row."""
    with duckdb.connect(str(home_copy.settings.warehouse.path)) as connection:
        for table in ("applicant_scores", "applicant_scores_history"):
            connection.execute(f"update {table} set run_id = ?", [name])


def published_stamp(home_copy: Installation) -> str:
    """The stamp of what is published; every row of every table and file must have it."""
    folder = home_copy.settings.published
    rows = home_copy.query("select count(*) as n from applicant_scores")["n"][0]
    found = []
    with duckdb.connect(str(folder / SERVING_FILE), read_only=True) as serving:
        for table in ("applicant_scores", "applicant_scores_history"):
            found += serving.execute(
                f"select min(run_id), max(run_id), count(*) from {table}"
            ).fetchall()
        assert serving.execute("select count(*) from applicant_reasons").fetchall() == [(4 * rows,)]
        assert found[0] == found[1]
    for files in (SCORES_PARQUET, f"{SCORES_BY_BAND}/*/*.parquet"):
        found += duckdb.execute(
            f"select min(run_id), max(run_id), count(*) from '{folder / files}'"
        ).fetchall()
    assert {n for _, _, n in (found[0], *found[2:])} == {rows}
    (only,) = {value for low, high, _ in found for value in (low, high)}
    return str(only)


def state(home_copy: Installation) -> dict[str, Any]:
    """What a run must never lose or double, whatever happens to it."""
    row = home_copy.query(
        """
        select
            (select count(*) from applicant_features) as features,
            (select bit_xor(hash(features_hash)) from applicant_features) as features_hash,
            count(*) as scores,
            count(distinct (model_version, decision_policy)) as policies,
            sum(pd) as pd,
            (select count(*) - count(distinct (id, model_version, decision_policy, features_hash))
             from applicant_scores_history) as doubled
        from applicant_scores
        """
    ).iloc[0]
    return dict(row)


@pytest.mark.fault("F01", "F02", "F03")
@pytest.mark.parametrize(
    ("step", "arguments", "n_kills"),
    [
        pytest.param("publish", (), 6, id="publishing-some"),
        pytest.param("publish", (), 90, id="publishing", marks=pytest.mark.faults),
        pytest.param("dbt", BUILD, 35, id="features", marks=pytest.mark.faults),
        pytest.param("train", (), 20, id="training", marks=pytest.mark.faults),
        pytest.param("dbt", SCORE, 35, id="scoring", marks=pytest.mark.faults),
        pytest.param("report", (), 20, id="report", marks=pytest.mark.faults),
    ],
)
def test_a_kill_at_any_moment_loses_nothing(
    home_copy: Installation,
    steps: Steps,
    step: str,
    arguments: tuple[str, ...],
    n_kills: int,
    record_property,
) -> None:
    def varied(trial: int) -> tuple[str, ...]:
        """Give every trial work to do: another seed, another cutoff."""
        if step == "train":
            return ("--seed", str(100 + trial))
        if arguments == SCORE:
            return (*arguments, "--vars", f"{{approve_below_pd: {0.01 + trial / 10_000}}}")
        return arguments

    stamp(home_copy, "run 0")
    assert steps.run("publish")["code"] == 0
    whole = steps.run(step, *varied(0))
    assert whole["code"] == 0
    before, champion = state(home_copy), champion_version(home_copy.settings.artifacts)
    assert (before["policies"], before["doubled"]) == (1, 0)
    rng, last, killed = np.random.default_rng(n_kills), published_stamp(home_copy), 0
    trial = 0
    while killed < n_kills:
        trial += 1
        assert trial < 3 * n_kills, "most steps end before they are killed"
        new = f"run {trial}"
        if step == "publish":
            stamp(home_copy, new)
        outcome = steps.run(step, *varied(trial), kill_after=rng.uniform(0, whole["seconds"]))
        assert outcome["code"] in (0, -9)
        killed += outcome["code"] == -9

        found = published_stamp(home_copy)
        assert found in (last, new)
        last = found
        assert state(home_copy) == before
        artifacts = home_copy.settings.artifacts
        for folder in artifacts.glob("pd-*"):
            load_artifact(folder)
        if step != "train":
            assert champion_version(artifacts) == champion
        load_artifact(artifacts / str(champion_version(artifacts)))

    folder = home_copy.settings.published
    home_copy.command(
        "run"
    )  # with the usual cutoffs, and perhaps a model whose training had come to its end
    after = state(home_copy)
    assert [
        after[name] for name in ("features", "features_hash", "scores", "policies", "doubled")
    ] == [before[name] for name in ("features", "features_hash", "scores", "policies", "doubled")]
    tables = home_copy.query("select table_name from duckdb_tables()")["table_name"]
    assert not [name for name in tables if re.search("__dbt_(tmp|backup)|__new|building", name)]
    snapshots = [path for path in (folder / SNAPSHOTS).iterdir() if not path.is_symlink()]
    assert len(snapshots) == 2
    assert {path.name for path in folder.glob(".*")} == {SNAPSHOTS}
    record_property("trials", killed)
