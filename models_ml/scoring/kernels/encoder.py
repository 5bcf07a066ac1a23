"""The encoder's forward pass as machine code, and which numbers of the latent code mean what."""

from __future__ import annotations

import numpy as np

from models_ml.features.contract import PADDING
from models_ml.scoring.kernels.compile import kernel
from models_ml.scoring.kernels.dense import ZERO, dense, relu

LOG_ODDS = 0
"""Number of the latent code that is the log-odds of default of an applicant at the end of the train slice."""

LOG_ODDS_CHANGE = 1
"""Number that is what these log-odds gain from the oldest applicant of the train slice to the latest."""


BLOCK_ROWS = 32
"""Applicants encoded together, so that weights are read once for all of them."""


@kernel
def encode_rows(recent, encoder, latent):  # type: ignore[no-untyped-def]
    """Latent codes of N rows into ``latent``; see `encode`."""
    n_recent, n_product = recent.shape[1], encoder[3].shape[1]
    products = np.empty((BLOCK_ROWS * n_recent, n_product), np.float32)
    n_products = np.empty(BLOCK_ROWS, np.int64)
    for block in range(0, len(recent), BLOCK_ROWS):
        n_rows = min(BLOCK_ROWS, len(recent) - block)
        filled = 0
        for r in range(n_rows):
            n = sum_codes(recent[block + r], encoder, products[filled:])
            n_products[r] = n
            filled += n
        find_latent(products, n_products[:n_rows], encoder[4], latent[block : block + n_rows])


@kernel
def sum_codes(recent, encoder, products):  # type: ignore[no-untyped-def]
    """Sum of the code vectors of each product of one applicant.

    Args:
        recent: uint8 of shape (n_recent, n_columns).
        encoder: ``Encoder.arrays``.
        products: Result, float32 of shape (>= number of products, n_product); overwritten.

    Returns:
        Number of products.
    """
    positions, vectors = encoder[0], encoder[3]
    n_columns = recent.shape[1]
    n_products = 0
    while n_products < len(recent) and recent[n_products, 0] != PADDING:
        codes, product = recent[n_products], products[n_products]
        product[:] = ZERO
        # Eight columns at a time: the sum stays in a register.
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
        layers: ``Encoder.layers``.
        latent: Result, float32 of shape (N, n_latent).
    """
    product_bias, straight_weight, product_weight, product_bias2, place, scale = layers[:6]
    hidden_weight, depth, latent_weight, latent_bias = layers[6:]
    n_rows, total = len(n_products), n_products.sum()
    n_product, n_state = product_weight.shape
    n_hidden, n_latent = latent_weight.shape
    for p in range(total):
        product = products[p]
        for j in range(n_product):
            product[j] += product_bias[j]
    # What adds up over many products grows large: in single precision its rounding would show in the latent code.
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
    dense(bags, n_rows, straight_weight, latent_bias, straight)
    relu(products, total)
    vectors = np.empty((total, n_state), np.float32)
    dense(products, total, product_weight, product_bias2, vectors)
    relu(vectors, total)
    pooled = np.empty((n_rows, n_state), np.float64)
    pool_products(vectors, n_products, place, scale, pooled)
    hidden = np.empty((n_rows, n_hidden), np.float64)
    dense(pooled, n_rows, hidden_weight, np.zeros(n_hidden, np.float32), hidden)
    for r in range(n_rows):
        bias = depth[n_products[r]]
        for j in range(n_hidden):
            hidden[r, j] += bias[j]
    relu(hidden, n_rows)
    found = np.empty((n_rows, n_latent), np.float64)
    dense(hidden, n_rows, latent_weight, np.zeros(n_latent, np.float32), found)
    for r in range(n_rows):
        for j in range(n_latent):
            latent[r, j] = np.float32(found[r, j] + straight[r, j])


@kernel
def pool_products(values, n_products, place, scale, pooled):  # type: ignore[no-untyped-def]
    """Add up the products of each applicant, weighted by place and number.

    Args:
        values: Products, applicant by applicant, newest first, float32 of shape (>= sum of n_products, width).
        n_products: Products of each of N applicants, int64 of shape (N,).
        place: Weight of each place, float32 of shape (n_recent, width).
        scale: Weight of each number of products, float32 of shape (n_recent + 1, width).
        pooled: Result, float64 of shape (N, width); overwritten.
    """
    p, width = 0, place.shape[1]
    for r in range(len(n_products)):
        row = pooled[r]
        row[:] = ZERO
        for k in range(n_products[r]):
            value, weight = values[p], place[k]
            for j in range(width):
                row[j] += value[j] * weight[j]
            p += 1
        weight = scale[n_products[r]]
        for j in range(width):
            row[j] *= weight[j]
