"""Commands of the main job: run, publish, status, sql."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from models_ml.cli.options import LargestFall, Seed, Wait, Where, courtesy, print_rows
from models_ml.jobs.engines import Target
from models_ml.runtime.streams import text_of
from models_ml.settings import Settings

commands = typer.Typer()

EXAMPLE_QUERY = "from applicant_scores order by pd desc limit 5"


@commands.command()
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
    from models_ml.jobs.run import RunOptions
    from models_ml.jobs.run import run as run_pipeline

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


@commands.command()
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
    from models_ml.jobs.run import check_and_publish
    from models_ml.publishing.postgres import SCHEMA, host_and_database, publish_to_postgres
    from models_ml.runtime.lock import run_lock

    settings = Settings.from_environment()
    if to is not None:
        host_and_database(to)  # a wrong address is refused before anything is published
    with run_lock(settings.home, "scorehouse publish", wait):
        published = check_and_publish(settings, largest_fall)
        with courtesy():
            print(f"{published.n_applicants:,} applicants in {published.serving_file}")
        if to is not None:
            n_rows = publish_to_postgres(settings.published, to)
            with courtesy():
                print(f"{n_rows:,} rows in PostgreSQL, schema {SCHEMA}")


@commands.command()
def status() -> None:
    """Say what is built and what is stale."""
    from models_ml.jobs.status import status as read_status

    lines = read_status(Settings.from_environment())
    print_rows(
        [(line.name, line.state + (f" -> {line.remedy}" * bool(line.remedy))) for line in lines]
    )


@commands.command("dbt-env")
def dbt_env() -> None:
    """Print the variables with which plain dbt builds this project: eval "$(scorehouse dbt-env)"."""
    from models_ml.warehouse.dbt import dbt_environment

    for name, value in dbt_environment(Settings.from_environment()).items():
        print(f"export {name}={shlex.quote(value)}")


@commands.command("sql")
def query(
    sql: Annotated[str, typer.Argument(help="A query; the published tables are there by name.")],
) -> None:
    """Query the published scores; never blocks a run and never changes anything."""
    from models_ml.publishing.reader import query_published

    print(query_published(Settings.from_environment().published, text_of(sql)))
