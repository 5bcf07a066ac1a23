"""Loading a model to score with: hashes, contract and golden rows are checked, in this order, before the first score.

Rule for other library versions than those of the training: scores come from our own kernels, so another version of a
library is named and allowed, and the golden rows, scored at every load, decide. A PD that differs is a refusal.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract
from models_ml.registry.artifact import MALFORMED, load_artifact
from models_ml.registry.assembly import make_scorer
from models_ml.registry.golden_rows import check_golden
from models_ml.registry.manifest import damaged
from models_ml.scoring.scorer import Scorer


def load_scorer(folder: Path, contract: FeatureContract | None = None) -> Scorer:
    """Load and check an artifact and make its scorer.

    Args:
        folder: Folder of the artifact.
        contract: Contract of the features that will be scored; the model's own when None.

    Raises:
        ArtifactError: The artifact is damaged, was trained on another contract, or scores its golden rows otherwise
            than at training.
    """
    artifact = load_artifact(folder)
    try:
        scorer = make_scorer(artifact, artifact.contract if contract is None else contract)
        check_golden(artifact, scorer)
    except (InputDataError, *MALFORMED) as error:  # its own applicants are not what is at fault
        raise damaged(folder, f"it cannot score its own golden rows ({error!r})") from error
    return scorer


def other_libraries(manifest: Mapping[str, Any]) -> list[str]:
    """Libraries whose installed version is not the one of the training, with both versions.

    One that is not installed is none that scores: those are dependencies of every installation.

    Args:
        manifest: Of the artifact.
    """
    recorded = dict(manifest.get("libraries", {}))
    found = {}
    for name in recorded:
        try:
            found[name] = (
                platform.python_version() if name == "python" else importlib.metadata.version(name)
            )
        except importlib.metadata.PackageNotFoundError:
            found[name] = recorded[name]
    return [
        f"{name} {found[name]} (trained with {version})"
        for name, version in recorded.items()
        if found[name] != version
    ]
