"""The ``scorehouse`` command."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from models_ml.engines import Target, open_engine
from models_ml.errors import EXIT_INTERRUPTED, InputDataError, ScorehouseError, UsageError
from models_ml.models_cli import models
from models_ml.progress import console
from models_ml.settings import Settings

if TYPE_CHECKING:
    from models_ml.simulator import CheckRow

EXAMPLE_QUERY = "from applicant_scores order by pd desc limit 5"

app = typer.Typer(
    help="Credit-default scores as a table in the warehouse.",
    epilog=(
        "Folders: SCOREHOUSE_RAW (data/raw) is read, SCOREHOUSE_HOME (data) is written. "
        "Exit codes: 0 done, 64 wrong option, 65 bad data, 66 input missing, "
        "69 engine unavailable, 70 build or test failed, "
        "73 cannot write, 75 another run is at work: try again later, 78 no usable model."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
output = Console(highlight=False)

Wait = Annotated[float, typer.Option(help="Seconds to wait for another run to end.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0)]
Where = Annotated[
    Target, typer.Option("--target", help="Where the warehouse is: this folder, or Spark.")
]


class LogFormat(StrEnum):
    """How progress and errors are written to standard error."""

    TEXT = "text"
    JSON = "json"


@app.callback()
def set_log_format(
    log_format: Annotated[
        LogFormat,
        typer.Option(
            envvar="SCOREHOUSE_LOG_FORMAT", help="Standard error as text or as JSON lines."
        ),
    ] = LogFormat.TEXT,
) -> None:
    """Credit-default scores as a table in the warehouse."""
    console.as_json = log_format is LogFormat.JSON


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
    target: Where = Target.DUCKDB,
) -> None:
    """Do the main job: features, model if needed, scores, tests, published files."""
    from models_ml.pipeline import RunOptions
    from models_ml.pipeline import run as run_pipeline

    settings = Settings.from_environment()
    summary = run_pipeline(
        settings,
        RunOptions(train, full_refresh, wait, seed, target),
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
    target: Where = Target.DUCKDB,
) -> None:
    """Train a model on the feature table; it scores from then on if it passes its gates."""
    from models_ml.lock import run_lock
    from models_ml.train import train as train_model
    from models_ml.training_settings import read_training_settings

    settings = Settings.from_environment()
    training = read_training_settings(seed=seed, sample=sample)
    with (
        run_lock(settings.home, "scorehouse train", wait),
        open_engine(target, settings) as engine,
    ):
        result = train_model(engine.tables_for_training(sample, seed), training, cv)
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


app.add_typer(models, name="models")


@app.command()
def replay(
    id_: Annotated[int, typer.Option("--id", help="Application number.")],
    at: Annotated[
        str | None,
        typer.Option(
            help="Time (ISO 8601, UTC) of which the score is wanted; the latest if left out."
        ),
    ] = None,
) -> None:
    """Compute a past score anew, from the archived model and features, and say whether it is equal."""
    from models_ml.replay import parse_time, replay_score

    result = replay_score(
        Settings.from_environment(), id_, parse_time(at) if at is not None else None
    )
    _print_rows([(name, f"{recorded}") for name, recorded, _ in result.fields])
    result.check()
    output.print("equal: computed anew, every value is the same")


@app.command()
def publish(
    wait: Wait = 0.0,
    to: Annotated[
        str | None,
        typer.Option(
            envvar="SCOREHOUSE_POSTGRES",
            help="Also copy to this PostgreSQL database: postgres://user@host:5432/database.",
        ),
    ] = None,
) -> None:
    """Test what the warehouse holds and publish it to the files that readers open."""
    from models_ml.lock import run_lock
    from models_ml.pipeline import check_and_publish

    settings = Settings.from_environment()
    with run_lock(settings.home, "scorehouse publish", wait):
        published = check_and_publish(settings)
        output.print(f"{published.n_applicants:,} applicants in {published.serving_file}")
        if to is not None:
            from models_ml.postgres import SCHEMA, publish_to_postgres

            n_rows = publish_to_postgres(settings, to)
            output.print(f"{n_rows:,} rows in PostgreSQL, schema {SCHEMA}")


@app.command()
def report(
    id_: Annotated[
        list[int] | None,
        typer.Option("--id", help="Write the page of this applicant instead; repeat for more."),
    ] = None,
    docs: Annotated[
        bool, typer.Option("--docs", help="Write dbt's documentation of the tables beside it too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pages; SCOREHOUSE_HOME/report by default.")
    ] = None,
    wait: Wait = 0.0,
) -> None:
    """Write the report on model and scores, each page one HTML file that needs no network."""
    from models_ml.lock import run_lock
    from models_ml.report.job import write_applicant_page, write_report, write_warehouse_docs

    settings = Settings.from_environment()
    folder = settings.home / "report" if out is None else out.resolve()
    with run_lock(settings.home, "scorehouse report", wait):  # a reader would make a run fail
        if id_:
            pages = [write_applicant_page(settings, folder, applicant) for applicant in id_]
        else:
            pages = [write_report(settings, folder)]
        if docs:
            pages.append(write_warehouse_docs(settings, folder))
    for page in pages:
        output.print(str(page), soft_wrap=True)


@app.command()
def status() -> None:
    """Say what is built and what is stale."""
    from models_ml.status import status as read_status

    lines = read_status(Settings.from_environment())
    _print_rows(
        [(line.name, line.state + (f" -> {line.remedy}" * bool(line.remedy))) for line in lines]
    )


@app.command()
def score(
    source: Annotated[
        str, typer.Option("--input", help="Parquet, CSV or JSON file; - for standard input.")
    ],
    form: Annotated[str, typer.Option("--format", help="table, json, csv or parquet.")] = "table",
    out: Annotated[
        Path | None, typer.Option("--output", help="File; standard output by default.")
    ] = None,
) -> None:
    """Score raw product records that are not in the warehouse, by the SQL and the model of the table."""
    from models_ml.score_records import score_records

    score_records(Settings.from_environment(), source, form, out)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=0, max=65535)] = 8000,
    config: Annotated[Path | None, typer.Option(help="TOML file with limits.")] = None,
) -> None:
    """Serve scores of new records over HTTP, by the SQL and the model of the table."""
    from importlib.util import find_spec

    if find_spec("uvicorn") is None or find_spec("fastapi") is None:
        raise UsageError(
            "The scoring service is not installed; add it with: pip install 'scorehouse[serve]'"
        )
    from models_ml.service.run import serve as serve_scores
    from models_ml.service.settings import SETTINGS_FILE, read_service_settings

    limits = read_service_settings(config or SETTINGS_FILE, host=host, port=port)
    serve_scores(Settings.from_environment(), limits)


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
