"""Every row of the fault matrix has a test."""

import re
from pathlib import Path

from reliability_table import read_matrix, read_results, table

TESTS = Path(__file__).parents[1]
MARK = re.compile(r"mark\.fault\(([^)]*)\)")


def test_every_row_has_a_test_and_every_mark_a_row() -> None:
    rows = [row["id"] for row in read_matrix()]
    assert rows == [f"F{number:02}" for number in range(1, len(rows) + 1)]
    marked = {
        fault
        for path in TESTS.rglob("test_*.py")
        for arguments in MARK.findall(path.read_text())
        for fault in re.findall(r"F\d\d", arguments)
    }
    assert marked == set(rows)


def test_the_table_tells_the_worst_result_and_adds_up_trials(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    case = '<testcase classname="tests.test_a" name="test_b[{}]"><properties>{}</properties>{}</testcase>'
    fault = '<property name="fault" value="F17"/><property name="trials" value="20"/>'
    report.write_text(
        "<testsuite>"
        + case.format("x", fault, "")
        + case.format("y", fault, "<failure/>")
        + "</testsuite>"
    )
    text = table(read_results(report))
    assert "| `test_a.test_b` | failure | 40 |" in text
    assert "| F01 |" in text
    assert "not run" in text
    again = tmp_path / "again.xml"
    again.write_text("<testsuite>" + case.format("y", fault, "") + "</testsuite>")
    assert "| `test_a.test_b` | passed | 40 |" in table(read_results(report, again))
