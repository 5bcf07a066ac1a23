"""Golden rows: applicants kept in the artifact with the PD they must get, on every machine and release."""

from __future__ import annotations

from typing import Any

import numpy as np

from models_ml.errors import ArtifactError
from models_ml.features.batch import FeatureBatch
from models_ml.registry.artifact import Artifact
from models_ml.registry.assembly import make_scorer
from models_ml.scoring.scorer import Scorer

N_GOLDEN = 8
TOLERANCE = 1e-6
"""Largest accepted difference of a golden PD: processors may round the sums of the encoder differently."""


def golden_rows(artifact: Artifact, features: FeatureBatch) -> dict[str, Any]:
    """Features and PDs of applicants spread over the whole range of PDs.

    Args:
        artifact: The model.
        features: Applicants to choose from.
    """
    pd = make_scorer(artifact, artifact.contract).score(features).pd
    spread = np.linspace(0, len(pd) - 1, min(N_GOLDEN, len(pd))).round().astype(np.int64)
    chosen = np.lexsort((features.ids, pd))[spread]
    return {
        "tolerance": TOLERANCE,
        "tree_features": features.tree_features[chosen].tolist(),
        "recent": features.recent[chosen].tolist(),
        "pd": pd[chosen].tolist(),
    }


def check_golden(artifact: Artifact, scorer: Scorer) -> None:
    """Score the golden rows.

    Args:
        artifact: The model.
        scorer: Its scorer.

    Raises:
        ArtifactError: A PD is not a probability or differs from the one recorded at training.
    """
    golden = artifact.golden
    if not golden:
        raise ArtifactError(
            f"Model {artifact.version} has no golden rows, so it cannot be checked; train a new "
            "model with: scorehouse train"
        )
    expected = np.array(golden["pd"], dtype=np.float64)
    recent = (scorer.contract.n_recent, len(scorer.contract.columns))
    features = FeatureBatch(
        ids=np.arange(len(expected), dtype=np.int64),
        tree_features=np.array(golden["tree_features"], dtype=np.uint8),
        recent=np.array(golden["recent"], dtype=np.uint8),
    )
    found = (features.tree_features.shape, features.recent.shape)
    wanted = ((len(expected), len(scorer.contract.tree_feature_names)), (len(expected), *recent))
    if found != wanted or not len(expected):
        raise ArtifactError(
            f"Model {artifact.version} has golden rows of the shapes {found}, expected {wanted}; "
            "train a new model with: scorehouse train"
        )
    pd = scorer.score(features).pd
    if not (np.isfinite(pd) & (pd > 0) & (pd < 1)).all():
        raise ArtifactError(
            f"Model {artifact.version} gives {pd[~((pd > 0) & (pd < 1))][0]} where a probability "
            "was expected; it is not used. Train a new model with: scorehouse train"
        )
    worst = int(np.argmax(np.abs(pd - expected)))
    if not abs(pd[worst] - expected[worst]) <= TOLERANCE:  # true for NaN as well
        raise ArtifactError(
            f"Model {artifact.version}: golden row {worst} gets the PD {pd[worst]:.9f}, at training "
            f"it got {expected[worst]:.9f}. Install the library versions of its manifest or train "
            "a new model with: scorehouse train"
        )
