"""Which model scores and which one challenges it: one small file each.

The challenger scores alongside the champion and decides nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

from models_ml.errors import ArtifactError
from models_ml.registry.manifest import TRAIN_COMMAND, as_json
from models_ml.runtime.files import write_file

CHALLENGER = "challenger.json"
END_CHALLENGE_COMMAND = "scorehouse models challenge --end"


def challenger_version(artifacts: Path) -> str | None:
    """Version of the challenger, or None.

    A pointer to the champion does not count: a killed promotion of the challenger leaves one behind.
    """
    version = pointed_challenger(artifacts)
    return None if version is None or version == champion_version(artifacts) else version


def pointed_challenger(artifacts: Path) -> str | None:
    """Version that the pointer names, even if it is the champion."""
    return pointed_version(artifacts / CHALLENGER, f"end that with: {END_CHALLENGE_COMMAND}")


def has_challenger(artifacts: Path) -> bool:
    """Whether there is a pointer, even a damaged one."""
    return (artifacts / CHALLENGER).exists()


def challenger_path(artifacts: Path) -> Path | None:
    """Folder of the challenger, or None when none is set.

    Raises:
        ArtifactError: The model it names does not exist.
    """
    version = challenger_version(artifacts)
    if version is None:
        return None
    return model_folder(artifacts, version, "challenger", END_CHALLENGE_COMMAND)


def set_challenger(artifacts: Path, version: str | None) -> None:
    """Make a version the challenger; None ends the challenge."""
    if version is None:
        (artifacts / CHALLENGER).unlink(missing_ok=True)
    else:
        write_file(artifacts / CHALLENGER, as_json({"version": version}))


CHAMPION = "champion.json"
PROMOTE_COMMAND = "scorehouse models promote VERSION --force REASON"


def champion_version(artifacts: Path) -> str | None:
    """Version of the model that scores, or None when no model was trained yet."""
    return pointed_version(
        artifacts / CHAMPION,
        f"name one with: {PROMOTE_COMMAND}, or train one with: {TRAIN_COMMAND}",
    )


def champion_path(artifacts: Path) -> Path:
    """Folder of the model that scores.

    Raises:
        ArtifactError: No model was trained yet, or the one named does not exist.
    """
    version = champion_version(artifacts)
    if version is None:
        raise ArtifactError(
            f"No trained model in {artifacts}, so applicants cannot be scored; "
            f"train one with: {TRAIN_COMMAND}"
        )
    return model_folder(artifacts, version, "champion", TRAIN_COMMAND)


def set_champion(artifacts: Path, version: str) -> None:
    """Make a version the one that scores."""
    write_file(artifacts / CHAMPION, as_json({"version": version}))


def pointed_version(pointer: Path, remedy: str) -> str | None:
    """Version that a pointer file names, or None when there is no such file.

    Args:
        pointer: The file.
        remedy: What to do when it does not name a model, for the message.

    Raises:
        ArtifactError: It does not name a model.
    """
    try:
        version = json.loads(pointer.read_bytes())["version"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"{pointer} does not name a model ({error}); {remedy}") from error
    return str(version)


def folder_named(artifacts: Path, version: str) -> Path | None:
    """Folder of a version, or None when there is no such folder in ``artifacts`` itself."""
    folder = artifacts / version
    outside = Path(version).name != version or folder.is_symlink()
    return folder if folder.is_dir() and not outside else None


def model_folder(artifacts: Path, version: str, role: str, command: str) -> Path:
    """Folder of the model in a role; an error names the role and the command that helps."""
    folder = folder_named(artifacts, version)
    if folder is None:
        raise ArtifactError(
            f"The {role} {version!r} is not in {artifacts}; restore it, or use: {command}"
        )
    return folder
