"""The training job: feature table in, verified artifact out."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import subprocess
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import lightgbm as lgb
import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from models_ml.artifact import Artifact, champion_version, load_artifact, save_artifact
from models_ml.attribution import choose_reference
from models_ml.booster import BoosterRows, fit_booster, raw_scores
from models_ml.calibration import choose_calibration
from models_ml.contract import FeatureContract, read_contract
from models_ml.drift import freeze_distributions
from models_ml.encoder_kernel import make_encoder
from models_ml.encoder_training import EncoderRows, fit_encoder
from models_ml.features import FeatureBatch
from models_ml.golden import golden_rows
from models_ml.metrics import Metrics, measure
from models_ml.progress import Progress, step
from models_ml.reasons import read_reason_codes
from models_ml.registry import promote, refusals
from models_ml.settings import PROJECT_ROOT, Settings
from models_ml.stages import Stages
from models_ml.training_data import (
    check_slices,
    data_facts,
    read_booster_rows,
    rows_of,
    sample,
)
from models_ml.training_settings import TrainingSettings, read_training_settings
from models_ml.warehouse import SPLITS, Outcomes, open_warehouse, read_features, read_outcomes

LIBRARIES = (
    *("torch", "lightgbm", "numpy", "numba", "scikit-learn", "duckdb", "safetensors", "pyarrow"),
)
HELD_OUT_APPLICANTS = 40_000
"""Most early-stopping applicants that the encoder is watched on."""
REFERENCE_APPLICANTS = 20_000
"""Most applicants from whom the reference applicant and the golden rows are chosen."""


@dataclass(frozen=True)
class TrainingResult:
    """The new model and how good it is on applicants it never saw.

    Attributes:
        version: Its version.
        out_of_time: Figures on the latest applicants.
        refusals: Why it did not become champion; empty when it did.
    """

    version: str
    out_of_time: Metrics
    refusals: tuple[str, ...]


def train(settings: Settings, training: TrainingSettings | None = None) -> TrainingResult:
    """Train a model on the feature table; it becomes champion when it passes the gates.

    Encoder and booster learn from the oldest applicants, stop by the next slice, the PD is calibrated on the slice
    after that and everything is measured on the latest applicants.

    Raises:
        InputDataError: The table cannot be used, or has too few defaulters.
    """
    training = training or read_training_settings()
    contract = read_contract(settings.dictionary)
    reason_codes = read_reason_codes(settings.dictionary.with_name("reason_codes.csv"), contract)
    with open_warehouse(settings) as connection:
        with step("Reading outcomes"):
            outcomes = sample(read_outcomes(connection), training.sample, training.seed)
            check_slices(outcomes)
            facts = _facts(connection, contract, outcomes, training)
        stages = Stages.open(settings.home, facts)
        weights = _encoder_weights(connection, contract, outcomes, training, stages)
        slices = _read_slices(connection, contract, outcomes, weights, training)
        booster = _booster(contract, slices, training, stages)
        with step("Calibrating and measuring"):
            calibration_scores = raw_scores(booster, slices["calibration"], training.n_threads)
            choice = choose_calibration(calibration_scores, slices["calibration"].defaulted)
            train_scores = raw_scores(booster, slices["train"], training.n_threads)
            oldest, rows = _some(connection, contract, outcomes, "train")
            pd = choice.calibration.pd(calibration_scores)
            artifact = Artifact(
                contract=contract,
                weights=weights,
                encoder_settings=asdict(training.autoencoder),
                booster=booster.model_to_string(),
                calibration=choice.calibration,
                scale=training.scale,
                bands=training.bands,
                reference=choose_reference(oldest, train_scores[rows]),
                reason_codes=reason_codes,
                drift=freeze_distributions(
                    slices["train"].tree_features, pd, training.scale.points(pd), contract
                ),
            )
            known = _some(connection, contract, outcomes, "calibration")[0]
            artifact = replace(artifact, golden=golden_rows(artifact, known))
            latest = slices["out_of_time"]
            out_of_time = measure(
                choice.calibration.pd(raw_scores(booster, latest, training.n_threads)),
                latest.defaulted,
                outcomes.ids[outcomes.splits == "out_of_time"],
            )
    facts |= {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "calibration_log_loss": dict(choice.log_losses),
        "metrics": {"out_of_time": out_of_time.to_json()},
    }
    folder = save_artifact(replace(artifact, facts=facts), settings.artifacts)
    version = load_artifact(folder).version
    refused = refusals(settings.artifacts, version)
    if not refused and champion_version(settings.artifacts) != version:
        promote(settings.artifacts, version)
    stages.clear()
    return TrainingResult(version, out_of_time, tuple(refused))


def _encoder_weights(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
    stages: Stages,
) -> dict[str, np.ndarray]:
    """Train the autoencoder, unless an interrupted training finished that."""
    stored = stages.get("encoder.safetensors")
    if stored is None:

        def read(split: str, n_most: int) -> EncoderRows:
            rows = rows_of(outcomes, split, n_most, training.seed)
            features = read_features(connection, contract, outcomes.ids[rows])
            return EncoderRows(features.recent, outcomes.defaulted[rows])

        with step("Reading products"):
            rows = read("train", training.encoder.max_applicants)
            held_out = read("early_stopping", HELD_OUT_APPLICANTS)
        n_steps = training.encoder.n_steps(len(rows))
        with step("Training the autoencoder"), Progress("steps", n_steps) as progress:
            encoder = fit_encoder(
                rows,
                held_out,
                contract,
                training.autoencoder,
                training.encoder,
                training.seed,
                progress,
            )
        stored = save_tensors({name: value.numpy() for name, value in encoder.state_dict().items()})
        stages.put("encoder.safetensors", stored)
    weights: dict[str, np.ndarray] = load_tensors(stored)
    return weights


def _read_slices(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    weights: dict[str, np.ndarray],
    training: TrainingSettings,
) -> dict[str, BoosterRows]:
    encoder = make_encoder(weights, contract)
    with (
        step("Reading and encoding features"),
        Progress("applicants", len(outcomes)) as progress,
    ):
        return {
            split: read_booster_rows(
                connection, contract, outcomes, split, encoder, training.n_threads, progress
            )
            for split in SPLITS
        }


def _booster(
    contract: FeatureContract,
    slices: dict[str, BoosterRows],
    training: TrainingSettings,
    stages: Stages,
) -> lgb.Booster:
    """Train LightGBM, unless an interrupted training finished that."""
    stored = stages.get("booster.txt")
    if stored is None:
        n_latent = slices["train"].latent.shape[1]
        with step("Training LightGBM"), Progress("trees", training.booster.n_trees) as progress:
            booster = fit_booster(
                slices["train"],
                slices["early_stopping"],
                contract.tree_feature_names + tuple(f"latent_{i}" for i in range(n_latent)),
                training.booster,
                training.seed,
                training.n_threads,
                progress,
            )
            progress.note(f"{booster.num_trees()} trees")
        stored = booster.model_to_string().encode()
        stages.put("booster.txt", stored)
    return lgb.Booster(model_str=stored.decode())


def _some(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    split: str,
) -> tuple[FeatureBatch, np.ndarray]:
    """The oldest applicants of a slice, and their rows in it."""
    ids = outcomes.ids[outcomes.splits == split][:REFERENCE_APPLICANTS]
    return read_features(connection, contract, ids), np.arange(len(ids))


def _facts(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    training: TrainingSettings,
) -> dict[str, Any]:
    """Everything the model depends on."""
    data = data_facts(connection, outcomes)
    return {
        "seed": training.seed,
        "settings": training.recorded(),
        "libraries": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
        "data": data,
        "data_sha256": hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest(),
        "contract": contract.sha256,
    }


def _git_commit() -> str | None:
    """Commit of the installed source, or None outside a git checkout."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  git is looked up on the path on purpose
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
