"""F69, F70: how commands end: codes of one table, and streams that cannot take what is written to them."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from support.installation import SCOREHOUSE, Installation

from models_ml import errors
from models_ml.cli import app
from models_ml.errors import EXIT_CODES, READER_GONE, ScorehouseError
from models_ml.runtime.console import console
from models_ml.settings import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
SCHEDULING = (PROJECT_ROOT / "docs" / "operate" / "scheduling.md").read_text(encoding="utf-8")
QUERY = "select id, pd, decision from applicant_scores order by id"


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The command in this process, as far as its exit code."""
    monkeypatch.setattr(sys, "argv", ["scorehouse", *arguments])
    monkeypatch.setattr(console, "as_json", False)
    return app.exit_code_of_command()


@pytest.mark.fault("F70")
def test_the_table_of_exit_codes_is_the_only_one() -> None:
    codes = {exit_code.code: exit_code for exit_code in EXIT_CODES}
    assert len(codes) == len(EXIT_CODES)
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ScorehouseError)
    ]
    assert len(kinds) >= 9
    assert {kind.exit_code for kind in kinds} <= set(codes)
    rows = re.findall(r"^\| (\d+) \| (.*) \| (.*) \|$", README, flags=re.MULTILINE)
    assert rows == [(str(c.code), c.meaning, c.action) for c in EXIT_CODES]
    rows = re.findall(
        r"^\| (\d+) (?:\| (.*) )(?:\| (.*) )(?:\| (.*) )\| (yes|no) \|$", SCHEDULING, flags=re.M
    )
    assert rows == [
        (str(c.code), c.name, c.meaning, c.action, "yes" if c.retry else "no") for c in EXIT_CODES
    ]


@pytest.mark.fault("F70")
def test_schedulers_in_the_documentation_retry_what_the_table_says() -> None:
    retried = [c.code for c in EXIT_CODES if c.retry]
    unit = re.findall(r"^RestartPreventExitStatus=(.*)$", SCHEDULING, flags=re.MULTILINE)
    # A run never ends with 0 unsuccessfully, nor as a command whose output is cut off.
    final = [c.code for c in EXIT_CODES if not c.retry and 0 < c.code != READER_GONE.code]
    assert unit == [" ".join(map(str, final))]
    lists = re.findall(r"code in (\(.*?\))", SCHEDULING)
    assert [ast.literal_eval(found) for found in lists] == [tuple(retried)] * 2


@pytest.mark.fault("F70")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "No command was given"),
        (("models",), "No command was given"),
        (("nonsense",), "nonsense"),
        (("run", "--nonsense"), "--nonsense"),
        (("run", "--wait", "-1"), "--wait"),
        (("run", "--target", "moon"), "--target"),
        (("run", "extra"), "extra"),
        (("report", "--id", "x"), "--id"),
        (("replay",), "--id"),
        (("sql",), "QUERY"),
        (("serve", "--port", "70000"), "--port"),
        (("--log-format", "xml", "status"), "--log-format"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_64(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    assert call(monkeypatch, *arguments) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert line.endswith("See: scorehouse --help")


@pytest.mark.fault("F70")
def test_a_wrong_call_of_the_real_command(tmp_path: Path) -> None:
    installation = Installation(tmp_path, tmp_path)
    result = installation.command("run", "--nonsense", check=False)
    assert (result.returncode, result.stdout) == (64, "")
    result = installation.command(
        "--nonsense", check=False, environment={"SCOREHOUSE_LOG_FORMAT": "json"}
    )
    assert result.returncode == 64
    assert json.loads(result.stderr)["level"] == "error"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("F70")
def test_help_and_version_end_with_0(tmp_path: Path) -> None:
    installation = Installation(tmp_path, tmp_path)
    result = installation.command("--help", environment={"COLUMNS": "", "TERMINAL_WIDTH": "900"})
    text = " ".join(result.stdout.split())
    listed = re.findall(r"^│ ([a-z][a-z-]+)  ", result.stdout, flags=re.MULTILINE)
    assert listed[:5] == ["simulate", "run", "status", "sql", "report"]
    for code in EXIT_CODES:
        assert f"{code.code} {code.meaning}" in text
    assert installation.command("--version").stdout == f"scorehouse {version('scorehouse')}\n"


@pytest.fixture
def broken_command() -> Iterator[None]:
    """A command with a mistake in it."""

    @app.app.command("broken")
    def broken() -> None:
        {}["missing"]

    yield
    app.app.registered_commands.pop()


@pytest.mark.fault("F70")
@pytest.mark.usefixtures("broken_command")
def test_a_mistake_in_the_code_is_70_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "broken") == 70
    text = capsys.readouterr().err
    assert "Traceback" in text
    assert text.splitlines()[-1].startswith("error: unexpected: KeyError('missing')")
    assert call(monkeypatch, "--log-format", "json", "broken") == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert "in broken" in json.loads(line)["traceback"]


@pytest.mark.fault("F70")
def test_a_port_that_is_taken_is_69(finished_run: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = finished_run.command("serve", "--port", str(other.getsockname()[1]), check=False)
    assert result.returncode == 69, result.stderr
    assert "--port" in result.stderr.splitlines()[-1]


@pytest.mark.fault("F69")
@pytest.mark.parametrize(
    ("environment", "border"),
    [
        ({"LC_ALL": "C"}, "│"),
        ({"PYTHONIOENCODING": "ascii"}, "|"),
        ({"PYTHONIOENCODING": "latin-1"}, "|"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "|"),
    ],
    ids=["C", "ascii", "latin-1", "C without UTF-8"],
)
def test_an_encoding_without_box_lines_gets_plain_ones(
    finished_run: Installation, environment: dict[str, str], border: str
) -> None:
    query = "select id, '№7' as name from applicant_scores limit 3"
    result = finished_run.command("sql", query, environment={"PYTHONIOENCODING": "", **environment})
    lines = [line for line in result.stdout.splitlines() if line.startswith(border)]
    assert len(lines) == 2 + 3
    assert ("№7" if border == "│" else "\\u21167") in lines[-1]


def ends(
    installation: Installation, *arguments: str, out: str = "", err: str = "2> /dev/null"
) -> int:
    """Exit code of a command behind redirections of a shell."""
    return subprocess.run(
        ["/bin/bash", "-c", f'"$@" {out} {err}', "bash", str(SCOREHOUSE), *arguments],
        env=dict(installation.environment),
        check=False,
        timeout=300,
        stdout=subprocess.DEVNULL,
    ).returncode


RECORDS = ("score", "--input", str(PROJECT_ROOT / "models_ml" / "facts" / "real_rows.csv"))


@pytest.mark.fault("F69")
@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (("sql", QUERY), "> /dev/full"),
        (("sql", QUERY), ">&-"),
        (("status",), "> /dev/full"),
        (("models", "list"), ">&-"),
        (RECORDS, ">&-"),
        ((*RECORDS, "--format", "csv"), "> /dev/full"),
    ],
)
def test_a_result_that_cannot_be_written_is_73(
    finished_run: Installation, arguments: tuple[str, ...], out: str
) -> None:
    assert ends(finished_run, *arguments, out=out) == 73


@pytest.mark.fault("F69")
@pytest.mark.parametrize(
    ("out", "err"),
    [
        ("", "2> /dev/full"),
        ("", "2>&-"),
        ("", "2> >(true)"),
        ("> /dev/full", ""),
        (">&-", ""),
        (">&-", "2>&- <&-"),
        ("", "2>&1 | true; exit ${PIPESTATUS[0]}"),
    ],
)
def test_a_log_or_summary_that_cannot_be_written_changes_nothing(
    tmp_path: Path, out: str, err: str
) -> None:
    small = ("simulate", "--applicants", "100", "--parts", "1", "--out", str(tmp_path / "raw"))
    installation = Installation(tmp_path / "raw", tmp_path)
    assert ends(installation, *small, out=out, err=err) == 0
    assert (tmp_path / "raw" / "train_target.csv").is_file()
    assert ends(installation, "run", "--nonsense", out=out, err=err) == 64


@pytest.mark.fault("F69")
def test_a_reader_that_stops_early_is_141_without_a_word(finished_run: Installation) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = subprocess.run(
        [str(SCOREHOUSE), "sql", QUERY],
        env=dict(finished_run.environment),
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    os.close(write_end)
    assert (result.returncode, result.stderr) == (141, "")


CHANGING = {
    *("run", "publish", "report", "simulate", "train", "tune"),
    *("sign_model", "promote_model", "rollback_model", "challenge_champion"),
}
"""Commands whose work is done when they print."""


def calls(tree: ast.AST, *names: str) -> set[ast.AST]:
    return {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names
    }


@pytest.mark.fault("F69")
def test_what_changing_commands_print_is_a_courtesy() -> None:
    seen = set()
    for path in (PROJECT_ROOT / "models_ml" / "cli").glob("*.py"):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and function.name in CHANGING:
                seen.add(function.name)
                covered = {
                    call
                    for block in ast.walk(function)
                    if isinstance(block, ast.With) and "courtesy()" in ast.unparse(block.items[0])
                    for call in calls(block, "print")
                }
                assert calls(function, "print", "tell"), function.name
                assert calls(function, "print") == covered, function.name
    assert seen == CHANGING


@pytest.mark.fault("F69")
@pytest.mark.parametrize(("columns", "terminal"), [("0", "xterm"), ("1", "dumb")])
def test_a_terminal_without_width_is_no_obstacle(
    tmp_path: Path, columns: str, terminal: str
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(SCOREHOUSE), "simulate", "--applicants", "200", "--parts", "1"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": columns, "TERM": terminal, "NO_COLOR": "1"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert process.wait(60) == 0, said
    assert b"200 applicants" in said.replace(b"\r\n", b"")


@pytest.mark.fault("F69")
@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "text", ["warning: column [/bold] of part [1].pq :cat:", "path \udce9 \u2116", "x" * 300]
)
def test_log_lines_say_what_was_meant(text: str, as_json: bool) -> None:
    program = (
        "from models_ml.runtime.streams import protect_standard_streams\n"
        "from models_ml.runtime.console import console\n"
        f"protect_standard_streams(); console.as_json = {as_json}; console.print({text!r})"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "0"},
        capture_output=True,
        check=True,
    )
    (line,) = result.stderr.decode().splitlines()
    meant = text.encode("utf-8", "backslashreplace").decode()
    if not as_json:
        assert line == meant
        return
    event = json.loads(line)
    assert f"{event['level']}: {event['message']}".removeprefix("info: ") == meant
