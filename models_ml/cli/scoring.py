"""Commands about single scores: replay, score, serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models_ml.cli.options import applicant_id, print_rows, written_path
from models_ml.runtime.console import console
from models_ml.runtime.extras import need_extra
from models_ml.settings import Settings

commands = typer.Typer()


@commands.command()
def replay(
    id_: Annotated[
        int, typer.Option("--id", parser=applicant_id, metavar="ID", help="Application number.")
    ],
    at: Annotated[
        str | None,
        typer.Option(
            help="Time (ISO 8601, UTC): the last score given by then; the present one if left out."
        ),
    ] = None,
) -> None:
    """Compute a past score anew, from the archived model and features, and say whether it is equal."""
    from models_ml.jobs.replay import parse_time, replay_score

    result = replay_score(
        Settings.from_environment(), id_, parse_time(at) if at is not None else None
    )
    print_rows([(name, f"{recorded}") for name, recorded, _ in result.fields])
    if result.note:
        console.print(f"  note: {result.note}", soft_wrap=True)
    result.check()
    print("equal: computed anew, every value is the same")


@commands.command()
def score(
    source: Annotated[
        str, typer.Option("--input", help="Parquet, CSV or JSON file; - for standard input.")
    ],
    form: Annotated[str, typer.Option("--format", help="table, json, csv or parquet.")] = "table",
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="File; standard output by default.",
            parser=written_path,
            metavar="PATH",
        ),
    ] = None,
) -> None:
    """Score raw product records that are not in the warehouse, by the SQL and the model of the table."""
    from models_ml.live.score_file import score_records

    score_records(Settings.from_environment(), source, form, out)


@commands.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=0, max=65535)] = 8000,
    config: Annotated[Path | None, typer.Option(help="TOML file with limits.")] = None,
) -> None:
    """Serve scores of new records over HTTP, by the SQL and the model of the table."""
    need_extra("serve")
    from models_ml.service.config import SETTINGS_FILE, read_service_settings
    from models_ml.service.server import serve as serve_scores

    limits = read_service_settings(config or SETTINGS_FILE, host=host, port=port)
    serve_scores(Settings.from_environment(), limits)
