"""Machine code that evaluates a `Forest` for 512 rows at a time.

A set of rows is a bit mask. The rows that fulfil a condition "feature <= threshold" are collected once per block; then
a tree sends the set of rows down from its root: left goes ``rows & fulfilled``, right goes ``rows & ~fulfilled``, with
no branch and no look-up per row. The leaf numbers of all rows come out of the masks bit by bit, and leaf values are
added tree by tree in double precision, as LightGBM does, so the sums are equal to the last bit.
"""

from __future__ import annotations

import numpy as np

from models_ml.scoring.kernels.compile import kernel

WORDS = 8
"""Machine words of 64 rows in a block."""

BLOCK_ROWS = 64 * WORDS

MAX_LEAVES = 256
"""Leaves of a tree, at most: a leaf number is one byte."""

SPREAD_BITS = np.array(
    [sum(1 << (8 * i) for i in range(8) if byte >> i & 1) for byte in range(256)], dtype=np.uint64
)
"""The bits of a byte, each as the lowest bit of a byte of its own."""


@kernel
def score_rows(counts, conditions, trees, scores):  # type: ignore[no-untyped-def]
    """Raw scores of N rows.

    Args:
        counts: uint8 of shape (N, C).
        conditions: ``Forest.condition_arrays``, F features.
        trees: ``Forest.tree_arrays``.
        scores: Result, float64 of shape (N,); overwritten.
    """
    slots = np.empty((64, len(conditions[0])), np.int32)
    fulfilled = np.empty((conditions[1][-1], WORDS), np.uint64)
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
        complete(fulfilled, conditions[1])
        add_leaf_values(fulfilled, trees, sums)
        scores[block:end] = sums[: end - block]


@kernel
def find_slots(counts, conditions, slots):  # type: ignore[no-untyped-def]
    """For each row and feature, the first condition that the row fulfils; the last slot means none.

    Args:
        counts: uint8 of shape (N, C).
        conditions: ``Forest.condition_arrays``, F features.
        slots: Result, int32 of shape (>= N, F).
    """
    features, _, count_slots = conditions
    for i in range(len(counts)):
        for f in range(len(count_slots)):
            slots[i, f] = count_slots[f, counts[i, features[f]]]


@kernel
def complete(fulfilled, first_slots):  # type: ignore[no-untyped-def]
    """From the rows by the first condition they fulfil to the rows that fulfil each condition.

    Args:
        fulfilled: Uint64 of shape (n_slots, WORDS); overwritten.
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
        fulfilled: Rows that fulfil each condition, uint64 of shape (n_slots, WORDS).
        trees: ``Forest.tree_arrays``.
        sums: Result, float64 of shape (BLOCK_ROWS,); overwritten.
    """
    first_inner, inner_nodes, inner_slots, first_marks, mark_nodes, leaf_values = trees
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
            node, slot = inner_nodes[start + k], inner_slots[start + k]
            for w in range(WORDS):
                here, yes = rows[node, w], fulfilled[slot, w]
                rows[2 * k + 1, w] = here & yes
                rows[2 * k + 2, w] = here & ~yes
        leaf_bits[:] = 0
        for b in range(n_bits):
            for mark in range(first_marks[tree * n_bits + b], first_marks[tree * n_bits + b + 1]):
                for w in range(WORDS):
                    leaf_bits[b, w] |= rows[mark_nodes[mark], w]
        eight_leaves[:] = 0
        for b in range(n_bits):
            bits_of_eight = leaf_bytes[b]
            for i in range(BLOCK_ROWS // 8):
                eight_leaves[i] |= SPREAD_BITS[bits_of_eight[i]] << np.uint64(b)
        values = leaf_values[start + tree : end + tree + 1]
        for i in range(BLOCK_ROWS):
            sums[i] += values[leaf_of[i]]
