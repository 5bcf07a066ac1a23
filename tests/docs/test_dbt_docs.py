"""The dbt project documents itself: every model, every column, fresh sources."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.installation import Installation, raw_columns

from models_ml.errors import ScorehouseError
from models_ml.settings import PROJECT_ROOT
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.dbt import run_dbt

MONTH = 30 * 24 * 3600
MACRO = re.compile(r"\{%-? *(?:macro|test|materialization) +(?:default__|duckdb__|spark__)?(\w+)")


@pytest.fixture(scope="module")
def documented(finished_run: Installation) -> Path:
    """The target folder of dbt with the files that `dbt docs generate` writes."""
    run_dbt(finished_run.settings, ("docs", "generate", "--static"))
    return finished_run.home / "dbt_target"


def test_docs_follow_the_conventions(documented: Path, tmp_path: Path) -> None:
    page = (documented / "static_index.html").read_text()
    assert "What to do: on a moderate shift" in page  # one file with every description in it
    conventions = (PROJECT_ROOT / "dbt-bouncer.yml").read_text()
    config = tmp_path / "dbt-bouncer.yml"
    config.write_text(f"dbt_artifacts_dir: {documented}\n{conventions}")
    result = subprocess.run(
        [str(Path(sys.executable).parent / "dbt-bouncer"), "run", "--config-file", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


def test_every_column_of_every_model_is_described(
    finished_run: Installation, documented: Path
) -> None:
    """The columns are asked of the warehouse, not of dbt, which only knows those that are described."""
    nodes = json.loads((documented / "manifest.json").read_bytes())["nodes"].values()
    models = [node for node in nodes if node["resource_type"] in ("model", "seed")]
    undescribed, n_columns = [], 0
    with open_warehouse(finished_run.settings.warehouse) as connection:
        for model in models:
            name = model["name"]
            is_ephemeral = model["config"]["materialized"] == "ephemeral"
            what = model["compiled_code"] if is_ephemeral else f"from {name}"
            columns = [row[0] for row in connection.execute(f"describe {what}").fetchall()]
            n_columns += len(columns)
            texts = {key: value["description"] for key, value in model["columns"].items()}
            undescribed += [f"{name}.{column}" for column in columns if not texts.get(column)]
    assert undescribed == []
    assert len(models) > 40
    assert n_columns > 5 * len(raw_columns())  # the wide models among them


def test_a_macro_is_in_the_file_of_its_name() -> None:
    """With its variants for other engines. A file may hold further macros that nothing outside of it calls."""
    project = PROJECT_ROOT / "dbt_project"
    texts = {path: path.read_text() for path in sorted(project.rglob("*.sql"))}
    assert sum(bool(MACRO.search(text)) for text in texts.values()) > 40
    for path, text in texts.items():
        names = set(MACRO.findall(text))
        assert not names or path.stem in names, path
        elsewhere = "\n".join(other for at, other in texts.items() if at != path)
        for name in names - {path.stem}:
            assert not re.search(rf"\b{name}\(", elsewhere), f"{name}() in {path}"


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
