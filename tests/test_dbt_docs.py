"""The dbt project documents itself: every model, every column, fresh sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Installation

from models_ml.dbt_runner import run_dbt
from models_ml.errors import ScorehouseError
from models_ml.settings import PROJECT_ROOT

MONTH = 30 * 24 * 3600


def test_docs_are_complete_and_follow_the_conventions(
    finished_run: Installation, tmp_path: Path
) -> None:
    run_dbt(finished_run.settings, ("docs", "generate", "--static"))
    page = (finished_run.home / "dbt_target" / "static_index.html").read_text()
    assert "What to do: on a moderate shift" in page  # one file with every description in it
    conventions = (PROJECT_ROOT / "dbt-bouncer.yml").read_text()
    config = tmp_path / "dbt-bouncer.yml"
    config.write_text(f"dbt_artifacts_dir: {finished_run.home / 'dbt_target'}\n{conventions}")
    result = subprocess.run(
        [str(Path(sys.executable).parent / "dbt-bouncer"), "run", "--config-file", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


@pytest.mark.fault("F37")
def test_a_stale_source_is_an_error(finished_run: Installation) -> None:
    run_dbt(finished_run.settings, ("source", "freshness"))
    parts = list(finished_run.raw.glob("train_data_*.pq"))
    times = {part: part.stat().st_mtime for part in parts}
    try:
        for part, mtime in times.items():
            os.utime(part, (mtime - 3 * MONTH, mtime - 3 * MONTH))
        with pytest.raises(ScorehouseError, match=r"credit_products|freshness"):
            run_dbt(finished_run.settings, ("source", "freshness"))
    finally:
        for part, mtime in times.items():
            os.utime(part, (mtime, mtime))
