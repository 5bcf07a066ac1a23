"""The ``scorehouse`` command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from models_ml.errors import InputDataError, ScorehouseError
from models_ml.progress import console
from models_ml.settings import Settings

if TYPE_CHECKING:
    from models_ml.simulator import CheckRow

EXIT_INTERRUPTED = 130
EXAMPLE_QUERY = "from applicant_scores order by pd desc limit 5"

app = typer.Typer(
    help="Credit-default scores as a table in the warehouse.",
    epilog=(
        "Folders: SCOREHOUSE_RAW (data/raw) is read, SCOREHOUSE_HOME (data) is written. "
        "Exit codes: 0 done, 64 wrong option, 65 bad data, 66 input missing, 70 build or test failed, "
        "73 cannot write, 75 another run is at work: try again later, 78 no usable model."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
output = Console(highlight=False)

Wait = Annotated[float, typer.Option(help="Seconds to wait for another run to end.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0)]


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the raw files.")] = Path("data/raw"),
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
    output.print(
        f"{summary.applicants:,} applicants, {summary.products:,} credit products, "
        f"{summary.defaulters:,} defaulters in {summary.parts} parts in {summary.folder}",
        soft_wrap=True,
    )
    if check:
        _print_check(check_bureau(out))


@app.command()
def run(
    train: Annotated[
        bool, typer.Option("--train", help="Train a new model even when there is one.")
    ] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Recompute the features of every applicant.")
    ] = False,
    wait: Wait = 0.0,
    seed: Seed = 7,
) -> None:
    """Do the main job: features, model if needed, scores, tests, published files."""
    from models_ml.pipeline import RunOptions
    from models_ml.pipeline import run as run_pipeline

    settings = Settings.from_environment()
    summary = run_pipeline(
        settings,
        RunOptions(train, full_refresh, wait, seed),
    )
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in summary.seconds.items())
    _print_rows(
        [
            ("scored", f"{summary.published.n_applicants:,} applicants"),
            ("model", f"{summary.model_version}, out-of-time AUC {summary.auc:.4f}"),
            ("time", f"{times}; {sum(summary.seconds.values()):.1f} s in all"),
            ("scores", f"{summary.published.serving_file}"),
            ("", f"{summary.published.parquet}"),
        ]
    )
    _print_rows([("", "")])
    _print_rows([("query", f'scorehouse sql "{EXAMPLE_QUERY}"')])
    query(EXAMPLE_QUERY)


@app.command()
def train(
    wait: Wait = 0.0,
    seed: Seed = 7,
    sample: Annotated[
        int | None, typer.Option(help="Applicants to use at most; all by default.", min=1)
    ] = None,
    cv: Annotated[
        int, typer.Option(help="Folds of a random split measured beside; 0 = none.", min=0, max=20)
    ] = 0,
) -> None:
    """Train a model on the feature table; it scores from then on if it passes its gates."""
    from models_ml.lock import run_lock
    from models_ml.train import train as train_model
    from models_ml.training_settings import read_training_settings

    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse train", wait):
        result = train_model(settings, read_training_settings(seed=seed, sample=sample), cv)
    metrics, folds = result.out_of_time, result.cross_validation
    state = "champion" if not result.refusals else "not promoted"
    _print_rows(
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


@app.command()
def tune(
    trials: Annotated[int, typer.Option(help="Finished trials to reach.", min=1)] = 30,
    sample: Annotated[
        int | None, typer.Option(help="Applicants to use at most; all by default.", min=1)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File of the best setting; the installed one by default.")
    ] = None,
    wait: Wait = 0.0,
    seed: Seed = 7,
) -> None:
    """Search for better training settings; goes on where a stopped search was."""
    from models_ml.errors import UsageError
    from models_ml.lock import run_lock
    from models_ml.training_settings import SETTINGS_FILE

    try:
        from models_ml.tune import tune as tune_settings
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is missing; install it with: pip install 'scorehouse[tune]'"
        ) from error
    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse tune", wait):
        found = tune_settings(settings, trials, sample, seed, out or SETTINGS_FILE)
    _print_rows(
        [
            ("trials", f"{found.n_trials}, {found.n_pruned} of them stopped early"),
            ("log loss", f"{found.best_log_loss:.5f}, before {found.first_log_loss:.5f}"),
            ("settings", f"{found.settings_file}"),
        ]
    )


models = typer.Typer(
    help="Trained models: which there are, which one scores.", no_args_is_help=True
)
app.add_typer(models, name="models")
Version = Annotated[str | None, typer.Argument(help="Version; the champion when left out.")]
Reason = Annotated[str, typer.Option(help="Why; recorded in the history.")]


@models.command("list")
def list_models() -> None:
    """List all models, newest first."""
    from models_ml import registry

    for model in registry.list_models(Settings.from_environment().artifacts):
        auc = "unknown" if model.auc is None else f"{model.auc:.4f}"
        note = model.problem or ("champion" if model.champion else "")
        output.print(f"{model.version}  {model.created_at}  AUC {auc}  {note}", soft_wrap=True)


@models.command("show")
def show_model(version: Version = None) -> None:
    """Print the manifest of a model as JSON."""
    from models_ml import registry

    manifest = registry.show_model(Settings.from_environment().artifacts, version)
    print(json.dumps(manifest, indent=2))


@models.command("verify")
def verify_model(version: Version = None) -> None:
    """Check the hashes and golden rows of a model."""
    from models_ml import registry

    checked = registry.verify_model(Settings.from_environment().artifacts, version)
    output.print(f"{checked}: every file is as trained, golden rows score as recorded")


@models.command("promote")
def promote_model(
    version: Annotated[str, typer.Argument(help="The model that should score.")],
    force: Annotated[
        str | None, typer.Option(help="Reason to pass over the gates; recorded.")
    ] = None,
) -> None:
    """Make a model the one that scores, if it passes its gates."""
    from models_ml import registry

    registry.promote(Settings.from_environment().artifacts, version, force)
    output.print(f"{version} scores from the next run on")


@models.command("rollback")
def rollback_model(reason: Reason) -> None:
    """Go back to the champion before the current one."""
    from models_ml import registry

    version = registry.rollback(Settings.from_environment().artifacts, reason)
    output.print(f"{version} scores from the next run on")


@app.command()
def publish(wait: Wait = 0.0) -> None:
    """Publish the scores of the warehouse to the files that readers open."""
    from models_ml.lock import run_lock
    from models_ml.publish import publish as publish_scores

    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse publish", wait):
        published = publish_scores(settings)
    output.print(f"{published.n_applicants:,} applicants in {published.serving_file}")


@app.command()
def status() -> None:
    """Say what is built and what is stale."""
    from models_ml.status import status as read_status

    lines = read_status(Settings.from_environment())
    _print_rows(
        [(line.name, line.state + (f" -> {line.remedy}" * bool(line.remedy))) for line in lines]
    )


@app.command("sql")
def query(
    sql: Annotated[str, typer.Argument(help="A query; the published tables are there by name.")],
) -> None:
    """Query the published scores; never blocks a run and never changes anything."""
    from models_ml.publish import query_published

    output.print(query_published(Settings.from_environment(), sql), soft_wrap=True)


def _print_check(rows: list[CheckRow]) -> None:
    """Print the comparison with the published facts as a table.

    Raises:
        InputDataError: A fact does not hold; small samples miss some by chance.
    """
    table = Table("fact", "measured", "allowed", "holds", box=box.SIMPLE)
    for row in rows:
        table.add_row(row.fact, row.measured, row.tolerance, "yes" if row.ok else "NO")
    output.print(table)
    if missed := [row.fact for row in rows if not row.ok]:
        raise InputDataError(
            f"{len(missed)} of {len(rows)} facts are missed ({'; '.join(missed)}). Below 300,000 "
            "applicants that may be chance; simulate more of them."
        )


def _print_rows(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns, never wrapped, so that paths can be copied."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        output.print(f"{name:<{width}}  {value}", soft_wrap=True, markup=False)


def main() -> None:
    """Run the command; every expected failure is one sentence on standard error and an exit code."""
    # Threads that wait without spinning: beside other work on the machine, training is many times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.umask(0o077)  # scores and models are personal data: nobody else reads them by default
    try:
        app()
    except ScorehouseError as error:
        console.print(f"[bold red]error:[/bold red] {error}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        console.print("[bold red]stopped:[/bold red] nothing half-written is left behind.")
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
