"""F17 to F19, F21, F23: thousands of damaged artifacts, and some that are whole but wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.mutations import MUTATIONS
from support.small_model import SmallModel

from models_ml.errors import ArtifactError, ScorehouseError
from models_ml.registry.artifact import Artifact, load_artifact, save_artifact
from models_ml.registry.loading import load_scorer
from models_ml.scoring.calibration import PlattCalibration


@pytest.mark.fault("F17", "F18", "F19")
@pytest.mark.parametrize(
    "n_trials", [100, pytest.param(2000, marks=pytest.mark.faults)], ids=["some", "all"]
)
def test_no_damaged_artifact_is_ever_loaded(
    small_model: SmallModel, tmp_path: Path, n_trials: int, record_property
) -> None:
    folder = tmp_path / small_model.artifact.version
    shutil.copytree(small_model.artifacts / small_model.artifact.version, folder)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    rng = np.random.default_rng(1)
    n_refused = 0
    for trial in range(n_trials):
        path, mutate = files[trial % len(files)], MUTATIONS[trial // len(files) % len(MUTATIONS)]
        original = path.read_bytes()
        content = bytearray(original)
        mutate(content, rng)
        if bytes(content) == original:
            content.append(0)
        path.write_bytes(content)
        with pytest.raises(ArtifactError):
            load_artifact(folder)
        n_refused += 1
        path.write_bytes(original)
    load_artifact(folder)
    record_property("trials", n_refused)


@pytest.mark.fault("F21")
def test_every_file_belongs_to_its_training(
    small_model: SmallModel, tmp_path: Path, record_property
) -> None:
    weights = {
        name: value * np.float32(1.1) for name, value in small_model.artifact.weights.items()
    }
    other = save_artifact(
        replace(
            small_model.artifact,
            weights=weights,
            booster=small_model.artifact.booster.replace("Tree=0", "Tree=0 "),
            calibration=PlattCalibration(intercept=0.2, slope=0.8),
        ),
        tmp_path / "other",
    )
    folder = tmp_path / small_model.artifact.version
    shutil.copytree(small_model.artifacts / small_model.artifact.version, folder)
    mixed = 0
    for path in sorted(folder.iterdir()):
        original, foreign = path.read_bytes(), (other / path.name).read_bytes()
        if original == foreign:
            continue
        path.write_bytes(foreign)
        with pytest.raises(ArtifactError):
            load_artifact(folder)
        path.write_bytes(original)
        mixed += 1
    assert mixed >= 3
    record_property("trials", mixed)


def with_nan(artifact: Artifact) -> Artifact:
    weights = {
        **artifact.weights,
        "latent.bias": artifact.weights["latent.bias"] * np.float32("nan"),
    }
    return replace(artifact, weights=weights)


@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: replace(a, calibration=PlattCalibration(intercept=0.0, slope=1e9)),
        lambda a: replace(a, calibration=PlattCalibration(intercept=0.0, slope=-0.9)),
        lambda a: replace(a, booster=a.booster.replace("leaf_value=", "leaf_value=nan ")),
        with_nan,
    ],
    ids=["certain", "upside-down", "leaves", "weights"],
)
def test_a_whole_artifact_whose_result_is_no_probability_is_refused(
    small_model: SmallModel, tmp_path: Path, spoil: Callable[[Artifact], Artifact]
) -> None:
    """Its hashes are right, so nothing but the scores can tell."""
    folder = save_artifact(spoil(small_model.artifact), tmp_path)
    with pytest.raises(ScorehouseError):
        load_scorer(folder)
