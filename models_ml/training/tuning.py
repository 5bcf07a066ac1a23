"""Search for better training settings: resumable, pruned, the best one kept in a file that training reads.

A setting is judged by the log loss of its PDs on the calibration slice; the latest applicants are never looked at. What
the search knows is kept in a SQLite file, so a stopped search goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import optuna

from models_ml.features.contract import FeatureContract, read_contract
from models_ml.runtime.console import console
from models_ml.settings import Settings
from models_ml.training.calibration_fit import fit_platt
from models_ml.training.data import check_slices, data_facts
from models_ml.training.fitting import (
    blend_by,
    blended_scores,
    fit_encoder_weights,
    fit_trees,
    read_slices,
)
from models_ml.training.settings import (
    TrainingSettings,
    file_of,
    read_training_settings,
    settings_in_force,
    write_training_settings,
)
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.sampling import sample
from models_ml.warehouse.tables import Outcomes, read_outcomes

STORAGE = "tuning.db"
TUNED_SPLITS = ("train", "early_stopping", "calibration")
WARM_UP_TRIALS = 5
"""Trials before the search begins to prune."""
FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


@dataclass(frozen=True)
class TuningResult:
    """What a search found.

    Attributes:
        n_trials: Finished trials, those of earlier calls included.
        n_pruned: Those of them that were stopped early.
        first_log_loss: Log loss of the setting that was there before, nats.
        best_log_loss: Log loss of the best setting, nats.
        settings_file: Where the best setting was written.
    """

    n_trials: int
    n_pruned: int
    first_log_loss: float
    best_log_loss: float
    settings_file: Path


def tune(
    settings: Settings,
    n_trials: int,
    n_applicants: int | None = None,
    seed: int = 7,
    settings_file: Path | None = None,
) -> TuningResult:
    """Search until ``n_trials`` trials are finished and write the best setting.

    The first trial is the setting in force, so the result is never worse than that.

    Args:
        settings: Where everything is.
        n_trials: Finished trials to reach, those of earlier calls on the same data included.
        n_applicants: Applicants to use at most.
        seed: Of the search and of every training.
        settings_file: Written at the end; by default the one of the installation, which training reads.
    """
    settings_file = settings_file or file_of(settings.home)
    in_force = settings_file if settings_file.is_file() else settings_in_force(settings.home)
    start = read_training_settings(in_force, seed=seed, sample=n_applicants)
    contract = read_contract(settings.dictionary)
    with open_warehouse(settings.warehouse) as connection:
        outcomes = sample(read_outcomes(connection), n_applicants, seed)
        check_slices(outcomes)
        study = _open_study(settings, _study_name(connection, contract, outcomes, seed), seed)
        if not study.trials:
            study.enqueue_trial(_chosen(start))

        def report(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            done = len(study.get_trials(states=FINISHED))
            found = "pruned" if trial.value is None else f"log loss {trial.value:.5f}"
            console.print(f"Trial {done} of {n_trials}: {found}", style="bold")

        missing = n_trials - len(study.get_trials(states=FINISHED))
        study.optimize(
            lambda trial: _log_loss(trial, connection, contract, outcomes, start),
            n_trials=max(missing, 0),
            callbacks=[report],
        )
    best = _with(start, study.best_params)
    note = (
        f"Found by scorehouse tune on {datetime.now(UTC).date()}: log loss {study.best_value:.5f} on "
        f"the calibration slice of {len(outcomes):,} applicants, best of {len(study.trials)} trials."
    )
    write_training_settings(best, settings_file, note)
    finished = study.get_trials(states=FINISHED)
    return TuningResult(
        n_trials=len(finished),
        n_pruned=sum(trial.value is None for trial in finished),
        first_log_loss=float(finished[0].value or np.nan),
        best_log_loss=float(study.best_value),
        settings_file=settings_file,
    )


def _open_study(settings: Settings, name: str, seed: int) -> optuna.Study:
    """The study of these data; a trial that was cut off counts as failed."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    settings.home.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name,
        storage=f"sqlite:///{settings.home / STORAGE}",
        sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=WARM_UP_TRIALS),
        load_if_exists=True,
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _study_name(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    seed: int,
) -> str:
    """Other data, another search."""
    facts = {
        "data": data_facts(connection, outcomes), "contract": contract.sha256, "seed": seed
    }  # fmt: skip
    return "pd-" + hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


SEARCHED: dict[str, dict[str, tuple[float, float, bool]]] = {
    "encoder": {
        "learning_rate": (2e-3, 2e-2, True),
        "hidden_share": (0.0, 0.4, False),
        "dropout": (0.0, 0.5, False),
        "reconstruction_weight": (0.003, 0.3, True),
    },
    "booster": {
        "learning_rate": (0.02, 0.1, True),
        "n_leaves": (4, 31, True),
        "min_leaf_rows": (20, 1000, True),
        "feature_share": (0.1, 0.6, False),
        "l2": (1.0, 100.0, True),
    },
}
"""Lowest and highest value of what is searched, and whether the search goes by its logarithm."""


def _log_loss(
    trial: optuna.Trial,
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    start: TrainingSettings,
) -> float:
    """Train with a setting drawn by the search; log loss on the calibration slice, nats."""
    first = _chosen(start)
    drawn: dict[str, Any] = {}
    for part, ranges in SEARCHED.items():
        for name, (low, high, by_log) in ranges.items():
            key = f"{part}.{name}"
            if isinstance(first[key], int):
                drawn[key] = trial.suggest_int(key, int(low), int(high), log=by_log)
            else:
                drawn[key] = trial.suggest_float(key, low, high, log=by_log)
    training = _with(start, drawn)

    def watch(epoch: int, held_out_loss: float) -> None:
        trial.report(held_out_loss, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    weights = fit_encoder_weights(connection, contract, outcomes, training, watch)
    slices = read_slices(connection, contract, outcomes, weights, training, TUNED_SPLITS)
    rows = slices["calibration"]
    booster = fit_trees(contract.tree_feature_names, slices, training)
    blend = blend_by(booster, slices["early_stopping"])
    log_odds = blended_scores(booster, blend, rows)
    calibration = fit_platt(log_odds, rows.defaulted)  # the blend has no intercept
    pd = calibration.pd(log_odds)
    return float(-np.mean(np.log(np.where(rows.defaulted == 1, pd, 1 - pd))))


def _chosen(training: TrainingSettings) -> dict[str, Any]:
    """What is searched, as it is set now, by part and name."""
    return {
        f"{part}.{name}": getattr(getattr(training, part), name)
        for part, ranges in SEARCHED.items()
        for name in ranges
    }


def _with(training: TrainingSettings, chosen: dict[str, Any]) -> TrainingSettings:
    """The same settings with what was chosen."""
    parts = {
        part: replace(
            getattr(training, part), **{name: chosen[f"{part}.{name}"] for name in ranges}
        )
        for part, ranges in SEARCHED.items()
    }
    return replace(training, **parts)
