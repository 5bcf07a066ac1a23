"""Search for better training settings: resumable, pruned, the best settings written to a file that training reads.

Settings are judged by the log loss of their PDs on the calibration slice; the latest applicants are never looked at.
The trials are kept in a SQLite file, so an interrupted search resumes where it stopped.
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
from models_ml.training.calibration_fit import fit_platt, log_loss
from models_ml.training.data import check_slices, data_facts
from models_ml.training.fitting import score_held_out
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
WARM_UP_TRIALS = 5
"""Trials before the search starts to stop bad ones early."""
FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


@dataclass(frozen=True)
class TuningResult:
    """What a search found.

    Attributes:
        n_trials: Finished trials, those of earlier calls included.
        n_pruned: How many of them were stopped early.
        first_log_loss: Log loss of the settings before the search, nats.
        best_log_loss: Log loss of the best settings, nats.
        settings_file: Where the best settings were written.
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
    """Search until ``n_trials`` trials are finished and write the best settings.

    The first trial has the settings in force, so the result is never worse than those.

    Args:
        settings: Where everything is.
        n_trials: Finished trials to reach, those of earlier calls on the same data included.
        n_applicants: Applicants to use at most.
        seed: Of the search and of every training.
        settings_file: Written at the end; by default the file of the installation, which training reads.
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
            found = "stopped early" if trial.value is None else f"log loss {trial.value:.5f}"
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
    """The study of these data; a trial that was interrupted counts as failed."""
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
    """Name of the study: other data, contract or seed start another search."""
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
"""Lowest and highest value of each searched setting, and whether it is searched on a log scale."""


def _log_loss(
    trial: optuna.Trial,
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    start: TrainingSettings,
) -> float:
    """Train with settings drawn by the search; log loss on the calibration slice, nats."""
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

    log_odds, defaulted = score_held_out(
        connection, contract, outcomes, training, "calibration", watch
    )
    calibration = fit_platt(log_odds, defaulted)  # the blend has no intercept
    return log_loss(calibration.pd(log_odds), defaulted)


def _chosen(training: TrainingSettings) -> dict[str, Any]:
    """Current values of the searched settings, by part and name."""
    return {
        f"{part}.{name}": getattr(getattr(training, part), name)
        for part, ranges in SEARCHED.items()
        for name in ranges
    }


def _with(training: TrainingSettings, chosen: dict[str, Any]) -> TrainingSettings:
    """The same settings with the chosen values."""
    parts = {
        part: replace(
            getattr(training, part), **{name: chosen[f"{part}.{name}"] for name in ranges}
        )
        for part, ranges in SEARCHED.items()
    }
    return replace(training, **parts)
