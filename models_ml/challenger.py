"""The challenger: a model that is scored beside the champion and decides nothing."""

from __future__ import annotations

from pathlib import Path

from models_ml.artifact import model_folder, point_to, pointed_version

CHALLENGER = "challenger.json"
END_CHALLENGE_COMMAND = "scorehouse models challenge --end"


def challenger_version(artifacts: Path) -> str | None:
    """Version of the challenger, or None."""
    return pointed_version(artifacts / CHALLENGER)


def challenger_path(artifacts: Path) -> Path | None:
    """Folder of the challenger, or None when none is set.

    Raises:
        ArtifactError: The pointer leads nowhere.
    """
    version = challenger_version(artifacts)
    if version is None:
        return None
    return model_folder(artifacts, version, "challenger", END_CHALLENGE_COMMAND)


def set_challenger(artifacts: Path, version: str | None) -> None:
    """Make a version the challenger, or have none, in one atomic step."""
    if version is None:
        (artifacts / CHALLENGER).unlink(missing_ok=True)
    else:
        point_to(artifacts / CHALLENGER, version)
