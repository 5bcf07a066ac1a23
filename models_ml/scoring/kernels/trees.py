"""Machine code that evaluates a `Forest` for 512 rows at a time.

A set of rows is a bit mask. The rows that meet a condition "feature <= threshold" are collected once per block; each
tree then passes the set down from its root, ``rows & fulfilled`` to the left and ``rows & ~fulfilled`` to the right,
without a branch or look-up per row. The masks yield the leaf numbers of all rows bit by bit, and leaf values are added
tree by tree in double precision, as in LightGBM, so the sums are bit-identical.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models_ml.scoring.kernels.compile import kernel

WORDS = 8
"""Machine words of 64 rows in a block."""

BLOCK_ROWS = 64 * WORDS

MAX_LEAVES = 256
"""Most leaves that a tree may have: a leaf number is one byte."""

SPREAD_BITS = np.array(
    [sum(1 << (8 * i) for i in range(8) if byte >> i & 1) for byte in range(256)], dtype=np.uint64
)
"""For each byte, its eight bits spread over eight bytes, one in the lowest bit of each."""


class Conditions(NamedTuple):
    """The conditions "feature <= threshold" of all trees, on F features.

    Each of these features has one slot per condition, by ascending threshold, and a last slot for "meets none".

    Attributes:
        features: Features that some tree splits on, ascending, int32 of shape (F,).
        first_slots: First slot of each of them and the end, int32 of shape (F + 1,).
        count_slots: Slot of the first condition that each count meets, int32 of shape (F, 256).
    """

    features: np.ndarray
    first_slots: np.ndarray
    count_slots: np.ndarray


class Trees(NamedTuple):
    """All trees of a booster, one after the other.

    The nodes of a tree are numbered level by level, so that the children of its k-th inner node are its nodes 2k + 1
    and 2k + 2. Its leaves are numbered from left to right; bit b of the leaf number is set for rows that reach a node
    marked with b.

    Attributes:
        first_inner: First inner node of each tree and the end, int32 of shape (n_trees + 1,).
        inner_nodes: Number of each inner node within its tree, int32 of shape (n_inner,).
        inner_slots: Slot of its condition, int32 of shape (n_inner,).
        children: Left and right child of each inner node: k >= 0 is the tree's k-th inner node, -l - 1 its leaf l;
            int32 of shape (n_inner, 2).
        first_marks: First marked node of each tree and bit of the leaf number, and the end, int32.
        mark_nodes: Marked nodes, int32.
        leaf_values: Raw score of each leaf, float64 of shape (n_inner + n_trees,).
    """

    first_inner: np.ndarray
    inner_nodes: np.ndarray
    inner_slots: np.ndarray
    children: np.ndarray
    first_marks: np.ndarray
    mark_nodes: np.ndarray
    leaf_values: np.ndarray


@kernel
def score_rows(counts, conditions, trees, scores):  # type: ignore[no-untyped-def]
    """Raw scores of N rows.

    Args:
        counts: uint8 of shape (N, C).
        conditions: `Conditions` of the trees, F features.
        trees: `Trees` of the booster.
        scores: Result, float64 of shape (N,); overwritten.
    """
    slots = np.empty((64, len(conditions.features)), np.int32)
    fulfilled = np.empty((conditions.first_slots[-1], WORDS), np.uint64)
    sums = np.empty(BLOCK_ROWS)
    for block in range(0, len(counts), BLOCK_ROWS):
        end = min(block + BLOCK_ROWS, len(counts))
        fulfilled[:] = 0
        for start in range(block, end, 64):
            word = (start - block) >> 6
            stop = min(start + 64, end)
            find_slots(counts[start:stop], conditions, slots)
            for i in range(stop - start):
                bit = np.uint64(1) << np.uint64(i)
                for slot in slots[i]:
                    fulfilled[slot, word] |= bit
        complete(fulfilled, conditions.first_slots)
        add_leaf_values(fulfilled, trees, sums)
        scores[block:end] = sums[: end - block]


@kernel
def find_slots(counts, conditions, slots):  # type: ignore[no-untyped-def]
    """For each row and feature, the slot of the first condition that the row meets.

    Args:
        counts: uint8 of shape (N, C).
        conditions: `Conditions` of the trees, F features.
        slots: Result, int32 of shape (>= N, F).
    """
    features, count_slots = conditions.features, conditions.count_slots
    for i in range(len(counts)):
        for f in range(len(count_slots)):
            slots[i, f] = count_slots[f, counts[i, features[f]]]


@kernel
def complete(fulfilled, first_slots):  # type: ignore[no-untyped-def]
    """Turn the rows by the first condition they meet into all rows that meet each condition.

    Args:
        fulfilled: uint64 of shape (n_slots, WORDS); overwritten.
        first_slots: First slot of each feature and the end.
    """
    for f in range(len(first_slots) - 1):
        for slot in range(first_slots[f] + 1, first_slots[f + 1]):
            for w in range(WORDS):
                fulfilled[slot, w] |= fulfilled[slot - 1, w]


@kernel
def add_leaf_values(fulfilled, trees, sums):  # type: ignore[no-untyped-def]
    """Sum of the leaf values of each row of a block.

    Args:
        fulfilled: Rows that meet each condition, uint64 of shape (n_slots, WORDS).
        trees: `Trees` of the booster.
        sums: Result, float64 of shape (BLOCK_ROWS,); overwritten.
    """
    first_inner, first_marks = trees.first_inner, trees.first_marks
    n_trees = len(first_inner) - 1
    n_bits = (len(first_marks) - 1) // n_trees
    rows = np.empty((2 * MAX_LEAVES, WORDS), np.uint64)
    rows[0, :] = ~np.uint64(0)
    leaf_bits = np.empty((n_bits, WORDS), np.uint64)
    leaf_bytes = leaf_bits.view(np.uint8)
    eight_leaves = np.empty(BLOCK_ROWS // 8, np.uint64)
    leaf_of = eight_leaves.view(np.uint8)
    sums[:] = 0.0
    for tree in range(n_trees):
        start, end = first_inner[tree], first_inner[tree + 1]
        for k in range(end - start):
            node, slot = trees.inner_nodes[start + k], trees.inner_slots[start + k]
            for w in range(WORDS):
                here, yes = rows[node, w], fulfilled[slot, w]
                rows[2 * k + 1, w] = here & yes
                rows[2 * k + 2, w] = here & ~yes
        leaf_bits[:] = 0
        for b in range(n_bits):
            for mark in range(first_marks[tree * n_bits + b], first_marks[tree * n_bits + b + 1]):
                for w in range(WORDS):
                    leaf_bits[b, w] |= rows[trees.mark_nodes[mark], w]
        eight_leaves[:] = 0
        for b in range(n_bits):
            bits_of_eight = leaf_bytes[b]
            for i in range(BLOCK_ROWS // 8):
                eight_leaves[i] |= SPREAD_BITS[bits_of_eight[i]] << np.uint64(b)
        values = trees.leaf_values[start + tree : end + tree + 1]
        for i in range(BLOCK_ROWS):
            sums[i] += values[leaf_of[i]]
