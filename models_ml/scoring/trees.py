"""The trees of a LightGBM booster as compact arrays, read from LightGBM's own text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models_ml.scoring.kernels.trees import Conditions, Trees, score_rows
from models_ml.scoring.tree_checks import check_trees, numbers, unusable

MAX_DIGITS = 6
"""Most digits that the number of features may have."""


@dataclass(frozen=True)
class Forest:
    """Trees of one booster whose features are uint8 counts.

    Attributes:
        n_features: Number of all features, C.
        conditions: Conditions of all splits.
        trees: The trees.
    """

    n_features: int
    conditions: Conditions
    trees: Trees

    def raw_scores(self, counts: np.ndarray) -> np.ndarray:
        """Sum of leaf values of N rows; row i depends on row i alone.

        Args:
            counts: uint8 of shape (N, C).

        Returns:
            Log-odds before calibration, float64 of shape (N,), equal to ``Booster.predict(..., raw_score=True)``.
        """
        scores = np.empty(len(counts))
        score_rows(counts, self.conditions, self.trees, scores)
        return scores


def read_forest(text: str) -> Forest:
    """Read the trees of a booster with one raw score.

    Args:
        text: Output of ``Booster.model_to_string``; its hash was verified.

    Raises:
        ArtifactError: The booster is malformed, or uses something that the kernels do not compute.
    """
    header, *sections = text.partition("\nend of trees")[0].split("\nTree=")
    head = _fields(header)
    if head.get("num_tree_per_iteration") != "1" or "average_output" in header.splitlines():
        raise unusable("its trees do not add up to one raw score")
    if head.get("objective", "").split(" ")[0] != "binary":
        raise unusable(f"its objective is {head.get('objective')!r}")
    highest = head.get("max_feature_idx", "")
    if not highest.isdecimal() or len(highest) > MAX_DIGITS:
        raise unusable(f"its number of features cannot be read from {highest!r}")
    n_features = int(highest) + 1
    trees = [_fields(section) for section in sections]
    check_trees(trees, n_features)

    split_features = np.concatenate([numbers(tree, "split_feature", np.int32) for tree in trees])
    thresholds = np.concatenate([numbers(tree, "threshold", np.float64) for tree in trees])
    limits = np.clip(np.floor(thresholds), -1, 255)  # the largest count that fulfils it
    features, first_slots, slot_limits, split_slots = _slots(split_features, limits)
    count_slots = [
        start + np.searchsorted(slot_limits[start : end - 1], np.arange(256), side="left")
        for start, end in pairwise(first_slots)
    ]

    shapes = [_tree_shape(tree) for tree in trees]
    n_bits = max(len(shape.marks) for shape in shapes)
    marks = [m for shape in shapes for m in shape.marks + [[]] * (n_bits - len(shape.marks))]
    first_inner = _offsets([len(shape.inner) for shape in shapes])
    inner = [
        k + start for shape, start in zip(shapes, first_inner, strict=False) for k in shape.inner
    ]
    leaf_values = [
        numbers(tree, "leaf_value", np.float64)[shape.leaves]
        for tree, shape in zip(trees, shapes, strict=True)
    ]
    conditions = Conditions(
        features=features.astype(np.int32),
        first_slots=first_slots.astype(np.int32),
        count_slots=np.array(count_slots, dtype=np.int32).reshape(-1, 256),
    )
    laid_out = Trees(
        first_inner=first_inner,
        inner_nodes=np.array([node for shape in shapes for node in shape.inner_nodes], np.int32),
        inner_slots=split_slots[np.array(inner, dtype=np.int64)].astype(np.int32),
        children=np.array([pair for shape in shapes for pair in shape.children], np.int32).reshape(
            -1, 2
        ),
        first_marks=_offsets([len(nodes) for nodes in marks]),
        mark_nodes=np.array([node for nodes in marks for node in nodes], np.int32),
        leaf_values=np.concatenate(leaf_values),
    )
    return Forest(n_features, conditions, laid_out)


def _slots(
    split_features: np.ndarray, limits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct conditions as slots.

    Returns:
        Features asked for, first slot of each and the end, limit of each slot (infinite in the last slot of a
        feature), and the slot of every split.
    """
    fields = [("feature", split_features.dtype), ("limit", limits.dtype)]
    conditions = np.rec.fromarrays([split_features, limits], dtype=fields)
    distinct, condition_of = np.unique(conditions, return_inverse=True)
    features, first = np.unique(distinct["feature"], return_index=True)
    first_slots = np.append(first, len(distinct)) + np.arange(len(features) + 1)
    slots = np.arange(len(distinct)) + np.searchsorted(features, distinct["feature"])
    slot_limits = np.full(first_slots[-1], np.inf)
    slot_limits[slots] = distinct["limit"]
    return features, first_slots, slot_limits, slots[condition_of]


@dataclass(frozen=True)
class _TreeShape:
    """How one tree is laid out; see `Trees`.

    Attributes:
        inner: LightGBM's number of each inner node, level by level.
        inner_nodes: Their numbers among all nodes.
        children: Their children; see `Trees`.
        leaves: LightGBM's number of each leaf, from left to right.
        marks: Nodes marked with each bit of the leaf number.
    """

    inner: list[int]
    inner_nodes: list[int]
    children: list[tuple[int, int]]
    leaves: list[int]
    marks: list[list[int]]


def _tree_shape(tree: dict[str, str]) -> _TreeShape:
    """Lay a tree out; LightGBM writes leaf i as child -i - 1.

    A node is marked with a bit when all leaves below it have that bit in their number and its parent is not marked.
    """
    left, right = (
        numbers(tree, "left_child", int).tolist(),
        numbers(tree, "right_child", int).tolist(),
    )
    nodes = [0] if left else [-1]
    for node in nodes:
        if node >= 0:
            nodes += [left[node], right[node]]
    leaves, stack = [], [nodes[0]]
    while stack:
        node = stack.pop()
        if node >= 0:
            stack += [right[node], left[node]]
        else:
            leaves.append(-node - 1)
    number_of = {leaf: number for number, leaf in enumerate(leaves)}
    inner_nodes = [i for i, node in enumerate(nodes) if node >= 0]
    common_bits = [0 if node >= 0 else number_of[-node - 1] for node in nodes]
    for k in reversed(range(len(inner_nodes))):
        common_bits[inner_nodes[k]] = common_bits[2 * k + 1] & common_bits[2 * k + 2]
    marked = list(common_bits)
    for k, node in enumerate(inner_nodes):
        for child in (2 * k + 1, 2 * k + 2):
            marked[child] = common_bits[child] & ~common_bits[node]
    index_of = {node: k for k, node in enumerate(inner_nodes)}

    def child_at(place: int) -> int:
        node = nodes[place]
        return index_of[place] if node >= 0 else -number_of[-node - 1] - 1

    return _TreeShape(
        inner=[node for node in nodes if node >= 0],
        inner_nodes=inner_nodes,
        children=[(child_at(2 * k + 1), child_at(2 * k + 2)) for k in range(len(inner_nodes))],
        leaves=leaves,
        marks=[
            [i for i, bits in enumerate(marked) if bits >> b & 1]
            for b in range((len(leaves) - 1).bit_length())
        ],
    )


def _offsets(sizes: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


def _fields(section: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in section.splitlines() if "=" in line)
