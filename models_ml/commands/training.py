"""Commands that make data and models: simulate, train, tune."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from models_ml.commands.options import Seed, Wait, Where, courtesy, print_rows, written_path
from models_ml.engines import Target, open_engine
from models_ml.errors import InputDataError
from models_ml.extras import need_extra
from models_ml.settings import Settings

if TYPE_CHECKING:
    from models_ml.simulator import CheckRow

commands = typer.Typer()


@commands.command()
def simulate(
    out: Annotated[
        Path, typer.Option(help="Folder for the raw files.", parser=written_path, metavar="PATH")
    ] = Path("data/raw"),
    applicants: Annotated[int, typer.Option(help="Number of applicants.", min=1)] = 60_000,
    seed: Seed = 7,
    parts: Annotated[int, typer.Option(help="Number of parquet parts.", min=1)] = 12,
    start_id: Annotated[int, typer.Option(help="Id of the first applicant.", min=0)] = 0,
    check: Annotated[
        bool, typer.Option("--check", help="Compare what was written with the published facts.")
    ] = False,
) -> None:
    """Write a simulated credit bureau in the layout of the published data."""
    from models_ml.progress import Progress
    from models_ml.simulator import SimulationSettings
    from models_ml.simulator import check as check_bureau
    from models_ml.simulator import simulate as simulate_bureau

    settings = SimulationSettings(
        applicants=applicants,
        seed=seed,
        parts=parts,
        start_id=start_id,
        workers=os.cpu_count() or 1,
    )
    with Progress("simulating applicants", applicants) as progress:
        summary = simulate_bureau(
            settings, out, progress=lambda done, total: progress.set_done(done)
        )
    with courtesy():
        print(
            f"{summary.applicants:,} applicants, {summary.products:,} credit products, "
            f"{summary.defaulters:,} defaulters in {summary.parts} parts in {summary.folder}"
        )
    if check:
        print_check(check_bureau(out))


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
    from models_ml.lock import run_lock
    from models_ml.train import train as train_model
    from models_ml.training_settings import read_training_settings, settings_in_force

    settings = Settings.from_environment()
    file = settings_in_force(settings.home)
    training = read_training_settings(file, seed=seed, sample=sample)
    with (
        run_lock(settings.home, "scorehouse train", wait),
        open_engine(target, settings) as engine,
    ):
        result = train_model(engine.tables_for_training(sample, seed), training, cv)
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
    from models_ml.lock import run_lock
    from models_ml.training_settings import file_of
    from models_ml.tune import tune as tune_settings

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


def print_check(rows: list[CheckRow]) -> None:
    """Print the comparison with the published facts as a table.

    Raises:
        InputDataError: A fact does not hold; small samples miss some by chance.
    """
    table = Table("fact", "measured", "allowed", "holds", box=box.SIMPLE)
    for row in rows:
        table.add_row(row.fact, row.measured, row.tolerance, "yes" if row.ok else "NO")
    Console(highlight=False, markup=False, emoji=False).print(table)
    if missed := [row.fact for row in rows if not row.ok]:
        raise InputDataError(
            f"{len(missed)} of {len(rows)} facts are missed ({'; '.join(missed)}). Below 300,000 "
            "applicants that may be chance; simulate more of them."
        )
