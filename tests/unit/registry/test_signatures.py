"""A signature says who vouches for a model, with keys that openssl makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.installation import Installation
from support.small_model import SmallModel

from models_ml.errors import ArtifactError, UsageError
from models_ml.registry.artifact import add_metrics, load_artifact
from models_ml.registry.manifest import SIGNATURE
from models_ml.registry.signatures import check_signature, sign_model


def make_keys(folder: Path, name: str, algorithm: str = "ed25519") -> tuple[Path, Path]:
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    for command in (
        ["openssl", "genpkey", "-algorithm", algorithm, "-out", str(private)],
        ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return private, public


@pytest.fixture
def folder(small_model: SmallModel, tmp_path: Path) -> Path:
    copy = tmp_path / small_model.artifact.version
    shutil.copytree(small_model.artifacts / small_model.artifact.version, copy)
    return copy


def test_only_the_right_key_and_the_same_model_verify(folder: Path, tmp_path: Path) -> None:
    private, public = make_keys(tmp_path, "risk")
    _, stranger = make_keys(tmp_path, "stranger")
    with pytest.raises(ArtifactError, match="not signed"):
        check_signature(folder, public)
    sign_model(folder, private)
    check_signature(folder, public)
    load_artifact(folder)  # a signed model is as usable as before
    with pytest.raises(ArtifactError, match="not made with the key"):
        check_signature(folder, stranger)

    add_metrics(folder, {"n_seen": 1})
    with pytest.raises(ArtifactError, match="not made with the key"):
        check_signature(folder, public)
    sign_model(folder, private)
    check_signature(folder, public)
    signature = bytearray((folder / SIGNATURE).read_bytes())
    for change in (signature[:-1], b"", bytes([signature[0] ^ 1]) + signature[1:]):
        (folder / SIGNATURE).write_bytes(change)
        with pytest.raises(ArtifactError, match="not made with the key"):
            check_signature(folder, public)


def test_a_damaged_model_is_not_signed(folder: Path, tmp_path: Path) -> None:
    private, _ = make_keys(tmp_path, "risk")
    (folder / "booster.txt").write_text("other")
    with pytest.raises(ArtifactError, match=r"booster\.txt"):
        sign_model(folder, private)
    assert not (folder / SIGNATURE).exists()


def test_keys_of_another_kind_are_refused(folder: Path, tmp_path: Path) -> None:
    private, public = make_keys(tmp_path, "other", "x25519")
    for key in (private, public, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="Ed25519"):
            sign_model(folder, key)
        with pytest.raises(UsageError, match="Ed25519"):
            check_signature(folder, key)


def test_the_commands_sign_and_verify(finished_run: Installation, tmp_path: Path) -> None:
    installation = Installation(finished_run.raw, tmp_path / "home")
    shutil.copytree(finished_run.settings.artifacts, installation.settings.artifacts)
    private, public = make_keys(tmp_path, "risk")
    verify = ("models", "verify", "--public-key", str(public))
    unsigned = installation.command(*verify, check=False)
    assert unsigned.returncode == 78
    assert "models sign" in unsigned.stderr
    installation.command("models", "sign", "--key", str(private))
    assert "signed by the holder" in installation.command(*verify).stdout
    assert "signed" not in installation.command("models", "verify").stdout
