"""Commands of the main job: run, publish, status, sql, dbt-env."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from models_ml.cli.options import (
    LargestFall,
    Seed,
    TargetOption,
    Wait,
    aligned,
    courtesy,
    option,
    tell,
)
from models_ml.jobs.engines import Target
from models_ml.runtime.streams import text_of
from models_ml.settings import Settings

EXAMPLE_QUERY = "from applicant_scores order by pd desc limit 5"


def run(
    train: Annotated[
        bool, option("", "Train a new model even if there is one.", "--train")
    ] = False,
    full_refresh: Annotated[
        bool, option("", "Recompute the features of every applicant.", "--full-refresh")
    ] = False,
    wait: Wait = 0.0,
    seed: Seed = 7,
    target: TargetOption = Target.DUCKDB,
    largest_fall: LargestFall = None,
) -> None:
    """Build features, train a model if there is none, score, test and publish."""
    from models_ml.jobs.run import RunOptions
    from models_ml.jobs.run import run as run_pipeline
    from models_ml.publishing.reader import query_published

    settings = Settings.from_environment()
    summary = run_pipeline(
        settings, RunOptions(train, full_refresh, wait, seed, target, largest_fall)
    )
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in summary.seconds.items())
    model = (
        "none: there is nobody to score"
        if summary.auc is None
        else f"{summary.model_version}, out-of-time AUC {summary.auc:.4f}"
    )
    rows = [
        ("scored", f"{summary.published.n_applicants:,} applicants"),
        ("model", model),
        ("time", f"{times}; {sum(summary.seconds.values()):.1f} s in total"),
        ("scores", f"{summary.published.serving_file}"),
        ("", f"{summary.published.parquet}"),
    ]
    with courtesy():
        print(aligned(rows))
        print(f'\nquery  scorehouse sql "{EXAMPLE_QUERY}"')
        print(query_published(settings.published, EXAMPLE_QUERY))


def publish(
    wait: Wait = 0.0,
    to: Annotated[
        str | None,
        option(
            "ADDRESS",
            "Also copy the tables to this PostgreSQL database: postgres://user@host:5432/database.",
            envvar="SCOREHOUSE_POSTGRES",
        ),
    ] = None,
    largest_fall: LargestFall = None,
) -> None:
    """Test the tables in the warehouse and publish them again, without scoring."""
    from models_ml.jobs.run import check_and_publish
    from models_ml.publishing.postgres import SCHEMA, host_and_database, publish_to_postgres
    from models_ml.runtime.lock import run_lock

    settings = Settings.from_environment()
    if to is not None:
        host_and_database(to)  # a wrong address is refused before anything is published
    with run_lock(settings.home, "scorehouse publish", wait):
        published = check_and_publish(settings, largest_fall)
        tell(f"{published.n_applicants:,} applicants in {published.serving_file}")
        if to is not None:
            n_rows = publish_to_postgres(settings.published, to)
            tell(f"{n_rows:,} rows in PostgreSQL, schema {SCHEMA}")


def status() -> None:
    """Show what is built, what is out of date and how to update it."""
    from models_ml.jobs.status import status as read_status

    lines = read_status(Settings.from_environment())
    print(
        aligned(
            [(line.name, line.state + f" -> {line.remedy}" * bool(line.remedy)) for line in lines]
        )
    )


def query(
    sql: Annotated[
        str, typer.Argument(help='Such as "from applicant_scores limit 5".', metavar="QUERY")
    ],
) -> None:
    """Query the published tables; never blocks a run, never changes anything."""
    from models_ml.publishing.reader import query_published

    print(query_published(Settings.from_environment().published, text_of(sql)))


def dbt_env() -> None:
    """Print the variables that plain dbt needs: eval "$(scorehouse dbt-env)"."""
    from models_ml.warehouse.dbt import dbt_environment

    for name, value in dbt_environment(Settings.from_environment()).items():
        print(f"export {name}={shlex.quote(value)}")
