"""The README's code blocks work as they stand."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.installation import Installation

from models_ml.settings import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, flags=re.DOTALL)
MAKE_TARGETS = re.findall(r"^make (\w+)", README, flags=re.MULTILINE)


def runnable_blocks() -> list[tuple[str, str]]:
    # `make demo` and `make test` would install and test inside a test; CI runs them.
    return [(language, text) for language, text in BLOCKS if "make demo" not in text]


def test_the_two_commands_are_make_targets() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    assert MAKE_TARGETS == ["demo", "test"]
    for target in MAKE_TARGETS:
        assert re.search(rf"^{target}: ", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("number", range(len(runnable_blocks())))
def test_code_block_runs(finished_run: Installation, number: int) -> None:
    language, text = runnable_blocks()[number]
    # The installation of the tests stands in for data/: the environment says so, hence no export.
    text = re.sub(r"^export .*\n", "", text, flags=re.MULTILINE)
    command = ["bash", "-euc", text] if language == "sh" else [sys.executable, "-c", text]
    environment = {
        **finished_run.environment,
        "PATH": f"{Path(sys.executable).parent}:{finished_run.environment['PATH']}",
    }
    result = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert result.stdout.strip()


def test_the_query_of_the_first_screen_has_the_columns_shown(finished_run: Installation) -> None:
    """Its rows are those of the demo, whose ids the tests do not have; names and types are the same."""
    shown = README.split("```")[1]
    query = re.search(r'\$ scorehouse sql "(.+?) where id between \d+ and \d+"', shown, re.DOTALL)
    assert query
    printed = finished_run.command("sql", f"{query[1]} limit 3").stdout
    tables = [[line for line in text.splitlines() if "│" in line] for text in (shown, printed)]
    assert [len(rows) for rows in tables] == [5, 5]
    names, types = ([re.findall(r"[^│\s]+", rows[place]) for rows in tables] for place in (0, 1))
    assert names[0] == names[1]
    assert types[0] == types[1]


def test_the_number_of_failures_is_that_of_the_matrix() -> None:
    with (PROJECT_ROOT / "tests" / "faults" / "matrix.csv").open(encoding="utf-8") as file:
        n_faults = len(list(csv.DictReader(file)))
    assert f"trigger {n_faults} kinds of failure" in " ".join(README.split())


def test_the_figures_of_the_first_screen_are_those_of_the_page_on_performance() -> None:
    page = (PROJECT_ROOT / "docs" / "operate" / "performance.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    rows = {row[0]: row[1:] for row in cells if row}

    def figure(row: str, place: int = 0) -> float:
        return float(rows[row][place].split()[0].replace(",", ""))

    training = "model of 30,000, features included"
    ours = figure("`score_applicant_pd` in DuckDB, including hand-over and encoder")
    theirs = figure("LightGBM.predict, trees only, on a prepared matrix")
    assert re.findall(r"\*\*(\d[\d.]*)(?: ms| times)", README) == [
        f"{figure('one applicant over HTTP'):.0f}",
        f"{figure(training, place=2):.1f}",
        f"{ours / theirs:.0f}",
    ]
    aucs = [float(auc) for auc in re.findall(r"0\.\d{4}", " ".join(rows[training]))]
    assert "({:.3f} against {:.3f})".format(*aucs) in README


def test_layout_tree_is_true() -> None:
    tree = README.split("## Layout")[1].split("```")[1]
    for line in tree.strip().splitlines():
        assert (PROJECT_ROOT / line.split()[0]).is_dir(), line
