"""One run at a time, and readers that are never locked out."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.installation import Installation

from models_ml.errors import MissingInputError, OutputError, WarehouseLockedError
from models_ml.publishing.files import publish
from models_ml.runtime.lock import lock_holder, run_lock
from models_ml.settings import Settings
from models_ml.warehouse.dbt import run_dbt


@pytest.mark.fault("F04")
def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    with run_lock(installation.home, "scorehouse run"):
        assert str(os.getpid()) in (lock_holder(installation.home) or "")
        result = installation.command("run", check=False)
        assert result.returncode == 75
        assert f"Process {os.getpid()} (scorehouse run" in result.stderr
        assert "--wait" in result.stderr
    assert lock_holder(installation.home) is None


def test_the_lock_vanishes_with_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from models_ml.runtime.lock import run_lock\n"
        "with run_lock(Path(sys.argv[1]), 'scorehouse run'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    with run_lock(tmp_path, "scorehouse run"):
        pass


@pytest.mark.fault("F07")
def test_dbt_names_the_holder_of_the_warehouse(finished_run: Installation) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()",
            str(finished_run.settings.warehouse.path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(WarehouseLockedError, match=str(holder.pid)):
            run_dbt(finished_run.settings, ("build", "--select", "applicant_scores"))
    finally:
        holder.communicate()


@pytest.mark.fault("F06")
def test_an_open_reader_keeps_its_snapshot_while_a_new_one_is_published(
    finished_run: Installation,
) -> None:
    path = finished_run.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as reader:
        before = reader.sql("select sum(pd) from applicant_scores").fetchall()
        inode = path.stat().st_ino
        publish(finished_run.settings.warehouse, finished_run.settings.published)
        assert path.stat().st_ino != inode
        assert reader.sql("select sum(pd) from applicant_scores").fetchall() == before


@pytest.mark.fault("F08")
def test_publishing_without_scores_or_space_leaves_the_old_files(
    finished_run: Installation, tmp_path: Path
) -> None:
    empty = Settings(raw=tmp_path, home=tmp_path / "home")
    with pytest.raises(MissingInputError, match="scorehouse run"):
        publish(empty.warehouse, empty.published)

    home = tmp_path / "copy"
    home.mkdir()
    shutil.copy(finished_run.settings.warehouse.path, home / "warehouse.duckdb")
    # A file where the folder should be: nobody, not even root, can write below it.
    (home / "published").write_text("old")
    with pytest.raises(OutputError, match="unchanged"):
        publish(Settings(raw=tmp_path, home=home).warehouse, home / "published")
    assert (home / "published").read_text() == "old"


NO_SYMBOLIC_LINKS = """
import ctypes, errno, pathlib, struct, sys
from models_ml.errors import ScorehouseError
from models_ml.publishing.files import publish
from models_ml.settings import Settings

# The kernel answers as a FAT file system does: symlink and symlinkat are not permitted.
load, equal, answer, allow = 0x20, 0x15, 0x50000 | errno.EPERM, 0x7FFF0000
steps = ((load, 0, 0, 0), (equal, 1, 0, 88), (equal, 0, 1, 266), (6, 0, 0, answer), (6, 0, 0, allow))
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program):  # no new privileges; the filter
    sys.exit(77)
try:
    home = pathlib.Path(sys.argv[1])
    publish(Settings(raw=home, home=home).warehouse, home / "published")
except ScorehouseError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls of x86_64")
def test_a_file_system_without_links_is_refused_in_one_sentence(home_copy: Installation) -> None:
    published = home_copy.settings.published
    before = sorted(published.rglob("*"))
    result = subprocess.run(
        [sys.executable, "-c", NO_SYMBOLIC_LINKS, str(home_copy.home)],
        env=home_copy.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 77:
        pytest.skip("system calls cannot be filtered here")
    assert result.returncode == 73, result.stderr
    assert "needs a file system with symbolic links" in result.stdout
    assert sorted(published.rglob("*")) == before
