"""Files are written whole, and on the disk before anything relies on them; all other code goes through this."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models_ml.errors import OutputError
from models_ml.runtime.files import append_line, whole_file, whole_lines, write_file
from models_ml.settings import PROJECT_ROOT

KILLED_HALFWAY = """
import os, signal, sys
from pathlib import Path
from models_ml.runtime.files import whole_file
with whole_file(Path(sys.argv[1])) as new:
    new.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"old")
    with whole_file(path) as new:
        new.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"old")

    def fail() -> None:
        with whole_file(path) as new:
            new.write_bytes(b"half")
            raise ValueError("made no sense")

    with pytest.raises(ValueError, match="made no sense"):
        fail()
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["file"])


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"old")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_HALFWAY, str(path)], cwd=PROJECT_ROOT, check=False
    )
    assert killed.returncode == -9
    assert path.read_bytes() == b"old"


def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    flush = os.fsync

    def observed(number: int) -> None:
        flush(number)
        path = Path(f"/proc/self/fd/{number}").readlink()
        flushed.append(("folder" if path == tmp_path else path.read_text(), names(tmp_path)))

    monkeypatch.setattr(os, "fsync", observed)
    write_file(tmp_path / "file", b"content")
    (content, unfinished), (folder, finished) = flushed
    assert (content, folder) == ("content", "folder")
    assert unfinished != finished == ["file"]


@pytest.mark.parametrize("place", ["no_folder/file", "a_file/file", "a_folder"])
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder" / "full").mkdir(parents=True)
    before = names(tmp_path)
    path = tmp_path / place
    with pytest.raises(OutputError) as caught:
        write_file(path, b"content", "Choose another.")
    assert str(caught.value).startswith(f"{path} cannot be written (")
    assert str(caught.value).endswith("What was there before is unchanged. Choose another.")
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (b"", []),
        (b'{"a": 1}\n', [{"a": 1}]),
        (b'{"a": 1}\n{"b', [{"a": 1}]),
        (b'{"b', []),
        (b'{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        (b'damaged\n{"a": "\xff', [None]),
    ],
)
def test_a_line_that_was_cut_short_is_removed_by_the_next(
    tmp_path: Path, before: bytes, kept: list[object]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(before)
    inode = log.stat().st_ino
    append_line(log, {"next": "ä"})
    assert log.stat().st_ino == inode, "a follower of the log would miss the line"
    lines = whole_lines(log.read_bytes())
    assert [None if line == b"damaged" else json.loads(line) for line in lines] == [
        *kept,
        {"next": "ä"},
    ]
    assert log.read_bytes().endswith(b"}\n")


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        append_line(tmp_path, {})


def test_nothing_else_replaces_or_flushes_files() -> None:
    found = []
    for package in ("models_ml", "udf"):
        for path in (PROJECT_ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    one_path = len(node.args) == 1 and not node.keywords
                    if node.func.attr == "fsync" or (node.func.attr == "replace" and one_path):
                        found.append(str(path.relative_to(PROJECT_ROOT)))
    assert set(found) == {"models_ml/runtime/files.py"}
