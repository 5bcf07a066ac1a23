"""What is built, and what is stale."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from models_ml.errors import InputDataError, MissingInputError, ScorehouseError
from models_ml.publishing.files import SERVING_FILE
from models_ml.registry.pointers import champion_version
from models_ml.runtime.lock import lock_holder
from models_ml.settings import Settings
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.raw_parts import list_parts


@dataclass(frozen=True)
class StatusLine:
    """State of one thing.

    Attributes:
        name: What it is.
        state: What there is of it.
        remedy: The command that brings it up to date; empty when it already is.
    """

    name: str
    state: str
    remedy: str = ""


def status(settings: Settings) -> list[StatusLine]:
    """State of raw files, features, model, scores and published files, in the order they are made."""
    holder = lock_holder(settings.home)
    lines = [StatusLine("run", holder or "none at work")]
    parts, raw_files = _raw_files(settings)
    lines.append(raw_files)
    champion = champion_version(settings.artifacts)
    model = (
        StatusLine("model", champion)
        if champion
        else StatusLine("model", "none", "scorehouse train")
    )
    try:
        with open_warehouse(settings.warehouse) as connection:
            features = _features(connection, parts)
            scores, version = _scores(connection, champion)
    except ScorehouseError as error:
        return [*lines, StatusLine("warehouse", str(error), "scorehouse run"), model]
    return [*lines, features, model, scores, _published(settings, version)]


def _raw_files(settings: Settings) -> tuple[dict[str, int], StatusLine]:
    """Size of each part, and their state."""
    try:
        names = list_parts(settings.raw) if settings.raw.is_dir() else ()
    except MissingInputError:
        names = ()
    except InputDataError as error:
        return {}, StatusLine("raw files", str(error), "put it right")
    if not names:
        return {}, StatusLine("raw files", f"none in {settings.raw}", "put the parts there")
    parts = {name: (settings.raw / name).stat().st_size for name in names}
    return parts, StatusLine("raw files", f"{len(parts)} parts in {settings.raw}")


def _features(connection: duckdb.DuckDBPyConnection, parts: dict[str, int]) -> StatusLine:
    if not _exists(connection, "applicant_features"):
        return StatusLine("features", "none", "scorehouse run")
    n_applicants = connection.execute("select count(*) from applicant_features").fetchall()[0][0]
    built = dict(connection.execute("select raw_part, n_bytes from raw_parts").fetchall())
    changed = sorted(name for name in {*parts, *built} if parts.get(name) != built.get(name))
    if changed:
        return StatusLine(
            "features",
            f"{n_applicants:,} applicants; stale, {len(changed)} raw parts changed "
            f"({', '.join(changed[:3])}{', ...' if len(changed) > 3 else ''})",
            "scorehouse run",
        )
    return StatusLine("features", f"{n_applicants:,} applicants")


def _scores(
    connection: duckdb.DuckDBPyConnection, champion: str | None
) -> tuple[StatusLine, str | None]:
    """State of the scores, and the version of the model that gave them."""
    if not _exists(connection, "applicant_scores"):
        return StatusLine("scores", "none", "scorehouse run"), None
    n_applicants, version, scored_at = connection.execute(
        "select count(*), any_value(model_version), max(scored_at) from applicant_scores"
    ).fetchall()[0]
    state = f"{n_applicants:,} applicants at {scored_at} by {version}"
    if n_applicants and version != champion:
        return StatusLine(
            "scores", f"{state}; stale, not by the champion", "scorehouse run"
        ), version
    return StatusLine("scores", state), version


def _published(settings: Settings, version: str | None) -> StatusLine:
    path = settings.published / SERVING_FILE
    if not path.is_file():
        return StatusLine("published", "nothing", "scorehouse run")
    with duckdb.connect(str(path), read_only=True) as connection:
        published = connection.execute(
            "select count(*), any_value(model_version), max(scored_at) from applicant_scores"
        ).fetchall()[0]
    state = f"{published[0]:,} applicants at {published[2]} in {path}"
    if published[1] != version:
        return StatusLine("published", f"{state}; stale", "scorehouse publish")
    return StatusLine("published", state)


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() where table_name = ?", [table]
    ).fetchall()
    return bool(found[0][0])
