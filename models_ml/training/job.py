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
import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from models_ml.evaluation.metrics import Metrics, measure
from models_ml.features.contract import FeatureContract, read_contract
from models_ml.registry.artifact import Artifact, add_metrics, load_artifact, save_artifact
from models_ml.registry.gates import refusals
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.pointers import champion_version
from models_ml.registry.promotion import promote
from models_ml.runtime.console import step
from models_ml.scoring.attribution import choose_reference
from models_ml.scoring.model_checks import check_weights
from models_ml.scoring.reasons import read_reason_codes
from models_ml.scoring.scorecard import BAND_LETTERS
from models_ml.scoring.trees import read_forest
from models_ml.settings import PROJECT_ROOT, Settings, Warehouse
from models_ml.training.calibration_fit import choose_calibration
from models_ml.training.checkpoints import Stages
from models_ml.training.cross_validation import CrossValidation, cross_validate
from models_ml.training.data import check_slices, data_facts
from models_ml.training.fitting import (
    blended_scores,
    fit_blend,
    fit_encoder_weights,
    fit_trees,
    read_slices,
)
from models_ml.training.reference_distributions import freeze_distributions
from models_ml.training.settings import TrainingSettings, read_training_settings, settings_in_force
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.sampling import sample
from models_ml.warehouse.tables import Outcomes, read_features, read_outcomes

LIBRARIES = (
    *("torch", "lightgbm", "numpy", "numba", "scikit-learn", "duckdb", "safetensors", "pyarrow"),
)
REFERENCE_APPLICANTS = 20_000
"""Most applicants among whom the reference applicant and the golden rows are chosen."""


@dataclass(frozen=True)
class TrainingResult:
    """The new model and its performance on applicants it never saw.

    Attributes:
        version: Its version.
        out_of_time: Figures on the latest applicants.
        cross_validation: Figures on random folds, if requested.
        refusals: Why it did not become champion; empty when it did.
    """

    version: str
    out_of_time: Metrics
    cross_validation: CrossValidation | None
    refusals: tuple[str, ...]


def train(
    settings: Settings,
    training: TrainingSettings | None = None,
    n_folds: int = 0,
    warehouse: Warehouse | None = None,
) -> TrainingResult:
    """Train a model on the feature table; it becomes champion if it passes the gates.

    Encoder and booster learn from the oldest applicants, the next slice decides when to stop, the one after that
    calibrates the PD, and the latest applicants measure the result.

    Args:
        settings: Where everything is.
        training: What the model depends on besides the data; by default the settings file in force.
        n_folds: Folds of a cross-validation in addition to the out-of-time figures; 0 = none.
        warehouse: Has the features and outcomes; by default the one of the settings.

    Raises:
        InputDataError: The table is unusable or has too few defaulters.
    """
    training = training or read_training_settings(settings_in_force(settings.home))
    contract = read_contract(settings.dictionary)
    reason_codes = read_reason_codes(settings.dictionary.with_name("reason_codes.csv"), contract)
    with open_warehouse(warehouse or settings.warehouse) as connection:
        with step("Reading outcomes"):
            outcomes = sample(read_outcomes(connection), training.sample, training.seed)
            check_slices(outcomes)
            facts = _facts(connection, contract, outcomes, training)
        stages = Stages.open(settings.home, facts)
        weights = stages.once(
            "encoder.safetensors",
            lambda content: _read_weights(content, contract),
            lambda: fit_encoder_weights(connection, contract, outcomes, training),
            save_tensors,
        )
        slices = read_slices(connection, contract, outcomes, weights, training)
        booster = stages.once(
            "booster.txt",
            _read_booster,
            lambda: fit_trees(contract.tree_feature_names, slices, training),
            str.encode,
        )
        with step("Calibrating and measuring"):
            blend = fit_blend(booster, slices["early_stopping"])
            calibration_scores = blended_scores(booster, blend, slices["calibration"])
            choice = choose_calibration(calibration_scores, slices["calibration"].defaulted)
            pd = choice.calibration.pd(calibration_scores)
            ids = outcomes.ids[outcomes.splits == "calibration"][:REFERENCE_APPLICANTS]
            known = read_features(connection, contract, ids)
            artifact = Artifact(
                contract=contract,
                weights=weights,
                encoder_settings=asdict(training.autoencoder),
                booster=booster,
                calibration=choice.calibration,
                blend=blend,
                scale=training.scale,
                bands=training.bands,
                reference=choose_reference(known, calibration_scores[: len(known)]),
                reason_codes=reason_codes,
                drift=freeze_distributions(
                    slices["train"].tree_features, pd, training.scale.points(pd), contract
                ),
            )
            artifact = replace(artifact, golden=golden_rows(artifact, known))
            latest = slices["out_of_time"]
            latest_pd = choice.calibration.pd(blended_scores(booster, blend, latest))
            bands = training.bands.band_numbers(training.scale.points(latest_pd))
            out_of_time = measure(
                latest_pd,
                latest.defaulted,
                outcomes.ids[outcomes.splits == "out_of_time"],
                np.array(list(BAND_LETTERS))[bands],
            )
        validation = (
            cross_validate(connection, contract, outcomes, training, n_folds, stages)
            if n_folds
            else None
        )
    metrics: dict[str, Any] = {"out_of_time": out_of_time.to_json()}
    if validation:
        metrics["cross_validation"] = validation.to_json()
    facts |= {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git_commit(),
        "settings_file": dict(training.file),
        "python": platform.python_version(),
        "calibration_log_loss": dict(choice.log_losses),
        "metrics": metrics,
    }
    folder = save_artifact(replace(artifact, facts=facts), settings.artifacts)
    if validation:  # an identical model may already exist, without these figures
        add_metrics(folder, {"cross_validation": validation.to_json()})
    version = load_artifact(folder).version
    refused = refusals(settings.artifacts, version)
    if not refused and champion_version(settings.artifacts) != version:
        promote(settings.artifacts, version)
    stages.clear()
    return TrainingResult(version, out_of_time, validation, tuple(refused))


def _read_weights(content: bytes, contract: FeatureContract) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = load_tensors(content)
    check_weights(weights, contract)
    return weights


def _read_booster(content: bytes) -> str:
    read_forest(content.decode())
    return content.decode()


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
    """Commit of the source; None unless this is a checkout, even if an environment inside one."""
    if not (PROJECT_ROOT / ".git").exists():
        return None
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
