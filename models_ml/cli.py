"""The ``scorehouse`` command."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import signal
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models_ml.commands import models, scoring, training
from models_ml.commands.options import (
    LargestFall,
    Seed,
    Wait,
    Where,
    applicant_id,
    courtesy,
    print_rows,
    written_path,
)
from models_ml.engines import Target
from models_ml.errors import (
    EXIT_CODES,
    INTERRUPTED,
    SOFTWARE,
    USAGE,
    ReaderGoneError,
    ScorehouseError,
    is_ctrl_c,
)
from models_ml.progress import console
from models_ml.settings import Settings
from models_ml.streams import protect_standard_streams, text_of

UNEXPECTED = (
    "unexpected: {error!r}. This is a fault of scorehouse and not of the call; what was published before is unchanged. "
    "Report it with the traceback, after taking out personal data."
)
EXAMPLE_QUERY = "from applicant_scores order by pd desc limit 5"

app = typer.Typer(
    help="Credit-default scores as a table in the warehouse.",
    epilog=(
        "Folders: SCOREHOUSE_RAW (data/raw) is read, SCOREHOUSE_HOME (data) is written. "
        f"Exit codes: {'; '.join(f'{code.code} {code.meaning}' for code in EXIT_CODES)}."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class LogFormat(StrEnum):
    """How progress and errors are written to standard error."""

    TEXT = "text"
    JSON = "json"


def print_version(wanted: bool) -> None:
    """Print the version of the installed package, and end."""
    if wanted:
        print(f"scorehouse {importlib.metadata.version('scorehouse')}")
        raise typer.Exit


@app.callback()
def set_log_format(
    log_format: Annotated[
        LogFormat,
        typer.Option(
            envvar="SCOREHOUSE_LOG_FORMAT", help="Standard error as text or as JSON lines."
        ),
    ] = LogFormat.TEXT,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=print_version, help="Print the version."),
    ] = False,
) -> None:
    """Credit-default scores as a table in the warehouse."""
    console.as_json = log_format is LogFormat.JSON


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
    largest_fall: LargestFall = None,
) -> None:
    """Do the main job: features, model if needed, scores, tests, published files."""
    from models_ml.pipeline import RunOptions
    from models_ml.pipeline import run as run_pipeline

    settings = Settings.from_environment()
    summary = run_pipeline(
        settings,
        RunOptions(train, full_refresh, wait, seed, target, largest_fall),
    )
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in summary.seconds.items())
    with courtesy():
        print_rows(
            [
                ("scored", f"{summary.published.n_applicants:,} applicants"),
                (
                    "model",
                    "none: nobody to score"
                    if summary.auc is None
                    else f"{summary.model_version}, out-of-time AUC {summary.auc:.4f}",
                ),
                ("time", f"{times}; {sum(summary.seconds.values()):.1f} s in all"),
                ("scores", f"{summary.published.serving_file}"),
                ("", f"{summary.published.parquet}"),
            ]
        )
        print_rows([("", "")])
        print_rows([("query", f'scorehouse sql "{EXAMPLE_QUERY}"')])
        query(EXAMPLE_QUERY)


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
    largest_fall: LargestFall = None,
) -> None:
    """Test what the warehouse holds and publish it to the files that readers open."""
    from models_ml.lock import run_lock
    from models_ml.pipeline import check_and_publish
    from models_ml.postgres import SCHEMA, host_and_database, publish_to_postgres

    settings = Settings.from_environment()
    if to is not None:
        host_and_database(to)  # a wrong address is refused before anything is published
    with run_lock(settings.home, "scorehouse publish", wait):
        published = check_and_publish(settings, largest_fall)
        with courtesy():
            print(f"{published.n_applicants:,} applicants in {published.serving_file}")
        if to is not None:
            n_rows = publish_to_postgres(settings, to)
            with courtesy():
                print(f"{n_rows:,} rows in PostgreSQL, schema {SCHEMA}")


@app.command()
def report(
    id_: Annotated[
        list[int] | None,
        typer.Option(
            "--id",
            parser=applicant_id,
            metavar="ID",
            help="Write the page of this applicant instead; repeat for more.",
        ),
    ] = None,
    docs: Annotated[
        bool, typer.Option("--docs", help="Write dbt's documentation of the tables beside it too.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the pages; SCOREHOUSE_HOME/report by default.",
            parser=written_path,
            metavar="PATH",
        ),
    ] = None,
    wait: Wait = 0.0,
) -> None:
    """Write the report on model and scores, each page one HTML file that needs no network."""
    from models_ml.lock import run_lock
    from models_ml.progress import step
    from models_ml.report.job import write_applicant_page, write_report, write_warehouse_docs

    settings = Settings.from_environment()
    folder = settings.home / "report" if out is None else out.resolve()
    # The lock, because a reader would make a run fail.
    with run_lock(settings.home, "scorehouse report", wait), step("Writing the report"):
        if id_:
            pages = [write_applicant_page(settings, folder, applicant) for applicant in id_]
        else:
            pages = [write_report(settings, folder)]
        if docs:
            pages.append(write_warehouse_docs(settings, folder))
    with courtesy():
        for page in pages:
            print(page)


@app.command()
def status() -> None:
    """Say what is built and what is stale."""
    from models_ml.status import status as read_status

    lines = read_status(Settings.from_environment())
    print_rows(
        [(line.name, line.state + (f" -> {line.remedy}" * bool(line.remedy))) for line in lines]
    )


@app.command("dbt-env")
def dbt_env() -> None:
    """Print the variables with which plain dbt builds this project: eval "$(scorehouse dbt-env)"."""
    from models_ml.dbt_runner import dbt_environment

    for name, value in dbt_environment(Settings.from_environment()).items():
        print(f"export {name}={shlex.quote(value)}")


@app.command("sql")
def query(
    sql: Annotated[str, typer.Argument(help="A query; the published tables are there by name.")],
) -> None:
    """Query the published scores; never blocks a run and never changes anything."""
    from models_ml.publish import query_published

    print(query_published(Settings.from_environment(), text_of(sql)))


app.add_typer(training.commands)
app.add_typer(scoring.commands)
app.add_typer(models.commands, name="models")


def main() -> None:
    """Run the command; every expected failure is one sentence on standard error and an exit code."""
    protect_standard_streams()
    console.as_json = os.environ.get("SCOREHOUSE_LOG_FORMAT") == LogFormat.JSON
    # Threads that wait without spinning: beside other work on the machine, training is many times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # As Ctrl-C: a scheduler that stops the command also stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.umask(0o077)  # scores and models are personal data: nobody else reads them by default
    sys.exit(exit_code_of_command())


def exit_code_of_command() -> int:
    """Run the command and say why it failed, if it did; no code but those of the table ever comes out."""
    try:
        code = app(standalone_mode=False) or 0  # typer returns the code of its own ends
    except ReaderGoneError as error:
        return error.exit_code
    except ScorehouseError as error:
        console.end("error", str(error))
        return error.exit_code
    except typer.TyperException as error:  # the command line itself is wrong
        message = error.format_message().rstrip(".") or "No command is named"
        console.end("error", f"{message}. See: scorehouse --help")
        return USAGE.code
    except (Exception, SystemExit) as error:  # noqa: BLE001  the outermost frame: nothing above would tell anyone
        if is_ctrl_c(error):
            code = INTERRUPTED.code
        elif isinstance(error, SystemExit) and error.code in (None, 0):
            return 0
        else:
            console.end("error", UNEXPECTED.format(error=error), traceback.format_exc())
            return SOFTWARE.code
    if code == INTERRUPTED.code:
        console.end("stopped", "nothing half-written is left behind.")
    return int(code)


if __name__ == "__main__":
    main()
