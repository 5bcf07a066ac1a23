"""Machine code that divides the encoder's log-odds among the business groups, by the rescale rule of DeepLIFT."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models_ml.features.contract import PADDING
from models_ml.scoring.kernels.compile import kernel
from models_ml.scoring.kernels.dense import ZERO, dense, relu, relu_slope
from models_ml.scoring.kernels.encoder import pool_products

HALF = np.float32(0.5)


class Backwards(NamedTuple):
    """Weights for the way back from the log-odds to the products.

    Attributes:
        product_weight: float32 of shape (n_state, n_product).
        hidden_weight: float64 of shape (n_hidden, n_state).
    """

    product_weight: np.ndarray
    hidden_weight: np.ndarray


@kernel
def share_log_odds(recent, encoder, log_odds, backwards, depth, reference, shares):  # type: ignore[no-untyped-def]
    """Divide the encoder's log-odds among the groups by the rescale rule.

    Args:
        recent: uint8 of shape (N, n_recent, n_columns).
        encoder: `EncoderArrays`, G business groups.
        log_odds: Number of the latent code that is the log-odds.
        backwards: `Backwards` of the encoder.
        depth: The group that the number of products belongs to.
        reference: The reference applicant's products, uint8 of shape (n_recent, n_columns).
        shares: Result, float32 of shape (N, G); overwritten.
    """
    layers = encoder.layers
    straight, latent = layers.straight_weight, layers.latent_weight
    n_recent, n_groups = recent.shape[1], len(encoder.first_columns) - 1
    n_product, n_state = layers.product_weight.shape
    n_hidden = len(latent)

    given = np.empty((2, n_recent, n_groups, n_product), np.float32)
    sums = np.empty((2, n_recent, n_product), np.float32)
    states = np.empty((2, n_recent, n_state), np.float32)
    n_reference = read_products(reference, n_recent, encoder, given[0], sums[0], states[0])
    reference_hidden = np.empty((n_recent + 1, n_hidden), np.float32)
    reference_result = np.empty(n_recent + 1, np.float32)
    for n in range(n_recent + 1):
        reference_result[n] = read_history(
            sums[0], states[0], n, layers, log_odds, reference_hidden[n]
        )

    own_hidden = np.empty(n_hidden, np.float32)
    result = np.empty(2, np.float32)
    slopes = np.empty((2, n_hidden), np.float32)
    to_pooled = np.empty((2, n_state), np.float32)
    to_states = np.empty((n_recent, n_state), np.float32)
    to_sums = np.empty((n_recent, n_product), np.float32)
    by_place = np.empty((n_groups, n_product), np.float32)
    zeros = np.zeros(max(n_state, n_product), np.float32)
    for row in range(len(recent)):
        n_own = read_products(recent[row], n_reference, encoder, given[1], sums[1], states[1])
        n_most = max(n_own, n_reference)
        # Half of the share as if both had the applicant's number of products, half as if both had the reference's.
        for side, n in enumerate((n_own, n_reference)):
            result[side] = read_history(sums[1], states[1], n, layers, log_odds, own_hidden)
            for j in range(n_hidden):
                slope = relu_slope(own_hidden[j], reference_hidden[n, j])
                slopes[side, j] = HALF * slope * latent[j, log_odds]
        dense(slopes, 2, backwards.hidden_weight, zeros[:n_state], to_pooled)
        for j in range(n_state):
            to_pooled[0, j] *= layers.scale[n_own, j]
            to_pooled[1, j] *= layers.scale[n_reference, j]
        to_states[:n_most] = ZERO
        for side, n in enumerate((n_own, n_reference)):
            for p in range(n):
                for j in range(n_state):
                    to_states[p, j] += layers.place[p, j] * to_pooled[side, j]
        for p in range(n_most):
            for j in range(n_state):
                to_states[p, j] *= relu_slope(states[1, p, j], states[0, p, j])
        dense(to_states, n_most, backwards.product_weight, zeros[:n_product], to_sums)
        by_place[:] = ZERO
        for p in range(n_most):
            straight_weight = ZERO
            for n in (n_own, n_reference):
                if p < n:
                    straight_weight += HALF / np.sqrt(np.float32(n))
            for j in range(n_product):
                slope = relu_slope(sums[1, p, j], sums[0, p, j])
                to_sums[p, j] = to_sums[p, j] * slope + straight_weight * straight[j, log_odds]
            for g in range(n_groups):
                for j in range(n_product):
                    by_place[g, j] += (given[1, p, g, j] - given[0, p, g, j]) * to_sums[p, j]
        for g in range(n_groups):
            shares[row, g] = ZERO
            for j in range(n_product):
                shares[row, g] += by_place[g, j]
        change = (result[0] - result[1]) + (reference_result[n_own] - reference_result[n_reference])
        shares[row, depth] += HALF * change


@kernel
def read_products(recent, n_least, encoder, given, sums, states):  # type: ignore[no-untyped-def]
    """Inputs of the rectifiers for each product of one applicant.

    In places without a product the codes are masked, as in the encoder's training.

    Args:
        recent: uint8 of shape (n_recent, n_columns).
        n_least: Minimum number of places to fill.
        encoder: `EncoderArrays`.
        given: Result, sum of the code vectors of each group, float32 of shape (n_recent, G, n_product).
        sums: Result, sum over the groups, float32 of shape (n_recent, n_product).
        states: Result, float32 of shape (n_recent, n_state).

    Returns:
        Number of products.
    """
    layers = encoder.layers
    bias = layers.sum_bias
    n_products = 0
    while n_products < len(recent) and recent[n_products, 0] != PADDING:
        sum_groups(recent[n_products], encoder, given[n_products])
        n_products += 1
    n_filled = max(n_products, n_least)
    masked = np.full(recent.shape[1], PADDING, np.uint8)
    for p in range(n_products, n_filled):
        sum_groups(masked, encoder, given[p])
    for p in range(n_filled):
        for j in range(len(bias)):
            sums[p, j] = bias[j]
        for g in range(given.shape[1]):
            for j in range(len(bias)):
                sums[p, j] += given[p, g, j]
    rectified = sums[:n_filled].copy()
    relu(rectified, n_filled)
    dense(rectified, n_filled, layers.product_weight, layers.product_bias, states)
    return n_products


@kernel
def read_history(sums, states, n, layers, log_odds, hidden):  # type: ignore[no-untyped-def]
    """The encoder's log-odds for the first ``n`` products of one applicant.

    Args:
        sums: Of `read_products`.
        states: Of `read_products`.
        n: Number of products.
        layers: `Layers` of the encoder.
        log_odds: Number of the latent code that is the log-odds.
        hidden: Result, hidden layer before its rectifier, float32 of shape (n_hidden,).

    Returns:
        Log-odds.
    """
    rectified = states[:n].copy()
    relu(rectified, n)
    pooled = np.empty((1, states.shape[1]), np.float32)
    counts = np.full(1, n, np.int64)
    pool_products(rectified, counts, layers, pooled)
    read = np.empty((1, len(hidden)), np.float32)
    dense(pooled, 1, layers.hidden_weight, layers.depth_weight[n], read)
    result = layers.latent_bias[log_odds]
    for j in range(len(hidden)):
        hidden[j] = read[0, j]
        result += max(hidden[j], ZERO) * layers.latent_weight[j, log_odds]
    if n:
        bag = np.zeros(sums.shape[1], np.float32)
        for p in range(n):
            for j in range(len(bag)):
                bag[j] += sums[p, j]
        straight_sum = ZERO
        for j in range(len(bag)):
            straight_sum += bag[j] * layers.straight_weight[j, log_odds]
        result += straight_sum / np.sqrt(np.float32(n))
    return result


@kernel
def sum_groups(codes, encoder, given):  # type: ignore[no-untyped-def]
    """Sum of the code vectors of one product, group by group.

    Args:
        codes: uint8 of shape (n_columns,).
        encoder: `EncoderArrays`.
        given: Result, float32 of shape (G, n_product); overwritten.
    """
    positions, vectors = encoder.positions, encoder.codes
    grouped_columns, first_columns = encoder.grouped_columns, encoder.first_columns
    for g in range(len(first_columns) - 1):
        part = given[g]
        part[:] = ZERO
        start, end = first_columns[g], first_columns[g + 1]
        for i in range(start, end - 3, 4):
            a, b = grouped_columns[i], grouped_columns[i + 1]
            c, d = grouped_columns[i + 2], grouped_columns[i + 3]
            u, v = vectors[positions[a, codes[a]]], vectors[positions[b, codes[b]]]
            w, x = vectors[positions[c, codes[c]]], vectors[positions[d, codes[d]]]
            for j in range(len(part)):
                part[j] = part[j] + u[j] + v[j] + w[j] + x[j]
        for i in range(end - ((end - start) & 3), end):
            a = grouped_columns[i]
            u = vectors[positions[a, codes[a]]]
            for j in range(len(part)):
                part[j] += u[j]
