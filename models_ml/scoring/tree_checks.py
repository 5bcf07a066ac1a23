"""Checks trees in LightGBM's text before compiled code, which checks no index, follows them.

LightGBM's own loader aborts the process on most malformed texts, so it is never given a stored file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models_ml.errors import ArtifactError
from models_ml.scoring.kernels.trees import MAX_LEAVES

CATEGORICAL = 1
MISSING_TYPE = 0b1100
MISSING_IS_ZERO = 0b0100
"""Bits of ``decision_type`` in LightGBM's text."""


def check_trees(trees: Sequence[Mapping[str, str]], n_features: int) -> None:
    """Refuse trees that the kernels cannot follow from the root to every leaf.

    Args:
        trees: Fields of each tree in LightGBM's text.
        n_features: Number of features that the booster says it reads.

    Raises:
        ArtifactError: A tree is malformed, or splits in a way that the kernels do not compute.
    """
    if not trees:
        raise unusable("it has no trees")
    for number, tree in enumerate(trees):
        try:
            _refuse_unknown_decisions(tree)
            problem = _tree_problem(tree, n_features)
        except (KeyError, ValueError, OverflowError) as error:
            raise unusable(f"tree {number} cannot be read ({error!r})") from error
        if problem:
            raise unusable(f"tree {number} {problem}")


def _tree_problem(tree: Mapping[str, str], n_features: int) -> str | None:
    n_leaves = int(tree["num_leaves"])
    n_inner = n_leaves - 1
    if not 1 <= n_leaves <= MAX_LEAVES:
        return f"has {n_leaves} leaves, expected 1 to {MAX_LEAVES}"
    for name in ("split_feature", "threshold", "decision_type", "left_child", "right_child"):
        n_values = len(numbers(tree, name, np.float64))
        if n_values != n_inner:
            return f"has {n_values} values in {name}, expected {n_inner}, one per inner node"
    values = numbers(tree, "leaf_value", np.float64)
    if len(values) != n_leaves or not np.all(np.isfinite(values)):
        return f"does not have a finite value for each of its {n_leaves} leaves"
    features = numbers(tree, "split_feature", np.int32)
    if np.any((features < 0) | (features >= n_features)):
        return f"splits on a feature outside 0 to {n_features - 1}"
    if np.any(np.isnan(numbers(tree, "threshold", np.float64))):
        return "has a threshold that is not a number"
    left, right = numbers(tree, "left_child", np.int32), numbers(tree, "right_child", np.int32)
    # Every node but the root is a child exactly once. LightGBM numbers a child after its parent, so there is no cycle.
    children = np.concatenate([left, right])
    expected = [*range(-n_leaves, 0), *range(1, n_inner)] if n_inner else []
    if sorted(children.tolist()) != expected:
        return "does not reach every node below the root exactly once"
    parents = np.tile(np.arange(n_inner), 2)
    if np.any((children >= 0) & (children <= parents)):
        return "leads from a node back to one above it"
    return None


def _refuse_unknown_decisions(tree: Mapping[str, str]) -> None:
    kinds = numbers(tree, "decision_type", np.int32)
    if np.any(kinds & CATEGORICAL) or tree.get("num_cat", "0") != "0":
        raise unusable("a tree splits on categories")
    if np.any(kinds & MISSING_TYPE == MISSING_IS_ZERO):
        raise unusable("a tree treats zero as missing")
    if tree.get("is_linear", "0") != "0":
        raise unusable("a leaf contains a linear model")


def numbers(tree: Mapping[str, str], name: str, dtype: type) -> np.ndarray:
    """Numbers in one field of a tree; empty when the field is missing."""
    return np.array(tree.get(name, "").split(), dtype=dtype)


def unusable(what: str) -> ArtifactError:
    """The error for a booster that cannot be used, with the reason."""
    return ArtifactError(
        f"The booster cannot be used for scoring: {what}. Expected a binary LightGBM model with "
        "numerical splits; train one with: scorehouse train"
    )
