"""Loading a model to score with: hashes, contract and golden rows are checked, in this order, before the first score.

Library versions may differ from those of the training, with a warning: scores come from our own kernels, and the golden
rows are scored at every load. A model whose golden PDs differ is refused.
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
    """As `load_model`, without the manifest."""
    return load_model(folder, contract)[0]


def load_model(
    folder: Path, contract: FeatureContract | None = None
) -> tuple[Scorer, Mapping[str, Any]]:
    """Load and check an artifact and make its scorer; its files are read once.

    Args:
        folder: Folder of the artifact.
        contract: Contract of the features that will be scored; the model's own when None.

    Returns:
        The scorer, and the manifest.

    Raises:
        ArtifactError: The artifact is damaged, was trained on another contract, or scores its golden rows differently
            than at training.
    """
    artifact = load_artifact(folder)
    try:
        scorer = make_scorer(artifact, artifact.contract if contract is None else contract)
        check_golden(artifact, scorer)
    except (InputDataError, *MALFORMED) as error:  # the fault is in the model, not in applicants
        raise damaged(folder, f"it cannot score its own golden rows ({error!r})") from error
    return scorer, artifact.facts


def other_libraries(manifest: Mapping[str, Any]) -> list[str]:
    """One sentence about each library whose installed version is not that of the training.

    A library that is not installed is not needed to score, and is left out.

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
        f"{name} {found[name]} is installed; the model was trained with {version}"
        for name, version in recorded.items()
        if found[name] != version
    ]
