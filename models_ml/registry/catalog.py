"""Catalog of trained models: which exist, which one scores, and whether their files are intact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError
from models_ml.registry.loading import load_scorer
from models_ml.registry.manifest import MANIFEST, verify_artifact
from models_ml.registry.pointers import (
    challenger_version,
    champion_path,
    champion_version,
    folder_named,
)


@dataclass(frozen=True)
class ModelEntry:
    """A trained model in the folder of artifacts.

    Attributes:
        version: Its version.
        created_at: When it was trained (UTC).
        champion: Whether it scores.
        challenger: Whether it scores alongside the champion.
        auc: Out-of-time AUC, or None when unknown.
        problem: What is wrong with its files; None when all hashes match.
    """

    version: str
    created_at: str
    champion: bool
    challenger: bool
    auc: float | None
    problem: str | None


def list_models(artifacts: Path) -> tuple[ModelEntry, ...]:
    """All trained models, newest first."""
    champion, challenger = champion_version(artifacts), challenger_version(artifacts)
    entries = []
    for path in artifacts.glob(f"*/{MANIFEST}"):
        folder = path.parent
        if folder.name.startswith("."):
            continue
        facts: dict[str, Any] = {}
        problem = None
        try:
            facts, _ = verify_artifact(folder)
        except ArtifactError as error:
            problem = str(error)
        entries.append(
            ModelEntry(
                version=folder.name,
                created_at=str(facts.get("created_at", "")),
                champion=folder.name == champion,
                challenger=folder.name == challenger,
                auc=_metric(facts, "auc"),
                problem=problem,
            )
        )
    return tuple(sorted(entries, key=lambda entry: (entry.created_at, entry.version), reverse=True))


def show_model(artifacts: Path, version: str | None = None) -> dict[str, Any]:
    """Verified manifest of a model; the champion's when no version is given."""
    return verify_artifact(folder_of(artifacts, version))[0]


def verify_model(artifacts: Path, version: str | None = None) -> str:
    """Check hashes and golden rows of a model; the champion's when no version is given.

    Returns:
        The version checked.

    Raises:
        ArtifactError: It must not be used; the message says why.
    """
    return load_scorer(folder_of(artifacts, version)).version


def folder_of(artifacts: Path, version: str | None) -> Path:
    """Folder of a model; the champion's when no version is given."""
    if version is None:
        return champion_path(artifacts)
    folder = folder_named(artifacts, version)
    if folder is None:
        known = ", ".join(entry.version for entry in list_models(artifacts)) or "none"
        raise ArtifactError(f"There is no model {version!r} in {artifacts}; known are: {known}.")
    return folder


def recorded_estimate(facts: dict[str, Any], name: str) -> dict[str, float] | None:
    """An out-of-time figure of a manifest with its interval, or None when it is not recorded."""
    estimate: dict[str, float] | None = facts.get("metrics", {}).get("out_of_time", {}).get(name)
    return estimate


def _metric(facts: dict[str, Any], name: str) -> float | None:
    estimate = recorded_estimate(facts, name)
    return None if estimate is None else float(estimate["value"])
