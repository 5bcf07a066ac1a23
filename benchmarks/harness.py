"""Measures contenders as whole processes, in turn, so that a drifting machine is fair to all of them."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


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
    """

    question: str
    contender: str
    rows: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    ratio: float


@dataclass(frozen=True)
class Cost:
    """What one run of a process cost."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run_process(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end and take its cost from the operating system.

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
    )


def compare(
    question: str,
    rows: int,
    contenders: Mapping[str, tuple[Sequence[str], Mapping[str, str]]],
    runs: int,
) -> list[Row]:
    """Run all contenders in turn, several times, and put their medians side by side.

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
        )
        for name, found in costs.items()
    ]


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the table and write it as JSON and markdown below ``benchmarks/results``."""
    lines = [
        "| question | contender | rows | seconds | cpu seconds | peak MB | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.question} | {row.contender} | {row.rows:,} | {row.seconds} | "
        f"{row.cpu_seconds} | {row.peak_mb} | {row.ratio} |"
        for row in rows
    ]
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
        "medians; shared machine, believe the ratios"
    )
    text = "\n".join([*lines, "", machine, ""])
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    (RESULTS / f"{name}.json").write_text(
        json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8"
    )
