"""Checks that the parts of a model fit together, before compiled code reads them.

A hash shows that a file is the one that was written, not that it makes sense. The kernels check no index: a wrong
child, feature or shape would make them read outside their arrays or loop forever. So everything they rely on is checked
here and in `tree_checks`, once per load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

import numpy as np

from models_ml.errors import ArtifactError
from models_ml.features.contract import PADDING, FeatureContract
from models_ml.scoring.attribution import Reference
from models_ml.scoring.encoder import LOG_ODDS, TENSORS
from models_ml.scoring.scorecard import PointsScale


def check_contract(contract: FeatureContract) -> None:
    """Refuse a contract whose counts or positions do not fit into a byte.

    Raises:
        ArtifactError: They do not.
    """
    for column in contract.columns:
        if not 1 <= column.n_codes < PADDING:
            raise _unsound(
                f"column {column.name} has {column.n_codes} codes, expected 1 to {PADDING - 1}"
            )
    if not 1 <= contract.n_recent <= PADDING or not contract.columns:
        raise _unsound(
            f"the contract has {len(contract.columns)} columns and {contract.n_recent} latest "
            f"products, expected at least one column and 1 to {PADDING} products"
        )


def check_weights(weights: Mapping[str, np.ndarray], contract: FeatureContract) -> None:
    """Refuse encoder weights with a missing layer, shapes that do not match, or values that are not finite.

    Args:
        weights: By name.
        contract: Feature contract of the model.

    Raises:
        ArtifactError: The message names the layer.
    """
    names = ("codes.weight", *TENSORS.values())
    if missing := [name for name in names if name not in weights]:
        raise _unsound(f"the encoder lacks {missing[0]}")
    sizes = [weights[name].shape for name in ("product.weight", "latent.weight")]
    if any(len(size) != 2 or not all(size) for size in sizes):
        raise _unsound(
            f"product.weight and latent.weight have the shapes {sizes}, expected two sizes above 0"
        )
    (n_state, n_product), (n_latent, n_hidden) = sizes
    if n_latent <= LOG_ODDS:
        raise _unsound(f"the latent code has {n_latent} numbers, expected more than {LOG_ODDS}")
    expected = {
        "codes.weight": (contract.vocabulary_size, n_product),
        "product_bias": (n_product,),
        "straight.weight": (n_latent, n_product),
        "product.bias": (n_state,),
        "pool.place": (contract.n_recent, n_state),
        "pool.scale": (contract.n_recent + 1, n_state),
        "hidden.weight": (n_hidden, n_state),
        "depth.weight": (contract.n_recent + 1, n_hidden),
        "latent.bias": (n_latent,),
    }
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise _unsound(f"{name} has the shape {weights[name].shape}, expected {shape}")
    for name in names:
        values = weights[name]
        if not (np.issubdtype(values.dtype, np.floating) and np.isfinite(values).all()):
            raise _unsound(f"{name} contains a value that is not finite")


def check_shown(
    scale: PointsScale, reason_codes: tuple[str, ...], contract: FeatureContract
) -> None:
    """Refuse a points scale or reason codes that do not work for every applicant.

    Raises:
        ArtifactError: A number of the scale is not finite, or the reason codes are not one for each business group.
    """
    if not np.all(np.isfinite(astuple(scale))):
        raise _unsound(f"the points scale is {scale}, expected finite numbers")
    n_groups = len(contract.business_groups)
    if len(set(reason_codes)) != n_groups or not all(isinstance(c, str) for c in reason_codes):
        raise _unsound(
            f"the reason codes are {reason_codes}, expected one for each of {n_groups} business groups"
        )


def check_reference(reference: Reference, contract: FeatureContract) -> None:
    """Refuse a reference applicant whose features are not those of the contract.

    Raises:
        ArtifactError: They are not.
    """
    found = (reference.counts.shape, reference.recent.shape)
    n_counts, n_columns = len(contract.tree_feature_names), len(contract.columns)
    expected = ((n_counts,), (contract.n_recent, n_columns))
    if found != expected:
        raise _unsound(f"the reference applicant has the shapes {found}, expected {expected}")


def _unsound(what: str) -> ArtifactError:
    return ArtifactError(
        f"The model cannot be used for scoring: {what}; its files do not belong together. Train a "
        "new model with: scorehouse train"
    )
