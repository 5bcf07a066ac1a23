"""Commands that make models: train, tune."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models_ml.cli.options import Seed, Wait, Where, courtesy, print_rows, written_path
from models_ml.jobs.engines import Target, open_engine
from models_ml.runtime.extras import need_extra
from models_ml.settings import Settings

commands = typer.Typer()


@commands.command()
def train(
    wait: Wait = 0.0,
    seed: Seed = 7,
    sample: Annotated[
        int | None, typer.Option(help="Applicants to use at most; all by default.", min=1)
    ] = None,
    cv: Annotated[
        int, typer.Option(help="Folds of a random split measured beside; 0 = none.", min=0, max=20)
    ] = 0,
    target: Where = Target.DUCKDB,
) -> None:
    """Train a model on the feature table; it scores from then on if it passes its gates."""
    need_extra("train")
    from models_ml.runtime.lock import run_lock
    from models_ml.training.job import train as train_model
    from models_ml.training.settings import read_training_settings, settings_in_force

    settings = Settings.from_environment()
    file = settings_in_force(settings.home)
    training = read_training_settings(file, seed=seed, sample=sample)
    with (
        run_lock(settings.home, "scorehouse train", wait),
        open_engine(target, settings) as engine,
    ):
        result = train_model(settings, training, cv, engine.tables_for_training(sample, seed))
    metrics, folds = result.out_of_time, result.cross_validation
    state = "champion" if not result.refusals else "not promoted"
    with courtesy():
        print_rows(
            [
                ("model", f"{result.version} ({state})"),
                ("AUC", f"{metrics.auc} on the latest {metrics.n_applicants:,} applicants"),
                ("Gini", f"{metrics.gini}"),
                ("KS", f"{metrics.ks}"),
                ("calibration error", f"{metrics.ece}"),
                *([("AUC, random split", f"{folds}")] if folds else []),
                *(("not promoted", reason) for reason in result.refusals),
            ]
        )


@commands.command()
def tune(
    trials: Annotated[int, typer.Option(help="Finished trials to reach.", min=1)] = 30,
    sample: Annotated[
        int | None, typer.Option(help="Applicants to use at most; all by default.", min=1)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File of the best setting; by default SCOREHOUSE_HOME/training.toml, which training reads.",
            parser=written_path,
            metavar="PATH",
        ),
    ] = None,
    wait: Wait = 0.0,
    seed: Seed = 7,
) -> None:
    """Search for better training settings; goes on where a stopped search was."""
    need_extra("tune")
    from models_ml.runtime.lock import run_lock
    from models_ml.training.settings import file_of
    from models_ml.training.tuning import tune as tune_settings

    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse tune", wait):
        found = tune_settings(settings, trials, sample, seed, out or file_of(settings.home))
    with courtesy():
        print_rows(
            [
                ("trials", f"{found.n_trials}, {found.n_pruned} of them stopped early"),
                ("log loss", f"{found.best_log_loss:.5f}, before {found.first_log_loss:.5f}"),
                ("settings", f"{found.settings_file}"),
            ]
        )
