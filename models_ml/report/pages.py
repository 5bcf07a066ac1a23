"""Writes the report, the pages of applicants and the documentation of the warehouse."""

from __future__ import annotations

import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from models_ml.errors import InputDataError, MissingInputError
from models_ml.features.contract import read_contract
from models_ml.features.roles import read_roles
from models_ml.registry.artifact import load_artifact
from models_ml.registry.catalog import show_model
from models_ml.report.applicant_page import read_applicant
from models_ml.report.calibration import calibration_figure, gains_figure, reliability_figure
from models_ml.report.cutoff_simulator import read_simulator
from models_ml.report.discrimination import distribution_figure, separation_figures
from models_ml.report.drivers import ablation_figures, code_figures, contribution_figure
from models_ml.report.formats import counted, number
from models_ml.report.layout import Section, figure_readings, render, write
from models_ml.report.model_card import Card, read_card, simulated
from models_ml.report.queries import Row, read
from models_ml.report.stability import (
    ShiftLimits,
    feature_stability_figure,
    performance_figures,
    score_stability_figure,
    unseen_code_figures,
)
from models_ml.settings import Settings
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.dbt import TARGET_FOLDER, run_dbt

REPORT = "report.html"
WAREHOUSE_DOCS = "warehouse.html"
STATIC_DOCS = "static_index.html"
"""What dbt calls its documentation in one file."""


def write_report(settings: Settings, folder: Path) -> Path:
    """Write the report about the model that scored.

    Raises:
        MissingInputError: Nothing has been scored yet.
        OutputError: The folder cannot be written.
    """
    with open_warehouse(settings.warehouse) as connection:
        totals = _totals(connection)
        if not 0 < totals["n_defaulted"] < totals["n_tested"]:
            raise InputDataError(
                f"Of the {totals['n_tested']} applicants with a known outcome who applied after those the model was "
                f"built from, {totals['n_defaulted']} defaulted; the report needs some who did and some who did not. "
                "Deliver later outcomes, then: scorehouse run"
            )
        version = show_model(settings.artifacts, totals["model_versions"][0])["version"]
        card = read_card(
            connection, totals, load_artifact(settings.artifacts / version), settings.raw
        )
        sections = _sections(connection, totals, card, _shift_limits(settings))
        simulator = read_simulator(connection)
    page = render(
        "report.html",
        card=card,
        sections=sections,
        simulator=simulator,
        page_data={
            "readings": figure_readings(
                [f for section in sections for f in section.figures] + [simulator.figure]
            ),
            "cutoffs": simulator.positions,
        },
        **_imprint(),
    )
    path = folder / REPORT
    write(path, page.encode())
    return path


def write_applicant_page(settings: Settings, folder: Path, applicant_id: int) -> Path:
    """Write the page of one applicant.

    Raises:
        MissingInputError: Nothing has been scored yet, or the raw files are gone.
        UsageError: No applicant with that id was scored.
        OutputError: The folder cannot be written.
    """
    contract, roles = read_contract(settings.dictionary), read_roles(settings.dictionary)
    with open_warehouse(settings.warehouse) as connection:
        _totals(connection)
        applicant = read_applicant(connection, contract, roles, applicant_id)
    page = render(
        "applicant.html",
        applicant_id=applicant_id,
        applicant=applicant,
        caution=simulated(settings.raw),
        page_data={"readings": figure_readings(applicant.figures)},
        **_imprint(),
    )
    path = folder / f"applicant-{applicant_id}.html"
    write(path, page.encode())
    return path


def write_warehouse_docs(settings: Settings, folder: Path) -> Path:
    """Write dbt's documentation of all tables and columns, also as one HTML file.

    Raises:
        ScorehouseError: dbt cannot read the warehouse.
        OutputError: The folder cannot be written.
    """
    run_dbt(settings, ("docs", "generate", "--static"))
    path = folder / WAREHOUSE_DOCS
    write(path, (settings.home / TARGET_FOLDER / STATIC_DOCS).read_bytes())
    return path


def _totals(connection: duckdb.DuckDBPyConnection) -> Row:
    (totals,) = read(connection, "totals")
    if not totals["n_scored"]:
        raise MissingInputError("No applicant has been scored yet; score with: scorehouse run")
    return totals


def _sections(
    connection: duckdb.DuckDBPyConnection, totals: Row, card: Card, limits: ShiftLimits
) -> tuple[Section, ...]:
    tested = (
        f"{card.measured_on} (ids {totals['first_id']} to {totals['last_id']}, "
        f"{counted(totals['n_defaulted'], 'defaulter')})."
    )
    everyone = f"All {number(totals['n_scored'])} scored applicants, in order of application."
    known = "All applicants with a known outcome, including those the model was built from."
    return (
        Section(
            "ranking",
            "Ranking: does the score separate?",
            tested,
            (
                *separation_figures(connection),
                gains_figure(connection),
                distribution_figure(connection),
            ),
        ),
        Section(
            "calibration",
            "Calibration: are the probabilities right?",
            tested,
            (calibration_figure(connection), reliability_figure(connection)),
        ),
        Section(
            "stability",
            "Stability: do new applicants resemble earlier ones?",
            everyone,
            (
                *performance_figures(connection),
                score_stability_figure(connection, limits),
                feature_stability_figure(connection, limits),
                *unseen_code_figures(connection),
            ),
        ),
        Section(
            "drivers",
            "Drivers: what moves the score?",
            everyone,
            (contribution_figure(connection), *ablation_figures(card.model.facts["metrics"])),
        ),
        Section("codes", "Codes: who defaults?", known, code_figures(connection)),
    )


def _shift_limits(settings: Settings) -> ShiftLimits:
    project = yaml.safe_load((settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    return ShiftLimits(project["vars"]["moderate_shift"], project["vars"]["large_shift"])


def _imprint() -> dict[str, Any]:
    return {
        "made_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "release": importlib.metadata.version("scorehouse"),
    }
