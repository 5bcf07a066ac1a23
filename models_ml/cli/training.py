"""Commands that make models: train, tune."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from models_ml.cli.options import (
    Sample,
    Seed,
    TargetOption,
    Wait,
    aligned,
    option,
    tell,
    written_path,
)
from models_ml.jobs.engines import Target, open_engine
from models_ml.runtime.extras import need_extra
from models_ml.settings import Settings


def train(
    wait: Wait = 0.0,
    seed: Seed = 7,
    sample: Sample = None,
    cv: Annotated[
        int, option("N", "Also cross-validate on N random folds; 0 = do not.", min=0, max=20)
    ] = 0,
    target: TargetOption = Target.DUCKDB,
) -> None:
    """Train a model on the feature table; if it passes its gates, it scores from then on."""
    need_extra("train")
    from models_ml.runtime.lock import run_lock
    from models_ml.training.job import train as train_model
    from models_ml.training.settings import read_training_settings, settings_in_force

    settings = Settings.from_environment()
    training = read_training_settings(settings_in_force(settings.home), seed=seed, sample=sample)
    with (
        run_lock(settings.home, "scorehouse train", wait),
        open_engine(target, settings) as engine,
    ):
        result = train_model(settings, training, cv, engine.tables_for_training(sample, seed))
    metrics, folds = result.out_of_time, result.cross_validation
    state = "champion" if not result.refusals else "not promoted"
    rows = [
        ("model", f"{result.version} ({state})"),
        ("AUC", f"{metrics.auc} on the latest {metrics.n_applicants:,} applicants"),
        ("Gini", f"{metrics.gini}"),
        ("KS", f"{metrics.ks}"),
        ("calibration error", f"{metrics.ece}"),
        *([("AUC, random split", f"{folds}")] if folds else []),
        *(("not promoted", reason) for reason in result.refusals),
    ]
    tell(aligned(rows))


def tune(
    trials: Annotated[
        int, option("N", "Search until N trials are finished, earlier ones included.", min=1)
    ] = 30,
    sample: Sample = None,
    out: Annotated[
        Path | None,
        option(
            "FILE", "Where to write; by default SCOREHOUSE_HOME/training.toml.", parser=written_path
        ),
    ] = None,
    wait: Wait = 0.0,
    seed: Seed = 7,
) -> None:
    """Search for better training settings; resumes an interrupted search."""
    need_extra("tune")
    from models_ml.runtime.lock import run_lock
    from models_ml.training.settings import file_of
    from models_ml.training.tuning import tune as tune_settings

    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse tune", wait):
        found = tune_settings(settings, trials, sample, seed, out or file_of(settings.home))
    rows = [
        ("trials", f"{found.n_trials}, {found.n_pruned} of them stopped early"),
        ("log loss", f"{found.best_log_loss:.5f}, before {found.first_log_loss:.5f}"),
        ("settings", f"{found.settings_file}"),
    ]
    tell(aligned(rows))
