"""Measures contenders as whole processes, in turn, so that a machine whose speed varies affects all of them alike."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
LATEST = "latest"
"""Name of the table of all questions."""


@dataclass(frozen=True)
class Row:
    """One line of a results table, medians over the runs.

    Attributes:
        question: What was asked, for example "features".
        contender: What was measured.
        rows: Size of the input, in the unit the question names.
        seconds: Wall time.
        cpu_seconds: Processor time of the process and its children.
        peak_mb: Largest resident memory of a single process, 10^6 bytes.
        ratio: Wall time divided by that of the first contender at the same size.
        figures: What else was measured, such as AUC.
    """

    question: str
    contender: str
    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    ratio: float
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What one run of a process cost, and the figures it printed as a last line of JSON."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    figures: Mapping[str, float]


def run_process(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; the operating system reports what it cost.

    Raises:
        RuntimeError: The command failed; its output is in the message.
    """
    started = time.perf_counter()
    child = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed ({child.returncode}):\n{output[-3000:]}")
    return Cost(
        seconds=time.perf_counter() - started,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        figures=_figures(output),
    )


def _figures(output: str) -> Mapping[str, float]:
    """The last line, if it is a JSON object."""
    last = output.strip().rpartition("\n")[2]
    return json.loads(last) if last.startswith("{") else {}


def compare(
    question: str,
    rows: int,
    contenders: Mapping[str, tuple[Sequence[str], Mapping[str, str]]],
    runs: int,
) -> list[Row]:
    """Run all contenders in turn, several times, and compare their medians.

    Args:
        question: Name of the question.
        rows: Size of the input.
        contenders: Command and environment by name; the first is the one ratios refer to.
        runs: Rounds.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(runs):
        for name, (command, environment) in contenders.items():
            cost = run_process(command, environment)
            costs[name].append(cost)
            print(
                f"  round {number + 1}, {rows:,} rows, {name}: {cost.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    first = statistics.median(cost.seconds for cost in next(iter(costs.values())))
    return [
        Row(
            question=question,
            contender=name,
            rows=rows,
            seconds=round(statistics.median(cost.seconds for cost in found), 3),
            cpu_seconds=round(statistics.median(cost.cpu_seconds for cost in found), 3),
            peak_mb=round(statistics.median(cost.peak_mb for cost in found), 1),
            ratio=round(statistics.median(cost.seconds for cost in found) / first, 3),
            figures={
                key: round(statistics.median(cost.figures[key] for cost in found), 6)
                for key in found[0].figures
            },
        )
        for name, found in costs.items()
    ]


def machine_facts() -> dict[str, str | int | None]:
    """The machine and versions the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        **{name: version(name) for name in ("duckdb", "dbt-duckdb", "lightgbm", "torch", "numba")},
    }


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table, the machine below it."""
    lines = [
        "| question | contender | rows | seconds | cpu seconds | peak MB | ratio | figures |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        figures = ", ".join(f"{name} {value:g}" for name, value in row.figures.items())
        lines.append(
            f"| {row.question} | {row.contender} | {row.rows:,} | {row.seconds} | "
            f"{row.cpu_seconds} | {row.peak_mb} | {row.ratio} | {figures} |"
        )
    machine = ", ".join(f"{name} {value}" for name, value in machine_facts().items())
    return "\n".join([*lines, "", f"{machine}; medians; believe the ratios.", ""])


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the table, write it to ``benchmarks/results`` and update the table of all questions.

    Earlier results at other sizes are kept: contenders are compared within a size, and those ran together.
    """
    print(markdown(rows))
    RESULTS.mkdir(exist_ok=True)
    new_sizes = {(row.question, row.rows) for row in rows}
    before = [row for row in read_rows(name) if (row.question, row.rows) not in new_sizes]
    write_rows(name, sorted([*before, *rows], key=lambda row: (row.question, row.rows)))
    kept = [
        row
        for path in sorted(RESULTS.glob("*.json"))
        if path.stem != LATEST
        for row in read_rows(path.stem)
    ]
    write_rows(LATEST, kept)


def read_rows(name: str) -> list[Row]:
    """Rows written before; tables with columns of their own have none."""
    path = RESULTS / f"{name}.json"
    table = json.loads(path.read_text()) if path.exists() else []
    names = {field.name for field in fields(Row)}
    return [Row(**values) for values in table if isinstance(values, dict) and set(values) == names]


def write_rows(name: str, rows: Sequence[Row]) -> None:
    """Write rows as JSON and as markdown."""
    text = json.dumps([asdict(row) for row in rows], indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(markdown(rows), encoding="utf-8")
