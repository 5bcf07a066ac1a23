"""Machine code for exact Shapley values of trees over business groups, against one reference applicant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models_ml.scoring.kernels.compile import kernel
from models_ml.scoring.kernels.trees import (
    BLOCK_ROWS,
    MAX_LEAVES,
    SPREAD_BITS,
    WORDS,
    complete,
    find_slots,
)

PATTERN_BITS = 8
"""Most inner nodes of a small tree: the conditions that an applicant meets then fit into a byte."""


class Game(NamedTuple):
    """What the Shapley values need besides the trees; the players are G business groups.

    Attributes:
        groups: Group of the feature that each inner node splits on, int64 of shape (n_inner,).
        reference_sides: Child that the reference goes to from each inner node, int64 of shape (n_inner,).
        weights: Share of a leaf's value for each of ``a`` groups that must be the applicant's and ``r`` the
            reference's, float64 of shape (2, G + 1, G + 1): for the applicant's groups, then the reference's.
    """

    groups: np.ndarray
    reference_sides: np.ndarray
    weights: np.ndarray


@kernel
def share_trees(counts, conditions, trees, game, answers, shares):  # type: ignore[no-untyped-def]
    """Shapley values of the trees, group by group.

    Args:
        counts: uint8 of shape (N, C).
        conditions: `Conditions` of the trees, F features.
        trees: `Trees` of the booster.
        game: `Game` on them.
        answers: Result of `answer_patterns`.
        shares: Result, float64 of shape (N, G); overwritten.
    """
    first_inner, inner_slots = trees.first_inner, trees.inner_slots
    slots = np.empty((1, len(conditions.features)), np.int32)
    fulfilled = np.empty((conditions.first_slots[-1], WORDS), np.uint64)
    eight_patterns = np.empty(BLOCK_ROWS // 8, np.uint64)
    patterns = eight_patterns.view(np.uint8)
    fulfilled_bytes = fulfilled.view(np.uint8)
    sides = np.empty(MAX_LEAVES, np.int64)
    waiting = np.empty((MAX_LEAVES, 3), np.int64)
    for block in range(0, len(counts), BLOCK_ROWS):
        n_rows = min(BLOCK_ROWS, len(counts) - block)
        fulfilled[:] = 0
        for i in range(n_rows):
            find_slots(counts[block + i : block + i + 1], conditions, slots)
            bit = np.uint64(1) << np.uint64(i & 63)
            for slot in slots[0]:
                fulfilled[slot, i >> 6] |= bit
        complete(fulfilled, conditions.first_slots)
        shares[block : block + n_rows] = 0.0
        for tree in range(len(first_inner) - 1):
            start, n_inner = first_inner[tree], first_inner[tree + 1] - first_inner[tree]
            if n_inner <= PATTERN_BITS:
                eight_patterns[:] = 0
                for k in range(n_inner):
                    bits_of_eight = fulfilled_bytes[inner_slots[start + k]]
                    for i in range((n_rows + 7) >> 3):
                        eight_patterns[i] |= SPREAD_BITS[bits_of_eight[i]] << np.uint64(k)
                answer = answers[tree]
                for i in range(n_rows):
                    for g in range(shares.shape[1]):
                        shares[block + i, g] += answer[patterns[i], g]
            else:
                for i in range(n_rows):
                    for k in range(n_inner):
                        word = fulfilled[inner_slots[start + k], i >> 6]
                        sides[k] = np.int64(~word >> np.uint64(i & 63) & np.uint64(1))
                    walk_tree(tree, sides, trees, game, waiting, shares[block + i])


@kernel
def answer_patterns(trees, game, answers):  # type: ignore[no-untyped-def]
    """Shapley values of the small trees for each pattern of conditions met.

    Args:
        trees: `Trees` of the booster.
        game: `Game` on them.
        answers: Result, by tree and by the conditions that an applicant meets, as bits; float64 of shape
            (n_trees, at most 2 ** PATTERN_BITS, G); must be zero on entry.
    """
    first_inner = trees.first_inner
    sides = np.empty(PATTERN_BITS, np.int64)
    waiting = np.empty((PATTERN_BITS + 1, 3), np.int64)
    for tree in range(len(first_inner) - 1):
        n_inner = first_inner[tree + 1] - first_inner[tree]
        if n_inner <= PATTERN_BITS:
            for pattern in range(1 << n_inner):
                for k in range(n_inner):
                    sides[k] = ~pattern >> k & 1
                walk_tree(tree, sides, trees, game, waiting, answers[tree, pattern])


@kernel
def walk_tree(tree, sides, trees, game, waiting, shares):  # type: ignore[no-untyped-def]
    """Shapley values of one tree.

    Applicant and reference go down the tree together. Where they differ, both branches are followed: one takes the
    group from the applicant, the other from the reference. A leaf that takes ``a`` groups from the applicant and ``r``
    from the reference has its Shapley values in closed form (Lundberg et al. 2020).

    Args:
        tree: Number of the tree.
        sides: Child that the applicant goes to from each inner node, int64 of shape (>= its inner nodes,).
        trees: `Trees` of the booster.
        game: `Game` on them.
        waiting: Stack of branches still to follow, int64 of shape (>= its leaves, 3).
        shares: float64 of shape (G,); added to.
    """
    children, weights = trees.children, game.weights
    start = trees.first_inner[tree]
    if trees.first_inner[tree + 1] == start:
        return
    waiting[0] = 0
    n_waiting = 1
    while n_waiting:
        n_waiting -= 1
        k, own, other = waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2]
        while k >= 0:
            side = game.reference_sides[start + k]
            if sides[k] != side:
                group = np.int64(1) << game.groups[start + k]
                if own & group:
                    side = sides[k]
                elif not other & group:
                    waiting[n_waiting, 0] = children[start + k, sides[k]]
                    waiting[n_waiting, 1] = own | group
                    waiting[n_waiting, 2] = other
                    n_waiting += 1
                    other |= group
            k = np.int64(children[start + k, side])
        n_own, n_other = 0, 0
        for g in range(len(shares)):
            n_own += own >> g & 1
            n_other += other >> g & 1
        value = trees.leaf_values[start + tree - k - 1]
        for g in range(len(shares)):
            if own >> g & 1:
                shares[g] += value * weights[0, n_own, n_other]
            if other >> g & 1:
                shares[g] += value * weights[1, n_own, n_other]
