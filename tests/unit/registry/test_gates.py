"""What is checked before a model may score, each check by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from models_ml.errors import ArtifactError, UsageError
from models_ml.registry.artifact import save_artifact
from models_ml.registry.catalog import list_models
from models_ml.registry.gates import refusals
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.history import history
from models_ml.registry.loading import load_model
from models_ml.registry.pointers import challenger_version, champion_version, set_champion
from models_ml.registry.promotion import challenge, promote, rollback


@pytest.fixture
def save(small_model, tmp_path: Path):
    """Save a model with these out-of-time figures; None leaves one out."""

    def save(auc: float | None = 0.76, log_loss: float | None = 0.14) -> str:
        figures = {"auc": auc, "log_loss": log_loss, "ece": 0.001}
        out_of_time = {
            name: {"value": value, "low": value - 0.01, "high": value + 0.01}
            for name, value in figures.items()
            if value is not None
        } | {"default_rate": 0.035, "n_applicants": 60_000}
        # Another intercept makes another version.
        intercept = -0.1 - (auc or 0) - (log_loss or 0)
        artifact = replace(
            small_model.artifact,
            facts={"metrics": {"out_of_time": out_of_time}, "created_at": "2026-01-01"},
            calibration=replace(small_model.artifact.calibration, intercept=intercept),
        )
        artifact = replace(artifact, golden=golden_rows(artifact, small_model.features))
        return save_artifact(artifact, tmp_path).name

    return save


def test_a_larger_log_loss_is_worse_and_a_smaller_one_is_not(save, tmp_path: Path) -> None:
    set_champion(tmp_path, save())
    assert any("log_loss" in reason for reason in refusals(tmp_path, save(log_loss=0.20)))
    assert refusals(tmp_path, save(log_loss=0.08)) == []


def test_every_figure_is_compared_even_if_one_is_not_recorded(save, tmp_path: Path) -> None:
    set_champion(tmp_path, save())
    without_auc, *others = refusals(tmp_path, save(auc=None, log_loss=0.20))
    assert without_auc == "auc is not recorded for both models."
    assert any("log_loss" in reason for reason in others)


def test_a_model_that_scores_its_golden_rows_differently_is_not_loaded(
    small_model, tmp_path: Path
) -> None:
    golden = dict(small_model.artifact.golden)
    golden["pd"] = [pd / 2 for pd in golden["pd"]]
    folder = save_artifact(replace(small_model.artifact, golden=golden), tmp_path)
    with pytest.raises(ArtifactError, match="golden row"):
        load_model(folder)


def test_a_challenge_is_recorded_by_what_it_was(save, tmp_path: Path) -> None:
    champion, other = save(), save(auc=0.77)
    promote(tmp_path, champion)
    with pytest.raises(UsageError, match="is the champion"):
        challenge(tmp_path, champion)
    challenge(tmp_path, other)
    challenge(tmp_path, None)
    assert [event["action"] for event in history(tmp_path)[-2:]] == ["challenge", "end challenge"]


def test_a_damaged_model_neither_challenges_nor_comes_back(save, tmp_path: Path) -> None:
    old, new = save(), save(auc=0.77)
    promote(tmp_path, old)
    promote(tmp_path, new)
    with (tmp_path / old / "booster.txt").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtifactError, match=r"booster\.txt"):
        challenge(tmp_path, old)
    with pytest.raises(ArtifactError, match=r"booster\.txt"):
        rollback(tmp_path, "misbehaves")
    assert (champion_version(tmp_path), challenger_version(tmp_path)) == (new, None)


def test_the_list_shows_the_out_of_time_auc(save, tmp_path: Path) -> None:
    save(auc=0.77)
    assert [model.auc for model in list_models(tmp_path)] == [0.77]
