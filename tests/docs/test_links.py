"""Every page is listed in the index of the documentation, and every relative link leads somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from models_ml.settings import PROJECT_ROOT

DOCS = PROJECT_ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Every markdown file of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return [PROJECT_ROOT / name for name in listed.stdout.splitlines()]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> list[str]:
    """Relative links of a page to a file or heading that does not exist."""
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and not (
            target.exists() and (not anchor or anchor in anchors(target))
        ):
            broken.append(f"{page.relative_to(PROJECT_ROOT)}: {link}")
    return broken


def test_every_relative_link_leads_somewhere() -> None:
    found = pages()
    assert PROJECT_ROOT / "README.md" in found
    assert sum(len(LINK.findall(page.read_text(encoding="utf-8"))) for page in found) > 100
    assert [link for page in found for link in broken_links(page)] == []


def test_every_page_is_in_the_index() -> None:
    """Decisions have an index of their own, which test_decisions.py checks."""
    index = DOCS / "README.md"
    linked = {(DOCS / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))}
    decisions = {path.resolve() for path in DOCS.glob("develop/decisions/[0-9]*.md")}
    assert linked >= {path.resolve() for path in DOCS.rglob("*.md")} - decisions - {index.resolve()}
