"""Checks trees in LightGBM's text before compiled code, which takes every index for granted, follows them.

LightGBM's own loader aborts the process on most malformed texts, whatever their hash; it never sees a stored file.
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
        ArtifactError: A tree is none, or decides by something that is not computed.
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
        if len(numbers(tree, name, np.float64)) != n_inner:
            return f"has another number of {name} than of inner nodes ({n_inner})"
    values = numbers(tree, "leaf_value", np.float64)
    if len(values) != n_leaves or not np.all(np.isfinite(values)):
        return f"has no finite value for each of its {n_leaves} leaves"
    features = numbers(tree, "split_feature", np.int32)
    if np.any((features < 0) | (features >= n_features)):
        return f"asks for a feature that is not among the {n_features}"
    if np.any(np.isnan(numbers(tree, "threshold", np.float64))):
        return "compares with a threshold that is no number"
    left, right = numbers(tree, "left_child", np.int32), numbers(tree, "right_child", np.int32)
    # Every node but the root is somebody's child once. LightGBM numbers a child after its parent: no way is a circle.
    children = np.concatenate([left, right])
    expected = [*range(-n_leaves, 0), *range(1, n_inner)] if n_inner else []
    if sorted(children.tolist()) != expected:
        return "does not have every node below the root once"
    parents = np.tile(np.arange(n_inner), 2)
    if np.any((children >= 0) & (children <= parents)):
        return "leads back from a node to one above it"
    return None


def _refuse_unknown_decisions(tree: Mapping[str, str]) -> None:
    kinds = numbers(tree, "decision_type", np.int32)
    if np.any(kinds & CATEGORICAL) or tree.get("num_cat", "0") != "0":
        raise unusable("a tree splits on categories")
    if np.any(kinds & MISSING_TYPE == MISSING_IS_ZERO):
        raise unusable("a tree takes zero for a missing value")
    if tree.get("is_linear", "0") != "0":
        raise unusable("a leaf holds a linear model")


def numbers(tree: Mapping[str, str], name: str, dtype: type) -> np.ndarray:
    """Numbers in one field of a tree; none when it lacks the field."""
    return np.array(tree.get(name, "").split(), dtype=dtype)


def unusable(what: str) -> ArtifactError:
    """A booster that cannot be scored with, and why."""
    return ArtifactError(
        f"The booster cannot be used for scoring: {what}. Expected a binary LightGBM model with "
        "numerical splits; train one with: scorehouse train"
    )
