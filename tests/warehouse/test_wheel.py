"""The wheel in an environment of its own and an empty folder: everything works, from the project that is in it.

The dependencies are not downloaded: those that the wheel declares, and no others, are linked from this environment.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.service_process import free_port

from models_ml.settings import PROJECT_ROOT

SOURCES = ("models_ml", "udf", "dbt_project", "profiles")
TRAINING = ("torch", "lightgbm", "sklearn", "pandas", "optuna")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copytree(
            PROJECT_ROOT / name,
            folder / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "target", "logs"),
        )
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(PROJECT_ROOT / name, folder)
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "dist", "."]
    subprocess.run(
        [sys.executable, "-m", "pip", *build], cwd=folder, check=True, capture_output=True
    )
    return next((folder / "dist").glob("*.whl"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel."""

    folder: Path

    @property
    def packages(self) -> Path:
        return next((self.folder / "lib").glob("python*/site-packages"))

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=self.folder.parent / "empty",
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if check and result.returncode:
            pytest.fail(
                f"{command}: {result.returncode}\n{(result.stdout + result.stderr)[-3000:]}"
            )
        return result

    @property
    def variables(self) -> dict[str, str]:
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.folder.parent), "COLUMNS": "200"}


def with_wheel(wheel: Path, folder: Path, *extras: str) -> Environment:
    """A new environment with the wheel and what it declares to need."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    environment = Environment(folder)
    pip = [sys.executable, "-m", "pip", "--python", environment.python]
    install = [*pip, "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(install, check=True)
    (installed,) = importlib.metadata.distributions(
        name="scorehouse", path=[str(environment.packages)]
    )
    for package in needed(installed.requires or (), extras):
        link(importlib.metadata.distribution(package), environment.packages)
    return environment


def needed(requires: list[str] | tuple[str, ...], extras: tuple[str, ...]) -> Iterator[str]:
    """Names of all packages that the requirements lead to, in the versions installed here."""
    todo, known = [(Requirement(text), extras) for text in requires], set[tuple[str, str]]()
    while todo:
        requirement, wanted = todo.pop()
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *wanted)
        ):
            continue
        name, own = canonicalize_name(requirement.name), tuple(sorted(requirement.extras))
        if name == "scorehouse" or (name, str(own)) in known:
            continue
        known.add((name, str(own)))
        package = importlib.metadata.distribution(name)
        assert requirement.specifier.contains(package.version, prereleases=True), requirement
        yield name
        todo += [(Requirement(text), own) for text in package.requires or ()]


def link(package: importlib.metadata.Distribution, packages: Path) -> None:
    """Link the files of a package, one by one, because some packages share folders."""
    for file in package.files or ():
        here = packages / file
        if ".." in file.parts or file.suffix == ".pyc" or here.exists():
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        here.symlink_to(Path(str(package.locate_file(file))).resolve())


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    scoring = with_wheel(wheel, tmp_path / "scoring", "serve")
    project = scoring.packages / "scorehouse_project"
    in_project = sorted(project.rglob("*"))
    assert project / "dbt_project" / "seeds" / "data_dictionary.csv" in in_project
    find = f"from importlib.util import find_spec; print([*filter(find_spec, {TRAINING})])"
    assert scoring.run(scoring.python, "-c", find).stdout.strip() == "[]"

    # Without a model, and without what trains one.
    scoring.run("scorehouse", "simulate", "--applicants", "12000", "--parts", "2")
    refused = scoring.run("scorehouse", "run", check=False)
    assert (refused.returncode, refused.stdout) == (78, "")
    assert refused.stderr.count("\n") == 1
    assert "pip install 'scorehouse[train]'" in refused.stderr
    assert not (empty / "data" / "warehouse.duckdb").exists()
    for command, extra in (("train", "train"), ("tune", "tune")):
        refused = scoring.run("scorehouse", command, check=False)
        assert (refused.returncode, refused.stderr.count("\n")) == (64, 1)
        assert f"scorehouse[{extra}]" in refused.stderr

    # Where one may train.
    training = with_wheel(wheel, tmp_path / "training", "train")
    training.run("scorehouse", "run")

    # The model is there now.
    ran = scoring.run("scorehouse", "run")
    assert "12,000 applicants" in ran.stdout
    assert "trained with" not in ran.stderr
    with duckdb.connect(str(empty / "data/published/credit_scores.duckdb")) as published:
        assert published.sql("select count(*) from applicant_scores").fetchall() == [(12000,)]
    report = scoring.run("scorehouse", "report").stdout.strip()
    assert Path(report).stat().st_size > 100_000
    rows = scoring.packages / "models_ml" / "facts" / "real_rows.csv"
    scored = scoring.run("scorehouse", "score", "--input", str(rows), "--format", "csv")
    assert len(scored.stdout.splitlines()) > 20
    dbt = f"{scoring.python} -c 'from dbt.cli.main import cli; cli()'"
    built = scoring.run("bash", "-euc", f'eval "$(scorehouse dbt-env)"; {dbt} build')
    assert "ERROR=0" in built.stdout
    assert served(scoring) == 200
    assert sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts) == [
        path for path in in_project if "__pycache__" not in path.parts
    ]
    assert [path.name for path in empty.iterdir()] == ["data"]


def served(environment: Environment) -> int:
    """Status with which the service answers."""
    port = free_port()
    command = [str(environment.folder / "bin" / "scorehouse"), "serve", "--port", str(port)]
    empty = environment.folder.parent / "empty"
    with subprocess.Popen(
        command, cwd=empty, env=environment.variables, stderr=subprocess.DEVNULL
    ) as service:
        try:
            while service.poll() is None:
                try:
                    return httpx.get(f"http://127.0.0.1:{port}/status", timeout=60).status_code
                except httpx.TransportError:
                    time.sleep(0.2)
        finally:
            service.terminate()
    return service.returncode
