"""Whether a folder is a complete, unchanged artifact: exactly the listed files, each with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError
from models_ml.runtime.files import write_file

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
"""The signature, when the model is signed; see `signatures`."""
TRAIN_COMMAND = "scorehouse train"


def verify_artifact(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Check that a folder is a complete, unchanged artifact.

    Returns:
        The manifest, and the content of every other file. The bytes returned are the bytes hashed, so nothing can
        change between the check and the use.

    Raises:
        ArtifactError: It is not; the message names the file.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise damaged(folder, f"{MANIFEST} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(folder, f"{MANIFEST} cannot be read ({error})") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise damaged(folder, f"{MANIFEST} has no list of files")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"Model {folder.name} has artifact format {manifest.get('format_version')}, this "
            f"installation reads format {FORMAT_VERSION}; install the matching release of "
            f"scorehouse or train a new model with: {TRAIN_COMMAND}"
        )
    if manifest.get("manifest_sha256") != manifest_sha256_of(manifest):
        raise damaged(folder, f"{MANIFEST} was edited")
    expected = manifest["files"]
    try:
        found = {path.name for path in folder.iterdir()} - {MANIFEST, SIGNATURE}
    except OSError as error:
        raise damaged(folder, f"its files cannot be listed ({error})") from error
    for name in sorted(found.symmetric_difference(expected)):
        raise damaged(folder, f"{name} is {'missing' if name in expected else 'not part of it'}")
    contents = {}
    for name, sha256 in expected.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise damaged(folder, f"{name} is not a plain file")
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            raise damaged(folder, f"{name} cannot be read ({error})") from error
        if hashlib.sha256(contents[name]).hexdigest() != sha256:
            raise damaged(folder, f"{name} was changed after training")
    version = manifest.get("version")
    if version != version_of(expected) or folder.name != version:
        raise damaged(folder, f"its version does not follow from its files ({version})")
    return manifest, contents


def version_of(hashes: Mapping[str, str]) -> str:
    """Version that follows from the hashes of the files."""
    text = "\n".join(f"{name} {hashes[name]}" for name in sorted(hashes))
    return "pd-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def manifest_sha256_of(manifest: Mapping[str, Any]) -> str:
    """Hash of everything in a manifest except this hash."""
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def damaged(folder: Path, what: str) -> ArtifactError:
    """The error for a model that must not be used."""
    return ArtifactError(
        f"Model {folder.name} is damaged: {what}. It is not used. Restore {folder} from a "
        f"backup or train a new model with: {TRAIN_COMMAND}"
    )


def replace_in_artifact(path: Path, content: bytes) -> None:
    """Write a file of an artifact; an unfinished one stays outside its folder, where any other file is a fault."""
    artifact = path.parent
    write_file(path, content, temporary=artifact.with_name(f".{artifact.name}.{path.name}"))


def as_json(values: Mapping[str, Any]) -> bytes:
    """Content of a JSON file of the registry."""
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode()
