"""Shared installations: built once, through the real command, dbt, DuckDB, torch and LightGBM."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.browser import browser
from support.installation import (
    FIRST_SIMULATED_ID,
    N_SIMULATED,
    Installation,
    real_products,
    write_part,
)
from support.postgres_server import postgres
from support.small_model import small_model

__all__ = ["browser", "postgres", "small_model"]  # fixtures that several test files share


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Write the rows of the fault matrix that a test covers into the report of the run."""
    for mark in item.iter_markers("fault"):
        for fault in mark.args:
            item.user_properties.append(("fault", fault))


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The main job, run once by the command, on simulated applicants and all real rows."""
    folder = tmp_path_factory.mktemp("installation")
    installation = Installation(folder / "raw", folder / "home")
    installation.command(
        "simulate",
        *("--applicants", str(N_SIMULATED), "--start-id", str(FIRST_SIMULATED_ID)),
        *("--parts", "3", "--out", str(installation.raw)),
    )
    write_part(real_products(), installation.raw / "train_data_real.pq")
    result = installation.command("run")
    (folder / "run.txt").write_text(result.stdout)
    (folder / "run_progress.txt").write_text(result.stderr)
    return installation


@pytest.fixture
def home_copy(finished_run: Installation, tmp_path: Path) -> Installation:
    """An installation of its own, with the same warehouse, model and published files."""
    shutil.copytree(finished_run.home, tmp_path / "home", symlinks=True)
    return replace(finished_run, home=tmp_path / "home")
