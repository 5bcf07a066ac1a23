"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from models_ml.cli.options import Wait, applicant_id, option, tell, written_path
from models_ml.settings import Settings


def report(
    id_: Annotated[
        list[int] | None,
        option(
            "ID",
            "Write the page of this applicant instead; can be repeated.",
            "--id",
            parser=applicant_id,
        ),
    ] = None,
    docs: Annotated[
        bool, option("", "Also write dbt's documentation of the tables.", "--docs")
    ] = False,
    out: Annotated[
        Path | None,
        option("FOLDER", "Where to write; by default SCOREHOUSE_HOME/report.", parser=written_path),
    ] = None,
    wait: Wait = 0.0,
) -> None:
    """Write a report on the model and its scores as HTML that needs no network."""
    from models_ml.report.pages import write_applicant_page, write_report, write_warehouse_docs
    from models_ml.runtime.console import step
    from models_ml.runtime.lock import run_lock

    settings = Settings.from_environment()
    folder = settings.home / "report" if out is None else out.resolve()
    # The lock, because an open reader would make a run fail.
    with run_lock(settings.home, "scorehouse report", wait), step("Writing the report"):
        if id_:
            pages = [write_applicant_page(settings, folder, applicant) for applicant in id_]
        else:
            pages = [write_report(settings, folder)]
        if docs:
            pages.append(write_warehouse_docs(settings, folder))
    tell("\n".join(map(str, pages)))
