"""F08 to F10, F13, F15, F36: no disk, no memory, Ctrl-C, a damaged warehouse, an old reader."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from conftest import SCOREHOUSE, Installation

from models_ml.publish import SERVING_FILE, STORAGE_VERSION


def published_hash(installation: Installation) -> str:
    return sha256((installation.settings.published / SERVING_FILE).read_bytes()).hexdigest()


@contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[Path]:
    """A file system of its own with so much space."""
    folder.mkdir()
    options = f"size={int(megabytes * 1024)}k"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def used_megabytes(folder: Path) -> float:
    blocks = [-(-p.lstat().st_size // 4096) + 1 for p in folder.rglob("*")]
    return sum(blocks) * 4096 / 1024**2


def is_one_sentence(result: subprocess.CompletedProcess[str]) -> bool:
    return "error:" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.fault("F08")
def test_simulating_onto_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 0.5) as disk:
        installation = Installation(disk / "raw", tmp_path / "home")
        result = installation.command(
            *("simulate", "--applicants", "20000", "--out", str(disk / "raw")), check=False
        )
        assert result.returncode == 73, result.stderr
        assert is_one_sentence(result)
        assert not list((disk / "raw").glob("train_target.csv"))


@pytest.mark.fault("F08")
@pytest.mark.faults
@pytest.mark.parametrize(
    ("command", "room"), [(("run", "--full-refresh"), 3.0), (("train",), 0.5), (("publish",), 1.0)]
)
def test_on_a_full_disk_what_was_published_stays(
    finished_run: Installation, tmp_path: Path, command: tuple[str, ...], room: float
) -> None:
    with small_disk(tmp_path / "disk", 4 * used_megabytes(finished_run.home)) as disk:
        shutil.copytree(finished_run.home, disk / "home", symlinks=True)
        installation = replace(finished_run, home=disk / "home")
        installation.command("run")  # views name the folder they were made in
        space = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(int(space.f_bavail * space.f_frsize - room * 1024**2)))
        before, models = (
            published_hash(installation),
            set(installation.settings.artifacts.iterdir()),
        )
        arguments = (*command, "--seed", "8") if command == ("train",) else command
        result = installation.command(*arguments, check=False)
        assert result.returncode in (70, 73), result.stderr
        assert is_one_sentence(result)
        assert published_hash(installation) == before
        assert {p for p in installation.settings.artifacts.iterdir() if p.is_dir()} <= models


@pytest.mark.fault("F09")
@pytest.mark.faults
def test_a_large_build_spills_to_disk(finished_run: Installation, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    installation.command("simulate", "--applicants", "300000", "--out", str(installation.raw))
    shutil.copytree(finished_run.settings.artifacts, installation.settings.artifacts)
    installation.command("run", environment={"SCOREHOUSE_MEMORY": "500MB"})
    assert installation.query("select count(*) as n from applicant_scores")["n"][0] == 300_000


@pytest.mark.fault("F10")
@pytest.mark.faults
@pytest.mark.parametrize("megabytes", [300, 700, 1200])
def test_without_memory_the_run_fails_and_the_old_files_stay(
    home_copy: Installation, megabytes: int
) -> None:
    before = published_hash(home_copy)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024**2, megabytes * 1024**2))

    result = subprocess.run(
        [str(SCOREHOUSE), "run", "--full-refresh"],
        env=home_copy.environment,
        preexec_fn=limit,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert result.returncode != 0
    assert published_hash(home_copy) == before
    home_copy.command("run")


STEPS = ("Checking the raw files", "Building features", "Scoring and testing", "Publishing")


@pytest.mark.fault("F13")
@pytest.mark.faults
@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_stops_within_seconds_and_the_next_run_succeeds(
    home_copy: Installation, step: str
) -> None:
    run = subprocess.Popen(
        [str(SCOREHOUSE), "run", "--full-refresh"],
        env=home_copy.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if step in line:
            break
    time.sleep(0.3)
    os.killpg(run.pid, signal.SIGINT)  # a terminal sends it to the whole group
    stopped = time.monotonic()
    rest = run.stderr.read()
    code = run.wait(timeout=60)
    assert time.monotonic() - stopped < 10
    assert code in (0, 70, 130), rest
    assert "Traceback" not in rest
    home_copy.command("run")
    tables = home_copy.query("select table_name from duckdb_tables()")["table_name"]
    assert not [name for name in tables if re.search("__dbt_(tmp|backup)", name)]


@pytest.mark.fault("F15")
def test_the_published_file_can_be_read_by_older_releases(finished_run: Installation) -> None:
    path = finished_run.settings.published / SERVING_FILE
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as serving (read_only)")
        tags = connection.execute(
            "select tags from duckdb_databases() where database_name = 'serving'"
        ).fetchall()[0][0]
    assert tags["storage_version"].startswith(STORAGE_VERSION)


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    "damage",
    ["header", *(pytest.param(name, marks=pytest.mark.faults) for name in ("middle", "cut"))],
)
def test_a_damaged_warehouse_names_how_to_rebuild_it(home_copy: Installation, damage: str) -> None:
    path = home_copy.settings.warehouse
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:4096] = os.urandom(4096)
    elif damage == "middle":
        content[12_288 : len(content) // 2] = os.urandom(len(content) // 2 - 12_288)
    else:
        del content[len(content) // 3 :]
    path.write_bytes(content)
    before = published_hash(home_copy)
    result = home_copy.command("run", check=False)
    assert result.returncode == 70
    assert is_one_sentence(result)
    assert "rebuild it with: scorehouse run" in result.stderr
    assert published_hash(home_copy) == before
