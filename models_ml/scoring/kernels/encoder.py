"""The encoder's forward pass as machine code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models_ml.features.contract import PADDING
from models_ml.scoring.kernels.compile import kernel
from models_ml.scoring.kernels.dense import ZERO, dense, relu

BLOCK_ROWS = 32
"""Applicants encoded together, so that each weight is read once per block."""


class Layers(NamedTuple):
    """Weights behind the vectors of the codes; linear layers have the shape (inputs, outputs).

    Attributes:
        sum_bias: Added to each product's sum of code vectors, float32 of shape (n_product,).
        straight_weight: From these sums straight to the latent code, float32 of shape (n_product, n_latent).
        product_weight: From the rectified sums to the state of a product, float32 of shape (n_product, n_state).
        product_bias: float32 of shape (n_state,).
        place: Weight of each place, newest first, float32 of shape (n_recent, n_state).
        scale: Weight of each number of products, float32 of shape (n_recent + 1, n_state).
        hidden_weight: From the pooled states to the hidden layer, float64 of shape (n_state, n_hidden).
        depth_weight: Bias of the hidden layer for each number of products, float32 of shape (n_recent + 1, n_hidden).
        latent_weight: From the hidden layer to the latent code, float32 of shape (n_hidden, n_latent).
        latent_bias: float32 of shape (n_latent,).
    """

    sum_bias: np.ndarray
    straight_weight: np.ndarray
    product_weight: np.ndarray
    product_bias: np.ndarray
    place: np.ndarray
    scale: np.ndarray
    hidden_weight: np.ndarray
    depth_weight: np.ndarray
    latent_weight: np.ndarray
    latent_bias: np.ndarray


class EncoderArrays(NamedTuple):
    """All that the kernels read of an encoder; G business groups.

    Attributes:
        positions: Row of ``codes`` for each column and code, uint32 of shape (n_columns, 256).
        grouped_columns: Columns sorted by business group, int32 of shape (n_columns,).
        first_columns: Where each group starts in them and the end, int32 of shape (G + 1,).
        codes: Vector of each code, float32 of shape (vocabulary_size, n_product).
        layers: Further weights.
    """

    positions: np.ndarray
    grouped_columns: np.ndarray
    first_columns: np.ndarray
    codes: np.ndarray
    layers: Layers


@kernel
def encode_rows(recent, encoder, latent):  # type: ignore[no-untyped-def]
    """Latent codes of N rows into ``latent``; see `encode`."""
    n_recent, n_product = recent.shape[1], encoder.codes.shape[1]
    products = np.empty((BLOCK_ROWS * n_recent, n_product), np.float32)
    n_products = np.empty(BLOCK_ROWS, np.int64)
    for block in range(0, len(recent), BLOCK_ROWS):
        n_rows = min(BLOCK_ROWS, len(recent) - block)
        filled = 0
        for r in range(n_rows):
            n = sum_codes(recent[block + r], encoder, products[filled:])
            n_products[r] = n
            filled += n
        find_latent(products, n_products[:n_rows], encoder.layers, latent[block : block + n_rows])


@kernel
def sum_codes(recent, encoder, products):  # type: ignore[no-untyped-def]
    """Sum of the code vectors of each product of one applicant.

    Args:
        recent: uint8 of shape (n_recent, n_columns).
        encoder: `EncoderArrays`.
        products: Result, float32 of shape (>= number of products, n_product); overwritten.

    Returns:
        Number of products.
    """
    positions, vectors = encoder.positions, encoder.codes
    n_columns = recent.shape[1]
    n_products = 0
    while n_products < len(recent) and recent[n_products, 0] != PADDING:
        codes, product = recent[n_products], products[n_products]
        product[:] = ZERO
        # Eight columns at a time keep the sum in a register.
        for i in range(0, n_columns - 7, 8):
            a, b = vectors[positions[i, codes[i]]], vectors[positions[i + 1, codes[i + 1]]]
            c, d = vectors[positions[i + 2, codes[i + 2]]], vectors[positions[i + 3, codes[i + 3]]]
            e, f = vectors[positions[i + 4, codes[i + 4]]], vectors[positions[i + 5, codes[i + 5]]]
            g, h = vectors[positions[i + 6, codes[i + 6]]], vectors[positions[i + 7, codes[i + 7]]]
            for j in range(len(product)):
                value = product[j] + a[j] + b[j] + c[j] + d[j]
                product[j] = value + e[j] + f[j] + g[j] + h[j]
        for i in range(n_columns & ~7, n_columns):
            a = vectors[positions[i, codes[i]]]
            for j in range(len(product)):
                product[j] += a[j]
        n_products += 1
    return n_products


@kernel
def find_latent(products, n_products, layers, latent):  # type: ignore[no-untyped-def]
    """From the code sums of products to latent codes.

    Args:
        products: Sums of code vectors, applicant by applicant, newest first, float32 of shape
            (>= sum of n_products, n_product); overwritten.
        n_products: Products of each of N applicants, int64 of shape (N,).
        layers: `Layers` of the encoder.
        latent: Result, float32 of shape (N, n_latent).
    """
    n_rows, total = len(n_products), n_products.sum()
    n_product, n_state = layers.product_weight.shape
    n_hidden, n_latent = layers.latent_weight.shape
    for p in range(total):
        product = products[p]
        for j in range(n_product):
            product[j] += layers.sum_bias[j]
    # Sums over many products grow large: rounded to single precision, the error would show in the latent code.
    bags = np.zeros((n_rows, n_product), np.float64)
    p = 0
    for r in range(n_rows):
        bag = bags[r]
        for _ in range(n_products[r]):
            for j in range(n_product):
                bag[j] += products[p, j]
            p += 1
        root = np.sqrt(np.float64(max(n_products[r], 1)))
        for j in range(n_product):
            bag[j] /= root
    straight = np.empty((n_rows, n_latent), np.float64)
    dense(bags, n_rows, layers.straight_weight, layers.latent_bias, straight)
    relu(products, total)
    vectors = np.empty((total, n_state), np.float32)
    dense(products, total, layers.product_weight, layers.product_bias, vectors)
    relu(vectors, total)
    pooled = np.empty((n_rows, n_state), np.float64)
    pool_products(vectors, n_products, layers, pooled)
    hidden = np.empty((n_rows, n_hidden), np.float64)
    dense(pooled, n_rows, layers.hidden_weight, np.zeros(n_hidden, np.float32), hidden)
    for r in range(n_rows):
        bias = layers.depth_weight[n_products[r]]
        for j in range(n_hidden):
            hidden[r, j] += bias[j]
    relu(hidden, n_rows)
    found = np.empty((n_rows, n_latent), np.float64)
    dense(hidden, n_rows, layers.latent_weight, np.zeros(n_latent, np.float32), found)
    for r in range(n_rows):
        for j in range(n_latent):
            latent[r, j] = np.float32(found[r, j] + straight[r, j])


@kernel
def pool_products(values, n_products, layers, pooled):  # type: ignore[no-untyped-def]
    """Add up the products of each applicant, weighted by place and by number of products.

    Args:
        values: States of products, applicant by applicant, newest first, float32 of shape
            (>= sum of n_products, n_state).
        n_products: Products of each of N applicants, int64 of shape (N,).
        layers: `Layers` of the encoder.
        pooled: Result, of shape (N, n_state); overwritten.
    """
    place, scale = layers.place, layers.scale
    p, n_state = 0, place.shape[1]
    for r in range(len(n_products)):
        row = pooled[r]
        row[:] = ZERO
        for k in range(n_products[r]):
            value, weight = values[p], place[k]
            for j in range(n_state):
                row[j] += value[j] * weight[j]
            p += 1
        weight = scale[n_products[r]]
        for j in range(n_state):
            row[j] *= weight[j]
