"""Writes the table of ``docs/operate/reliability.md`` from the reports of test runs.

A test that was run again, in a later report, counts as it ended last.

python tests/faults/reliability_table.py build/faults.xml [build/again.xml ...]
"""

from __future__ import annotations

import csv
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "operate" / "reliability.md"
BEGIN, END = "<!-- table -->", "<!-- end of the table -->"


@dataclass(frozen=True)
class Result:
    """One test of one row."""

    test: str
    outcome: str
    trials: int


def read_matrix() -> list[dict[str, str]]:
    """Rows of the fault matrix."""
    with (HERE / "matrix.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_results(*reports: Path) -> dict[str, list[Result]]:
    """Results by row of the matrix; tests of one function are one result."""
    last = {
        (case.get("classname"), case.get("name")): case
        for report in reports
        for case in ET.parse(report).iter("testcase")  # noqa: S314  pytest wrote it
    }
    found: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for case in last.values():
        properties = [(p.get("name"), p.get("value", "")) for p in case.iter("property")]
        outcome = next(
            (tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None), "passed"
        )
        trials = sum(int(value) for name, value in properties if name == "trials") or 1
        test = f"{case.get('classname', '').removeprefix('tests.')}.{case.get('name', '').split('[')[0]}"
        for name, value in properties:
            if name == "fault":
                found[value][test].append((outcome, trials))
    return {
        fault: [
            Result(
                test,
                next((o for o, _ in cases if o != "passed"), "passed"),
                sum(n for _, n in cases),
            )
            for test, cases in tests.items()
        ]
        for fault, tests in found.items()
    }


def table(results: dict[str, list[Result]]) -> str:
    """The table as markdown."""
    lines = [
        "| row | fault | expected | test | result | trials |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in read_matrix():
        for i, result in enumerate(results.get(row["id"], [Result("none", "not run", 0)])):
            said = (row["id"], row["fault"], row["expected"]) if i == 0 else ("", "", "")
            lines.append(
                f"| {' | '.join(said)} | `{result.test}` | {result.outcome} | {result.trials:,} |"
            )
    return "\n".join(lines)


def main(*reports: Path) -> None:
    """Put the table into the document; fail when a row was not tested."""
    results = read_results(*reports)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}", encoding="utf-8")
    missing = [row["id"] for row in read_matrix() if row["id"] not in results]
    if missing:
        raise SystemExit(f"Not tested: {', '.join(missing)}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
