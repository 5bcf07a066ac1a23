"""Signatures of models: who vouches for a model, which hashes alone cannot tell.

The file beside the manifest is an Ed25519 signature over it; the manifest has the hash of every file. Keys are PEM
files as ``openssl genpkey -algorithm ed25519`` writes them; scoring never needs the private one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError, UsageError
from models_ml.registry.manifest import (
    MANIFEST,
    SIGNATURE,
    damaged,
    replace_in_artifact,
    verify_artifact,
)

CONTEXT = b"scorehouse model manifest\n"
"""Precedes the signed manifest, so that a signature made for something else is not valid here."""


def sign_model(folder: Path, private_key: Path) -> Path:
    """Sign an intact model; an older signature is replaced.

    Args:
        folder: Its folder.
        private_key: PEM file of an Ed25519 key without a password.

    Returns:
        The signature's file.

    Raises:
        ArtifactError: The model is damaged.
        UsageError: The key cannot be used.
        OutputError: The signature cannot be written.
    """
    key = _read_key(private_key, "private")
    verify_artifact(folder)
    signature = folder / SIGNATURE
    replace_in_artifact(signature, key.sign(_message(folder)))
    return signature


def check_signature(folder: Path, public_key: Path) -> None:
    """Check that the holder of a key signed a model as it is now; the caller verified the files.

    Args:
        folder: Its folder.
        public_key: PEM file of an Ed25519 key.

    Raises:
        ArtifactError: The holder did not.
        UsageError: The key cannot be used.
    """
    key = _read_key(public_key, "public")
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify((folder / SIGNATURE).read_bytes(), _message(folder))
    except FileNotFoundError as error:
        raise ArtifactError(
            f"Model {folder.name} is not signed; sign it with: scorehouse models sign {folder.name}"
        ) from error
    except InvalidSignature as error:
        raise damaged(folder, f"{SIGNATURE} was not made with the key of {public_key}") from error


def _message(folder: Path) -> bytes:
    return CONTEXT + (folder / MANIFEST).read_bytes()


def _read_key(path: Path, kind: str) -> Any:
    """An Ed25519 key, ``private`` or ``public``."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UsageError(
            "Signatures need cryptography; install it with: pip install 'scorehouse[sign]'"
        ) from error
    key: object
    try:
        if kind == "private":
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        else:
            key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, TypeError, ValueError) as error:  # TypeError: it has a password
        raise _bad_key(path, kind, type(error).__name__) from error
    if not isinstance(key, (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey)):
        raise _bad_key(path, kind, type(key).__name__)
    return key


def _bad_key(path: Path, kind: str, found: str) -> UsageError:
    return UsageError(
        f"{path}: expected a {kind} Ed25519 key as a PEM file without a password, found {found}. "
        "Make one with: openssl genpkey -algorithm ed25519 -out key.pem; "
        "openssl pkey -in key.pem -pubout -out key.pub"
    )
