"""F47, F49, F50: nothing that runs code when it is read, no SQL that leaves its folders, nothing readable by others."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.escapes import ESCAPES
from support.installation import Installation

from models_ml.errors import BuildError
from models_ml.settings import PROJECT_ROOT
from models_ml.warehouse.dbt import run_dbt
from udf.plugin import confine

CODE = ("models_ml", "udf", "benchmarks", "tests", "dbt_project")
RUNS_CODE = {"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
LOADERS = {"torch.load", "torch.save", "pd.read_pickle", "pandas.read_pickle", "joblib.load"}
PICKLED = {".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"}


def dangers(source: str) -> Iterator[str]:
    """Imports and calls in a Python text that load objects by running code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in RUNS_CODE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in RUNS_CODE:
            yield str(node.module)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in LOADERS:
            yield ast.unparse(node)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            yield "allow_pickle"


@pytest.mark.fault("F47")
def test_nothing_in_the_tree_is_pickled(record_property) -> None:
    sources = [path for name in CODE for path in (PROJECT_ROOT / name).rglob("*.py")]
    found = {str(path): list(dangers(path.read_text(encoding="utf-8"))) for path in sources}
    assert {path: names for path, names in found.items() if names} == {}
    tracked = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [name for name in tracked.stdout.split() if Path(name).suffix in PICKLED] == []
    record_property("trials", len(sources))


@pytest.mark.fault("F47")
@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.fault("F49")
@pytest.mark.parametrize("escape", ESCAPES)
def test_confined_sql_stays_in_its_folders(tmp_path: Path, escape: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "part.csv").write_text("a\n1\n")
    (tmp_path / "outside.txt").write_text("secret")
    (inside / "link").symlink_to(tmp_path / "outside.txt")
    outside = tmp_path / "outside"
    with duckdb.connect(str(inside / "warehouse.duckdb")) as connection:
        confine(connection, [str(inside)])
        assert connection.execute(f"from '{inside}/part.csv'").fetchall() == [(1,)]
        connection.execute(f"copy (select 2) to '{inside}/copy.csv'")
        with pytest.raises(duckdb.Error):
            connection.execute(ESCAPES[escape].format(inside=inside, outside=outside)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "outside.txt"]


@pytest.mark.fault("F49")
def test_sql_of_the_dbt_project_is_confined(finished_run: Installation) -> None:
    with pytest.raises(BuildError, match="Permission Error"):
        run_dbt(
            finished_run.settings, ("show", "--inline", "select * from read_text('/etc/passwd')")
        )


@pytest.mark.fault("F49")
def test_queries_of_published_scores_read_nothing_else(finished_run: Installation) -> None:
    for sql in ("from read_text('/etc/passwd')", "set enable_external_access = true"):
        result = finished_run.command("sql", sql, check=False)
        assert result.returncode == 64
        assert "root:" not in result.stdout + result.stderr


@pytest.mark.fault("F50")
def test_files_are_readable_by_their_owner_alone(
    finished_run: Installation, record_property
) -> None:
    paths = [finished_run.home, *finished_run.home.rglob("*")]
    open_to_others = [
        path for path in paths if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
    record_property("trials", len(paths))


@pytest.mark.fault("F50")
def test_no_applicant_is_named_in_logs_and_dbts_files(finished_run: Installation) -> None:
    """The real applicants have ids of seven digits that nothing else can be."""
    folder = finished_run.home.parent
    texts = [folder / "run_progress.txt", finished_run.home / "runs.jsonl"]
    texts += [path for path in (finished_run.home / "dbt_target").rglob("*") if path.is_file()]
    named = [
        path
        for path in texts
        for id_ in (2_999_862, 3_000_007)
        if str(id_).encode() in path.read_bytes()
    ]
    assert len(texts) > 20
    assert named == []
