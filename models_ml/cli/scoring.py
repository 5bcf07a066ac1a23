"""Commands about single scores: replay, score, serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from models_ml.cli.options import aligned, applicant_id, option, written_path
from models_ml.runtime.console import console
from models_ml.runtime.extras import need_extra
from models_ml.settings import Settings


def replay(
    id_: Annotated[int, option("ID", "Application number.", "--id", parser=applicant_id)],
    at: Annotated[
        str | None,
        option(
            "TIME",
            "Replay the last score given by this time (ISO 8601, UTC); by default the current score.",
        ),
    ] = None,
) -> None:
    """Recompute a recorded score from its archived model and features, and compare."""
    from models_ml.jobs.replay import parse_time, replay_score

    result = replay_score(
        Settings.from_environment(), id_, parse_time(at) if at is not None else None
    )
    print(aligned([(name, f"{recorded}") for name, recorded, _ in result.fields]))
    if result.note:
        console.print(f"  note: {result.note}", soft_wrap=True)
    result.check()
    print("identical: every recomputed value matches")


def score(
    source: Annotated[
        str, option("FILE", "Parquet, CSV or JSON file; - for standard input.", "--input")
    ],
    form: Annotated[str, option("FORMAT", "table, json, csv or parquet.", "--format")] = "table",
    out: Annotated[
        Path | None,
        option(
            "FILE", "Where to write; by default standard output.", "--output", parser=written_path
        ),
    ] = None,
) -> None:
    """Score new records from a file, exactly as the warehouse would."""
    from models_ml.live.score_file import score_records

    score_records(Settings.from_environment(), source, form, out)


def serve(
    host: Annotated[str, option("ADDRESS", "Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, option("PORT", "Port to listen on.", min=0, max=65535)] = 8000,
    config: Annotated[
        Path | None,
        option("FILE", "TOML file with the limits of the service; the package has defaults."),
    ] = None,
) -> None:
    """Score new records over HTTP, exactly as the warehouse would."""
    need_extra("serve")
    from models_ml.service.config import SETTINGS_FILE, read_service_settings
    from models_ml.service.server import serve as serve_scores

    limits = read_service_settings(config or SETTINGS_FILE, host=host, port=port)
    serve_scores(Settings.from_environment(), limits)
