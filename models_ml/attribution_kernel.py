"""Machine code that scores hybrids: applicants some of whose business groups are those of a reference applicant."""

from __future__ import annotations

import numpy as np

from models_ml.contract import LOG_ODDS, PADDING
from models_ml.encoder_kernel import find_latent, join_groups, sum_codes, sum_product_codes
from models_ml.forest_kernel import (
    BLOCK_ROWS,
    WORDS,
    add_leaf_values,
    find_count_slots,
    find_latent_slots,
)
from models_ml.kernels import kernel

LANES = 16
"""Hybrids of one applicant, which stand side by side in a block of the forest."""


@kernel
def score_hybrids(  # type: ignore[no-untyped-def]
    counts,
    recent,
    encoder,
    conditions,
    trees,
    feature_groups,
    depth,
    reference,
    own_groups,
    scores,
    log_odds,
):
    """Raw scores of LANES hybrids of each of N applicants.

    Args:
        counts: uint8 of shape (N, C).
        recent: uint8 of shape (N, n_recent, n_columns).
        encoder: ``Encoder.arrays``, G business groups.
        conditions: ``Forest.condition_arrays``.
        trees: ``Forest.tree_arrays``.
        feature_groups: Business group of each count feature that some tree asks for.
        depth: The group that says how many products there are.
        reference: The reference applicant's counts, uint8 of shape (1, C), and products, uint8 of shape
            (n_recent, n_columns).
        own_groups: 1 where a hybrid's group is the applicant's own, 0 where it is the reference's, int64 of shape
            (LANES, G).
        scores: Result, sums of the trees, float64 of shape (N, LANES); overwritten.
        log_odds: Result, log-odds of the encoder, float32 of shape (N, LANES); overwritten.
    """
    n_recent, n_groups, n_product = recent.shape[1], len(encoder[2]) - 1, encoder[3].shape[1]
    n_features, n_count_features = len(conditions[0]), len(feature_groups)
    own_lanes = np.zeros(n_groups, np.uint64)
    for lane in range(LANES):
        for g in range(n_groups):
            own_lanes[g] |= np.uint64(own_groups[lane, g]) << np.uint64(lane)
    all_lanes = (np.uint64(1) << np.uint64(LANES)) - np.uint64(1)

    parts = np.empty((2, n_recent, n_groups, n_product), np.float32)
    n_reference = sum_codes_or_hide(reference[1], encoder, parts[0])
    reference_slots = np.empty((1, n_features), np.int32)
    find_count_slots(reference[0], conditions, reference_slots)

    products = np.empty((LANES * n_recent, n_product), np.float32)
    n_products = np.empty(LANES, np.int64)
    latent = np.empty((LANES, len(encoder[4][-1])), np.float32)
    own_slots = np.empty((1, n_features), np.int32)
    slots = np.empty((LANES, n_features), np.int32)
    fulfilled = np.empty((conditions[1][-1], WORDS), np.uint64)
    sums = np.empty(BLOCK_ROWS)
    block_rows = BLOCK_ROWS // LANES
    for block in range(0, len(counts), block_rows):
        end = min(block + block_rows, len(counts))
        fulfilled[:] = 0
        for row in range(block, end):
            n_own = sum_codes_or_hide(recent[row], encoder, parts[1])
            filled = 0
            for lane in range(LANES):
                n = n_own if own_groups[lane, depth] else n_reference
                join_groups(parts, own_groups[lane], products[filled : filled + n])
                n_products[lane] = n
                filled += n
            find_latent(products, n_products, encoder[4], latent)
            for lane in range(LANES):
                log_odds[row, lane] = latent[lane, LOG_ODDS]
            find_latent_slots(latent, counts.shape[1], conditions, slots)
            find_count_slots(counts[row : row + 1], conditions, own_slots)
            position = (row - block) * LANES
            word, shift = position >> 6, np.uint64(position & 63)
            for f in range(n_count_features):
                own = own_lanes[feature_groups[f]]
                fulfilled[own_slots[0, f], word] |= own << shift
                fulfilled[reference_slots[0, f], word] |= (all_lanes & ~own) << shift
            for lane in range(LANES):
                bit = np.uint64(1) << (shift + np.uint64(lane))
                for f in range(n_count_features, n_features):
                    fulfilled[slots[lane, f], word] |= bit
        add_leaf_values(fulfilled, conditions[1], trees, sums)
        for row in range(block, end):
            for lane in range(LANES):
                scores[row, lane] = sums[(row - block) * LANES + lane]


@kernel
def sum_codes_or_hide(recent, encoder, parts):  # type: ignore[no-untyped-def]
    """Like `sum_codes`; in the places without a product the codes are hidden, as in the encoder's training."""
    n_products = sum_codes(recent, encoder, parts)
    hidden = np.full(recent.shape[1], PADDING, np.uint8)
    for p in range(n_products, len(recent)):
        sum_product_codes(hidden, encoder, parts[p])
    return n_products
