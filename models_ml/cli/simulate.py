"""The command simulate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich import box
from rich.console import Console
from rich.table import Table

from models_ml.cli.options import Seed, option, tell, written_path
from models_ml.errors import InputDataError

if TYPE_CHECKING:
    from models_ml.simulator import CheckRow


def simulate(
    out: Annotated[
        Path, option("FOLDER", "Where to write the raw files.", parser=written_path)
    ] = Path("data/raw"),
    applicants: Annotated[int, option("N", "Number of applicants.", min=1)] = 60_000,
    seed: Seed = 7,
    parts: Annotated[int, option("N", "Number of parquet parts.", min=1)] = 12,
    start_id: Annotated[int, option("ID", "Id of the first applicant.", min=0)] = 0,
    check: Annotated[
        bool, option("", "Afterwards, compare the files with the published facts.", "--check")
    ] = False,
) -> None:
    """Write the raw files of a simulated credit bureau, to try scorehouse without real data."""
    from models_ml.runtime.console import Progress
    from models_ml.simulator import SimulationSettings
    from models_ml.simulator import check as check_bureau
    from models_ml.simulator import simulate as simulate_bureau

    workers = os.cpu_count() or 1
    settings = SimulationSettings(applicants, seed, parts, start_id, workers)
    with Progress("simulating applicants", applicants) as progress:
        summary = simulate_bureau(settings, out, progress=progress.set_done)
    tell(
        f"{summary.applicants:,} applicants, {summary.products:,} credit products, "
        f"{summary.defaulters:,} defaulters in {summary.parts} parts in {summary.folder}"
    )
    if check:
        print_check(check_bureau(out))


def print_check(rows: list[CheckRow]) -> None:
    """Print the comparison with the published facts as a table.

    Raises:
        InputDataError: A fact is missed; in a small sample this can be chance.
    """
    table = Table("fact", "measured", "allowed", "holds", box=box.SIMPLE)
    for row in rows:
        table.add_row(row.fact, row.measured, row.tolerance, "yes" if row.ok else "NO")
    Console(highlight=False, markup=False, emoji=False).print(table)
    if missed := [row.fact for row in rows if not row.ok]:
        raise InputDataError(
            f"{len(missed)} of {len(rows)} facts are missed ({'; '.join(missed)}). Below 300,000 "
            "applicants this can be chance; simulate more."
        )
