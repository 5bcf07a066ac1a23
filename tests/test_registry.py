"""Registry: gates, recorded promotions, rollback."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models_ml.artifact import champion_version, load_artifact, save_artifact
from models_ml.errors import ArtifactError, UsageError
from models_ml.golden import check_golden, golden_rows
from models_ml.registry import history, list_models, promote, refusals, rollback, verify_model
from models_ml.scorer import make_scorer


def figures(auc: float, ece: float = 0.001) -> dict:
    def estimate(value: float) -> dict:
        return {"value": value, "low": value - 0.01, "high": value + 0.01}

    return {
        "metrics": {
            "out_of_time": {
                "auc": estimate(auc),
                "log_loss": estimate(0.14),
                "ece": estimate(ece),
                "default_rate": 0.035,
                "n_applicants": 60_000,
            }
        }
    }


@pytest.fixture
def save(small_model, tmp_path: Path):
    def save(auc: float, ece: float = 0.001, anchor: float = 600.0) -> str:
        artifact = replace(
            small_model.artifact, facts={**figures(auc, ece), "created_at": f"{auc}"}
        )
        artifact = replace(artifact, scale=replace(artifact.scale, anchor_points=anchor))
        artifact = replace(artifact, golden=golden_rows(artifact, small_model.features))
        return save_artifact(artifact, tmp_path).name

    return save


def test_a_worse_model_is_refused_unless_forced_with_a_reason(save, tmp_path: Path) -> None:
    good, bad = save(0.76), save(0.70, anchor=601.0)
    promote(tmp_path, good)
    with pytest.raises(ArtifactError, match=r"auc 0\.7000 is worse"):
        promote(tmp_path, bad)
    assert champion_version(tmp_path) == good
    with pytest.raises(UsageError, match="reason"):
        promote(tmp_path, bad, force_reason=" ")
    promote(tmp_path, bad, force_reason="the good one leaks")
    assert champion_version(tmp_path) == bad
    assert history(tmp_path)[-1]["reason"] == "the good one leaks"
    assert history(tmp_path)[-1]["gates_passed_over"]


def test_a_difference_within_noise_passes(save, tmp_path: Path) -> None:
    promote(tmp_path, save(0.76))
    promote(tmp_path, save(0.755, anchor=601.0))
    assert len(history(tmp_path)) == 2


def test_bad_calibration_is_refused(save, tmp_path: Path) -> None:
    assert "calibration error" in refusals(tmp_path, save(0.76, ece=0.02))[0]


def test_rollback_returns_to_the_champion_before(save, tmp_path: Path) -> None:
    first, second = save(0.76), save(0.77, anchor=601.0)
    promote(tmp_path, first)
    promote(tmp_path, second)
    assert rollback(tmp_path, "complaints") == first
    assert champion_version(tmp_path) == first
    with pytest.raises(ArtifactError, match="no champion before"):
        rollback(tmp_path, "again")


@pytest.mark.fault("F45")
def test_golden_rows_notice_another_calibration(save, tmp_path: Path) -> None:
    artifact = load_artifact(tmp_path / save(0.76))
    changed = replace(artifact, calibration=replace(artifact.calibration, intercept=0.0))
    with pytest.raises(ArtifactError, match="golden row"):
        check_golden(changed, make_scorer(changed, changed.contract))


def test_damage_cannot_be_forced(save, tmp_path: Path) -> None:
    version = save(0.76)
    with (tmp_path / version / "booster.txt").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtifactError, match=r"booster\.txt"):
        promote(tmp_path, version, force_reason="because")
    assert list_models(tmp_path)[0].problem is not None


def test_unknown_version_and_missing_champion_are_named(save, tmp_path: Path) -> None:
    save(0.76)
    with pytest.raises(ArtifactError, match="no-such"):
        verify_model(tmp_path, "no-such")
    with pytest.raises(ArtifactError, match="scorehouse train"):
        verify_model(tmp_path)


def test_a_folder_of_someone_else_is_not_a_model(save, tmp_path: Path) -> None:
    version = save(0.76)
    shutil.copytree(tmp_path / version, tmp_path / "copy")
    with pytest.raises(ArtifactError, match="version"):
        verify_model(tmp_path, "copy")
