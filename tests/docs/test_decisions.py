"""Decisions are dated, numbered files, and their index lists each of them."""

import re
from datetime import date

from models_ml.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "develop" / "decisions"
FILES = sorted(FOLDER.glob("[0-9]*.md"))
HEAD = re.compile(r"# (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d)\n\n\S")


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    rows = []
    for number, path in enumerate(FILES, start=1):
        head = HEAD.match(path.read_text())
        assert head, f"{path.name} does not begin with its number, title and date"
        assert path.name.startswith(f"{number:04d}-")
        assert int(head[1]) == number
        day = date.fromisoformat(head[3])
        rows.append(f"| {number} | {day} | [{head[2]}]({path.name}) |")
    index = (FOLDER / "README.md").read_text().splitlines()
    assert [line for line in index if re.match(r"\| \d", line)] == rows
