"""F50: reports show no applicant who was not asked for, and no file of ours holds a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.installation import FIRST_SIMULATED_ID, Installation

from models_ml.settings import PROJECT_ROOT

REAL_IDS = 1_000_000
"""Ids of the real applicants have seven digits, which hardly anything else in a page has."""


@pytest.mark.fault("F50")
def test_the_report_names_no_applicant(
    finished_run: Installation, tmp_path: Path, record_property
) -> None:
    finished_run.command("report", "--out", str(tmp_path))
    pages = [path for path in tmp_path.rglob("*") if path.is_file()]
    text = " ".join(page.read_text(encoding="utf-8") for page in pages)
    hashes = finished_run.query("select distinct features_hash from applicant_scores")
    assert len(hashes) > FIRST_SIMULATED_ID
    words = set(re.findall(r"[0-9a-f]{32}", text))
    assert words.isdisjoint(hashes["features_hash"])
    real = set(finished_run.query(f"select id from applicant_scores where id > {REAL_IDS}")["id"])
    shown = real & {int(number) for number in re.findall(r"\b\d{7}\b", text)}
    assert len(real) > 20
    assert len(shown) <= 4  # where slices of applicants begin and end
    assert all(page.stat().st_mode & 0o077 == 0 for page in pages)
    record_property("trials", len(pages))


def settings_of(values: object) -> list[str]:
    if isinstance(values, dict):
        return [*values, *(name for value in values.values() for name in settings_of(value))]
    return (
        [name for value in values for name in settings_of(value)]
        if isinstance(values, list)
        else []
    )


@pytest.mark.fault("F50")
def test_the_profile_holds_no_secret() -> None:
    profile = yaml.safe_load((PROJECT_ROOT / "profiles" / "profiles.yml").read_text())
    names = settings_of(profile)
    assert "path" in names
    assert not [n for n in names if re.search("secret|password|token|key|user", str(n))]
