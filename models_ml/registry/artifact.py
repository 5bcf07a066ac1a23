"""The model artifact: a folder of safetensors, LightGBM text and JSON, each file hashed; no pickle anywhere.

Every hash is checked before a file is parsed (`manifest`). The version is made from the hashes, so equal trainings give
equal versions, and files of two trainings cannot be mixed unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from models_ml.errors import UsageError
from models_ml.features.contract import FeatureContract
from models_ml.registry.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    as_json,
    damaged,
    manifest_sha256_of,
    replace_in_artifact,
    verify_artifact,
    version_of,
)
from models_ml.runtime.files import flush_all, put_in_place
from models_ml.scoring.attribution import Reference
from models_ml.scoring.blend import Blend
from models_ml.scoring.calibration import Calibration, calibration_from_json, calibration_to_json
from models_ml.scoring.scorecard import PointsScale, RiskBands

MALFORMED = (
    *(AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError),
    *(SafetensorError, UsageError),
)
"""What parsers raise on content that has the right hash but makes no sense."""


@dataclass(frozen=True)
class Artifact:
    """A trained model with everything that scoring needs.

    Attributes:
        contract: Feature contract it was trained on.
        weights: Weights of the autoencoder by name.
        encoder_settings: Its shape.
        booster: LightGBM on counts and scalars, as LightGBM's text.
        calibration: From raw score to PD.
        blend: Weights of encoder and booster in the raw score.
        scale: From PD to points.
        bands: From points to risk bands.
        reference: The applicant that contributions are measured against.
        reason_codes: Code of each business group, in the order of the contract.
        golden: Features of a few applicants and the PDs they must get.
        drift: Distributions of the training data, frozen for the monitors.
        facts: What else the manifest says: seed, metrics, library versions, data fingerprint, ...
        version: Name made from the content; empty until saved.
    """

    contract: FeatureContract
    weights: Mapping[str, np.ndarray]
    encoder_settings: Mapping[str, int]
    booster: str
    calibration: Calibration
    scale: PointsScale
    bands: RiskBands
    reference: Reference
    reason_codes: tuple[str, ...]
    blend: Blend = field(default_factory=Blend)
    golden: Mapping[str, Any] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


def save_artifact(artifact: Artifact, artifacts: Path) -> Path:
    """Write an artifact; its folder appears whole or not at all.

    Args:
        artifact: The model.
        artifacts: Folder of all artifacts.

    Returns:
        The new folder, or the existing one when an equal model was saved before.
    """
    contents = {
        "contract.json": as_json(artifact.contract.to_json()),
        "encoder.json": as_json(artifact.encoder_settings),
        "encoder.safetensors": save_tensors(dict(artifact.weights)),
        "booster.txt": artifact.booster.encode(),
        "scoring.json": as_json(
            {
                "calibration": calibration_to_json(artifact.calibration),
                "blend": asdict(artifact.blend),
                "points": asdict(artifact.scale),
                "bands": asdict(artifact.bands),
                "reason_codes": list(artifact.reason_codes),
                "reference": {
                    "counts": artifact.reference.counts.tolist(),
                    "recent": artifact.reference.recent.tolist(),
                },
            }
        ),
    }
    contents["golden.json"] = as_json(artifact.golden)
    contents["drift.json"] = as_json(artifact.drift)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = {
        **artifact.facts,  # those of a loaded artifact include the entries below, which may have changed
        "format_version": FORMAT_VERSION,
        "version": version_of(hashes),
        "contract_sha256": artifact.contract.sha256,
        "files": hashes,
    }
    manifest["manifest_sha256"] = manifest_sha256_of(manifest)
    contents[MANIFEST] = as_json(manifest)

    artifacts.mkdir(parents=True, exist_ok=True)
    folder = artifacts / manifest["version"]
    if folder.is_dir():
        return folder
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=artifacts))
    try:
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
        flush_all(temporary)
        put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def add_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Add figures that were measured after training to the manifest; the version stays the same.

    Args:
        folder: The artifact.
        metrics: What to set below ``metrics``.

    Raises:
        ArtifactError: The artifact is damaged.
    """
    manifest = dict(verify_artifact(folder)[0])
    manifest["metrics"] = {**manifest.get("metrics", {}), **metrics}
    manifest["manifest_sha256"] = manifest_sha256_of(manifest)
    replace_in_artifact(folder / MANIFEST, as_json(manifest))


def load_artifact(folder: Path) -> Artifact:
    """Verify every hash, then load.

    Raises:
        ArtifactError: A file is missing, damaged, or of another training; the message names it.
    """
    manifest, contents = verify_artifact(folder)
    try:
        return _parsed(manifest, contents)
    except MALFORMED as error:
        raise damaged(folder, f"its content is malformed ({error!r})") from error


def _parsed(manifest: Mapping[str, Any], contents: Mapping[str, bytes]) -> Artifact:
    scoring = json.loads(contents["scoring.json"])
    contract = FeatureContract.from_json(json.loads(contents["contract.json"]))
    return Artifact(
        contract=contract,
        weights=load_tensors(contents["encoder.safetensors"]),
        encoder_settings=json.loads(contents["encoder.json"]),
        booster=contents["booster.txt"].decode(),
        calibration=calibration_from_json(scoring["calibration"]),
        blend=Blend(**scoring["blend"]),
        scale=PointsScale(**scoring["points"]),
        bands=RiskBands(tuple(scoring["bands"]["cut_points"])),
        reference=Reference(
            *(np.array(scoring["reference"][name], dtype=np.uint8) for name in ("counts", "recent"))
        ),
        reason_codes=tuple(scoring["reason_codes"]),
        golden=json.loads(contents["golden.json"]),
        drift=json.loads(contents["drift.json"]),
        facts=manifest,
        version=manifest["version"],
    )
