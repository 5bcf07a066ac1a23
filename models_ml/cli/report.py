"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models_ml.cli.options import Wait, applicant_id, courtesy, written_path
from models_ml.settings import Settings

commands = typer.Typer()


@commands.command()
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
    from models_ml.report.pages import write_applicant_page, write_report, write_warehouse_docs
    from models_ml.runtime.console import step
    from models_ml.runtime.lock import run_lock

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
