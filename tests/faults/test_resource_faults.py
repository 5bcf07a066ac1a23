"""F08 to F10, F13, F15, F36: no disk, no memory, Ctrl-C, a damaged warehouse, an old reader."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from support.installation import SCOREHOUSE, Installation

from models_ml.publishing.files import SERVING_FILE, STORAGE_VERSION
from models_ml.registry.artifact import load_artifact
from models_ml.registry.pointers import champion_version


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


STEPS = {
    ("run", "--full-refresh"): (
        *("Checking the raw files", "Building features", "Scoring and testing", "Publishing"),
    ),
    ("train", "--seed", "8"): (
        *("Reading outcomes", "Reading products", "Training the autoencoder"),
        *("Training LightGBM", "Calibrating and measuring"),
    ),
    ("publish",): ("Testing", "Publishing"),
    ("report",): ("Writing the report",),
}
"""Commands and the steps they announce, in order."""


def start_interruptible(installation: Installation, *command: str) -> subprocess.Popen[str]:
    """Start a command as a terminal does: in a group of its own, in which Ctrl-C is not ignored."""
    return subprocess.Popen(
        [str(SCOREHOUSE), *command],
        env=installation.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupted(
    installation: Installation, command: tuple[str, ...], announced: str
) -> tuple[int, str]:
    """Exit code and the rest of what a command says that gets Ctrl-C in a step; it has 10 seconds to end."""
    process = start_interruptible(installation, *command)
    assert process.stderr is not None
    for line in process.stderr:
        if announced in line:
            break
    else:
        pytest.fail(f"{command} never said {announced!r}")
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    stopped = time.monotonic()
    rest = process.stderr.read()
    code = process.wait(timeout=60)
    assert time.monotonic() - stopped < 10
    return code, rest


@pytest.mark.fault("F13")
@pytest.mark.faults
@pytest.mark.parametrize("command", STEPS, ids=lambda command: command[0])
def test_ctrl_c_stops_within_seconds_and_the_next_run_succeeds(
    home_copy: Installation, command: tuple[str, ...], record_property
) -> None:
    artifacts = home_copy.settings.artifacts
    before, champion, stopped = published_hash(home_copy), champion_version(artifacts), 0
    for step in STEPS[command]:
        code, rest = interrupted(home_copy, command, step)
        # A step may have been over before the signal came; -2 is its end while Python was ending.
        assert code in (0, 130, -signal.SIGINT), rest
        assert ("stopped:" in rest) == (code == 130)
        assert "Traceback" not in rest
        for folder in artifacts.glob("pd-*"):
            load_artifact(folder)
        if code == 130:
            stopped += 1
            assert (published_hash(home_copy), champion_version(artifacts)) == (before, champion)
        before, champion = published_hash(home_copy), champion_version(artifacts)
    assert stopped >= len(STEPS[command]) - 1
    home_copy.command("run")
    tables = home_copy.query("select table_name from duckdb_tables()")["table_name"]
    assert not [name for name in tables if re.search("__dbt_(tmp|backup)", name)]
    record_property("trials", stopped)


def stop_all(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C at a terminal."""
    os.killpg(process.pid, signal.SIGINT)


def stop_parent(process: subprocess.Popen[str]) -> None:
    """As a scheduler."""
    os.kill(process.pid, signal.SIGTERM)


@pytest.mark.fault("F13")
@pytest.mark.faults
@pytest.mark.parametrize("stop", [stop_all, stop_parent])
def test_a_stopped_simulate_ends_its_workers_without_a_word(
    tmp_path: Path, stop: Callable[[subprocess.Popen[str]], None]
) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    for seconds in (0.05, 0.15, 0.3, 0.6, 1, 2.5):  # while workers start, and while they work
        process = start_interruptible(
            installation, "simulate", "--applicants", "300000", "--out", str(installation.raw)
        )
        while not installation.raw.is_dir():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(seconds)
        stop(process)
        assert (
            process.communicate(timeout=10)[1] == "stopped: nothing half-written is left behind.\n"
        )
        assert process.returncode == 130
        assert not list(installation.raw.glob(".*"))
        assert not (installation.raw / "train_target.csv").exists()
        shutil.rmtree(installation.raw)


@pytest.mark.fault("F13")
@pytest.mark.faults
def test_a_stopped_run_ends_dbt(home_copy: Installation) -> None:
    process = start_interruptible(home_copy, "run", "--full-refresh")
    assert process.stderr is not None
    next(line for line in process.stderr if "Building features" in line)
    time.sleep(2)
    stop_parent(process)
    assert process.wait(timeout=10) == 130
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("dbt goes on although the run was stopped")
    home_copy.command("run")


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
    path = home_copy.settings.warehouse.path
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
