"""The whole job on a small warehouse: nothing fitted sees later rows; threads and row order do not matter."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import save as save_tensors
from support.small_model import take, to_arrow

from models_ml.errors import ArtifactError, InputDataError
from models_ml.registry.artifact import add_metrics
from models_ml.registry.manifest import MANIFEST, verify_artifact
from models_ml.registry.pointers import champion_version
from models_ml.runtime.console import Progress
from models_ml.scoring.encoder import encode, make_encoder
from models_ml.settings import Settings
from models_ml.training.booster import BoosterSettings
from models_ml.training.checkpoints import Stages
from models_ml.training.data import application_times, read_booster_rows
from models_ml.training.encoder_fit import EncoderTraining
from models_ml.training.job import train
from models_ml.training.settings import (
    SETTINGS_FILE,
    TrainingSettings,
    read_training_settings,
    settings_in_force,
)
from models_ml.training.tuning import tune
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.sampling import rows_of
from models_ml.warehouse.tables import read_outcomes


@pytest.fixture
def build(small_model, tmp_path: Path):
    def build(name: str, change: str = "", order: int = 0) -> Settings:
        settings = Settings(raw=tmp_path, home=tmp_path / name)
        settings.home.mkdir()
        rows = np.random.default_rng(order).permutation(2500) if order else np.arange(2500)
        features = take(small_model.features, rows)
        table = pa.Table.from_struct_array(to_arrow(features, small_model.contract))
        flags = (np.random.default_rng(4).random(2500) < 0.2).astype(np.uint8)[rows]
        place = rows / 2500
        splits = np.select(
            [place < 0.6, place < 0.7, place < 0.8], ["train", "early_stopping", "calibration"],
            "out_of_time",
        )  # fmt: skip
        outcomes = pa.table({"id": features.ids, "defaulted": flags, "split": splits})
        with duckdb.connect(str(settings.warehouse.path)) as connection:
            connection.register("f", table)
            connection.register("o", outcomes)
            connection.execute("create table applicant_features as from f")
            connection.execute("create table applicant_outcomes as from o")
            connection.execute(
                "create table raw_parts as select 'a' raw_part, 1 n_rows, 'b' content_sha256"
            )
            if change:
                connection.execute(change)
        return settings

    return build


def quick(n_threads: int = 1) -> TrainingSettings:
    return TrainingSettings(
        n_threads=n_threads,
        encoder=EncoderTraining(reconstruction_epochs=1, outcome_epochs=1),
        booster=BoosterSettings(n_trees=20, n_leaves=8),
    )


@pytest.mark.fault("F43")
def test_later_outcomes_threads_and_row_order_do_not_change_the_model(build) -> None:
    plain = train(build("plain"), quick())
    flipped = "update applicant_outcomes set defaulted = 1 - defaulted where split = 'out_of_time'"
    other = train(build("other", flipped, order=3), quick(n_threads=2))
    earlier = train(build("earlier", flipped.replace("out_of_time", "train")), quick())
    assert other.version == plain.version != earlier.version
    assert other.out_of_time.auc.value == pytest.approx(1 - plain.out_of_time.auc.value)


def test_each_part_sees_only_its_slice(build) -> None:
    """Labels and features of later slices are changed; what was fitted on earlier ones stays byte for byte."""
    plain = files_of(build("plain"))
    late_features = (
        "update applicant_features set n_open = 255 - n_open where id in "
        "(select id from applicant_outcomes where split = 'out_of_time')"
    )
    assert files_of(build("features", late_features)) == plain
    flip = "update applicant_outcomes set defaulted = 1 - defaulted where split = "
    calibrated = files_of(build("calibration", f"{flip} 'calibration'"))
    changed = {name for name in plain if plain[name] != calibrated[name]}
    assert "scoring.json" in changed
    assert not changed & {"encoder.safetensors", "booster.txt"}


def files_of(settings: Settings) -> dict[str, str]:
    """Hash of every file of a new model."""
    folder = settings.artifacts / train(settings, quick()).version
    files: dict[str, str] = verify_artifact(folder)[0]["files"]
    return files


def test_log_odds_are_those_of_the_applicants_own_time(build, small_model) -> None:
    encoder = make_encoder(small_model.artifact.weights, small_model.contract)
    with open_warehouse(build("plain").warehouse) as connection:
        outcomes = read_outcomes(connection)
        train_rows, latest_rows = (
            read_booster_rows(
                connection, small_model.contract, outcomes, split, encoder, 1, Progress(split, 1)
            )
            for split in ("train", "out_of_time")
        )
    times = application_times(outcomes)
    learnt = rows_of(outcomes, "train")
    assert times[learnt[-1]] == 1 == times[-1]
    assert times[learnt[0]] == pytest.approx(1 / 1500)
    plain = encode(encoder, small_model.features.recent)
    as_of = plain[learnt, 0] + (times[learnt] - 1) * plain[learnt, 1]
    np.testing.assert_allclose(train_rows.log_odds, as_of, rtol=1e-6)
    np.testing.assert_array_equal(latest_rows.log_odds, plain[rows_of(outcomes, "out_of_time"), 0])


def test_folds_are_measured_beside_and_kept_in_the_manifest(build) -> None:
    settings = build("folds")
    first = train(settings, quick())
    result = train(settings, quick(), n_folds=2)
    assert result.version == first.version
    folds = result.cross_validation
    assert folds is not None
    assert len(folds.fold_aucs) == 2
    assert folds.mean_auc == pytest.approx(np.mean(folds.fold_aucs))
    manifest = verify_artifact(settings.artifacts / first.version)[0]
    assert manifest["metrics"]["cross_validation"] == folds.to_json()
    assert manifest["metrics"]["out_of_time"]["auc"]["value"] == first.out_of_time.auc.value


def test_figures_are_added_to_whole_artifacts_only(build) -> None:
    settings = build("plain")
    folder = settings.artifacts / train(settings, quick()).version
    add_metrics(folder, {"ablation": [1]})
    assert verify_artifact(folder)[0]["metrics"]["ablation"] == [1]
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["seed"] = 99
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="edited"):
        add_metrics(folder, {"ablation": [2]})


@pytest.mark.fault("F72")
def test_search_goes_on_where_it_stopped_and_keeps_the_best(build) -> None:
    settings = build("tune")
    of_package = SETTINGS_FILE.read_bytes()
    file = settings.home / "training.toml"
    file.write_text(
        "[encoder]\nreconstruction_epochs = 0\noutcome_epochs = 1\n[booster]\nn_trees = 10\n"
    )
    first = tune(settings, n_trials=1)
    assert first.n_trials == 1
    assert first.best_log_loss == first.first_log_loss
    second = tune(settings, n_trials=3)
    assert second.n_trials == 3
    assert second.first_log_loss == first.first_log_loss >= second.best_log_loss
    assert tune(settings, n_trials=3) == second
    assert second.settings_file == file
    best = read_training_settings(settings_in_force(settings.home))
    assert (best.encoder.outcome_epochs, best.booster.n_trees) == (1, 10)
    assert SETTINGS_FILE.read_bytes() == of_package
    manifest = json.loads((settings.artifacts / train(settings).version / MANIFEST).read_text())
    assert manifest["settings_file"] == {
        "file": "training.toml",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


@pytest.mark.fault("F03")
@pytest.mark.faults
def test_f03_killed_training_leaves_nothing_and_goes_on_after_its_last_stage(build) -> None:
    settings, clean = build("killed"), build("clean")
    command = [str(Path(sys.executable).parent / "scorehouse"), "train"]
    environment = {**os.environ, **settings.environment()}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(settings.home.glob("unfinished_training/*/encoder.safetensors")):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not list(settings.home.glob("artifacts/*"))
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Training LightGBM" in again.stderr
    assert "Training the autoencoder" not in again.stderr
    (version,) = (path.name for path in settings.artifacts.glob("pd-*"))
    assert train(clean).version == version


@pytest.mark.fault("F20", "F25", "F38", "F39")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("update applicant_outcomes set defaulted = 2 where id = 1007", "1007"),
        ("insert into applicant_outcomes from applicant_outcomes where id = 1007", "1007"),
        ("update applicant_outcomes set defaulted = null where id = 1007", "1007"),
        ("update applicant_outcomes set defaulted = 0", "'train'"),
        ("delete from applicant_outcomes where id % 20 > 0", "at least 20"),
        ("update applicant_features set n_open = null where id = 1007", "n_open of applicant 1007"),
        (
            "update applicant_features set recent_products = null where id = 1007",
            "recent_products of applicant 1007",
        ),
        ("alter table applicant_features drop column pre_util", "pre_util"),
    ],
    ids=[
        "F38-label",
        "F38-twice",
        "F38-missing",
        "F38-F39-one-class",
        "F39-too-few",
        "F25-count",
        "F25-products",
        "F20-contract",
    ],
)
def test_unusable_data_is_refused_before_training(build, change: str, named: str) -> None:
    settings = build("bad", change)
    with pytest.raises(InputDataError, match=named):
        train(settings, quick())
    assert champion_version(settings.artifacts) is None
    assert not list(settings.home.glob("artifacts/*"))


def wild_child(content: bytes) -> bytes:
    return re.sub(rb"left_child=\S+", b"left_child=999999", content)


def other_weights(_: bytes) -> bytes:
    return save_tensors({"pool.place": np.zeros(3, np.float32)})


@pytest.mark.fault("F17", "F18")
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        pytest.param("booster.txt", wild_child, id="wild-child"),
        pytest.param("encoder.safetensors", other_weights, id="other-weights"),
        pytest.param(
            "booster.txt", lambda c: c[: len(c) // 2], id="half", marks=pytest.mark.faults
        ),
        pytest.param("booster.txt", lambda c: b"\xff" + c, id="no-text", marks=pytest.mark.faults),
        pytest.param("encoder.safetensors", lambda c: c[:-4], id="short", marks=pytest.mark.faults),
    ],
)
def test_a_stage_that_makes_no_sense_is_done_again(
    build, monkeypatch: pytest.MonkeyPatch, name: str, spoil: Callable[[bytes], bytes]
) -> None:
    """Its hash is right, so only reading it tells; native code that trusts it would end the job without a message."""
    settings = build("interrupted")
    with monkeypatch.context() as patch:
        patch.setattr(Stages, "clear", lambda _: None)
        version = train(settings, quick()).version
    (folder,) = (settings.home / "unfinished_training").iterdir()
    stages = Stages(folder)
    whole = stages.get(name, bytes)
    assert whole is not None
    stages.put(name, spoil(whole))
    with monkeypatch.context() as patch:
        patch.setattr(Stages, "clear", lambda _: None)
        assert train(settings, quick()).version == version
    assert stages.get(name, bytes) == whole
