"""Training: the parts that learn give the same for one seed, whatever the threads."""

import numpy as np
import pytest
import torch

from models_ml.errors import OutputError, UsageError
from models_ml.runtime.console import Progress
from models_ml.training.autoencoder import AutoencoderSettings
from models_ml.training.booster import BoosterRows, BoosterSettings, fit_booster
from models_ml.training.checkpoints import Stages
from models_ml.training.encoder_fit import EncoderRows, EncoderTraining, fit_encoder
from models_ml.training.settings import (
    SETTINGS_FILE,
    read_training_settings,
    settings_in_force,
    write_training_settings,
)
from models_ml.warehouse.sampling import rows_of, sample, shuffle_keys
from models_ml.warehouse.tables import Outcomes

SHORT = EncoderTraining(reconstruction_epochs=1, outcome_epochs=1, batch_rows=128)


@pytest.fixture(scope="module")
def defaulted() -> np.ndarray:
    return (np.random.default_rng(4).random(2500) < 0.2).astype(np.uint8)


def weights_of(small_model, flags: np.ndarray, seed: int = 1) -> dict[str, np.ndarray]:
    recent = small_model.features.recent
    times = np.minimum(np.arange(1, 1001) / 800, 1).astype(np.float32)
    model = fit_encoder(
        EncoderRows(recent[:800], flags[:800], times[:800]),
        EncoderRows(recent[800:1000], flags[800:1000], times[800:]),
        small_model.contract,
        AutoencoderSettings(),
        SHORT,
        seed,
        Progress("steps", SHORT.n_steps(800)),
    )
    return {name: value.numpy() for name, value in model.state_dict().items()}


def test_encoder_depends_on_seed_not_on_threads_or_torchs_own_random_numbers(
    small_model, defaulted: np.ndarray
) -> None:
    torch.set_num_threads(1)
    first = weights_of(small_model, defaulted)
    torch.set_num_threads(2)
    torch.manual_seed(99)
    second = weights_of(small_model, defaulted)
    other = weights_of(small_model, defaulted, seed=2)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["codes.weight"], other["codes.weight"])


def test_encoder_learns_from_the_flag(small_model, defaulted: np.ndarray) -> None:
    changed = weights_of(small_model, 1 - defaulted)
    assert not np.array_equal(
        weights_of(small_model, defaulted)["latent.weight"], changed["latent.weight"]
    )


def test_booster_is_equal_on_one_and_two_threads(small_model, defaulted: np.ndarray) -> None:
    features = small_model.features
    rows = BoosterRows(features.tree_features, np.zeros(2500, np.float32), defaulted)
    names = small_model.contract.tree_feature_names
    texts = [
        fit_booster(
            rows.take(np.arange(2000)), rows.take(np.arange(2000, 2500)), names,
            BoosterSettings(n_trees=20), 1, n_threads, Progress("trees", 20),
        )
        for n_threads in (1, 2)
    ]  # fmt: skip
    assert texts[0] == texts[1]


def test_sample_depends_on_ids_and_keeps_defaulters_of_a_slice() -> None:
    ids = np.arange(1000)
    flags = (ids % 50 == 0).astype(np.uint8)
    outcomes = Outcomes(ids, flags, np.where(ids < 800, "train", "out_of_time"))
    chosen = rows_of(outcomes, "train", 100, seed=1)
    assert len(chosen) == 100
    assert flags[chosen].sum() == 16
    assert len(sample(outcomes, 300, seed=1)) == 300
    assert np.array_equal(shuffle_keys(ids[::-1], 1)[::-1], shuffle_keys(ids, 1))


def test_stages_survive_and_ignore_damage(tmp_path) -> None:
    stages = Stages.open(tmp_path, {"seed": 1})
    stages.put("encoder", b"weights")
    assert Stages.open(tmp_path, {"seed": 1}).get("encoder", bytes) == b"weights"
    path = stages.folder / "encoder"
    path.write_bytes(path.read_bytes()[:-1])
    assert Stages.open(tmp_path, {"seed": 1}).get("encoder", bytes) is None
    stages.put("encoder", b"weights")
    assert Stages.open(tmp_path, {"seed": 2}).get("encoder", bytes) is None


def test_settings_file_with_an_unknown_name_is_refused(tmp_path) -> None:
    path = tmp_path / "training.toml"
    path.write_text("[booster]\nn_leafs = 3\n")
    with pytest.raises(UsageError, match="n_leafs"):
        read_training_settings(path)
    assert read_training_settings(seed=3).booster.n_leaves == 8


@pytest.mark.fault("F72")
def test_settings_of_the_installation_go_before_those_of_the_package(tmp_path) -> None:
    assert settings_in_force(tmp_path) == SETTINGS_FILE
    (tmp_path / "training.toml").write_text(
        "[bands]\ncut_points = [600, 580, 560, 540, 520, 500]\n"
    )
    own = read_training_settings(settings_in_force(tmp_path))
    assert own.bands.cut_points[0] == 600
    assert own.booster == read_training_settings().booster  # what the file does not name
    (tmp_path / "training.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        read_training_settings(settings_in_force(tmp_path))
    with pytest.raises(OutputError, match="--out"):
        write_training_settings(own, tmp_path / "training.toml" / "no folder", "")
