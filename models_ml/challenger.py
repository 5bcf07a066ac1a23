"""The challenger: a model that is scored beside the champion and decides nothing."""

from __future__ import annotations

from pathlib import Path

from models_ml.artifact import champion_version, model_folder, point_to, pointed_version

CHALLENGER = "challenger.json"
END_CHALLENGE_COMMAND = "scorehouse models challenge --end"


def challenger_version(artifacts: Path) -> str | None:
    """Version of the challenger, or None.

    The champion is none: a promotion of the challenger that was killed halfway leaves such a pointer.
    """
    version = pointed_challenger(artifacts)
    return None if version is None or version == champion_version(artifacts) else version


def pointed_challenger(artifacts: Path) -> str | None:
    """Version that the pointer names, even if it is the champion."""
    return pointed_version(artifacts / CHALLENGER, f"end that with: {END_CHALLENGE_COMMAND}")


def has_challenger(artifacts: Path) -> bool:
    """Whether there is a pointer, even one that names nothing."""
    return (artifacts / CHALLENGER).exists()


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
