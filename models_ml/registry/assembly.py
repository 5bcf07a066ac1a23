"""From a verified artifact to its scorer: the parts are checked against each other and put together."""

from __future__ import annotations

from models_ml.errors import ArtifactError
from models_ml.features.contract import FeatureContract
from models_ml.registry.artifact import Artifact
from models_ml.scoring.attribution import Model
from models_ml.scoring.encoder import LOG_ODDS, make_encoder
from models_ml.scoring.model_checks import (
    check_contract,
    check_reference,
    check_shown,
    check_weights,
)
from models_ml.scoring.scorer import Scorer
from models_ml.scoring.trees import read_forest


def make_scorer(artifact: Artifact, contract: FeatureContract) -> Scorer:
    """Make the scorer of a verified artifact.

    Args:
        artifact: The model.
        contract: Contract of the features that will be scored.

    Raises:
        ArtifactError: The model was trained on another contract, or its parts do not fit together.
    """
    if artifact.contract.sha256 != contract.sha256:
        differences = "; ".join(artifact.contract.differences(contract))
        raise ArtifactError(
            f"Model {artifact.version} was trained on another feature contract. "
            f"Different columns (model / table): {differences}. "
            "Train a model for this table with: scorehouse train"
        )
    check_contract(artifact.contract)
    check_weights(artifact.weights, contract)
    check_reference(artifact.reference, contract)
    check_shown(artifact.scale, artifact.reason_codes, contract)
    forest = read_forest(artifact.booster)
    n_counts = len(contract.tree_feature_names)
    if forest.n_features != n_counts:
        raise ArtifactError(
            f"Model {artifact.version}: the booster reads {forest.n_features} features, expected {n_counts} counts; "
            "its files are of different trainings. Train a new model with: scorehouse train"
        )
    encoder = make_encoder(artifact.weights, contract).first_numbers(LOG_ODDS + 1)
    scorer = Scorer(
        version=artifact.version,
        contract=artifact.contract,
        model=Model(encoder, forest, artifact.blend, artifact.contract, artifact.reference),
        calibration=artifact.calibration,
        scale=artifact.scale,
        bands=artifact.bands,
        reason_codes=artifact.reason_codes,
    )
    scorer.warm_up()
    return scorer
