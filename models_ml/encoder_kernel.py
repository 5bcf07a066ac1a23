"""The encoder's forward pass as machine code: latent codes without torch, each row for itself.

`ProductAutoencoder.encode` says what is computed; here is how it is computed for training and scoring alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from models_ml.arithmetic import ZERO, dense, relu
from models_ml.contract import PADDING, FeatureContract
from models_ml.kernels import kernel

BLOCK_ROWS = 32
"""Applicants encoded together, so that weights are read once for all of them."""

LAYERS = (
    "product_bias",
    "straight.weight",
    "product.weight",
    "product.bias",
    "pool.place",
    "pool.scale",
    "hidden.weight",
    "depth.weight",
    "latent.weight",
    "latent.bias",
)
"""Tensors that `find_latent` reads, in this order; weights of linear layers are transposed."""

LATENT_LAYERS = ("straight.weight", "latent.weight", "latent.bias")
"""Those whose last axis is the latent code."""

LINEAR = ("straight.weight", "product.weight", "hidden.weight", "latent.weight")

THREAD_ROWS = 4096
"""Applicants that one thread encodes at a time."""


@dataclass(frozen=True)
class Encoder:
    """Weights of an encoder, laid out for the kernels; G business groups.

    Attributes:
        positions: Row of ``codes`` for each column and code, uint32 of shape (n_columns, 256).
        grouped_columns: Columns sorted by business group, int32 of shape (n_columns,).
        first_columns: Where each group starts in them and the end, int32 of shape (G + 1,).
        codes: Vector of each code, float32 of shape (vocabulary_size, n_product).
        layers: Further weights, in the order in which `find_latent` reads them, each as precise as it is read.
    """

    positions: np.ndarray
    grouped_columns: np.ndarray
    first_columns: np.ndarray
    codes: np.ndarray
    layers: tuple[np.ndarray, ...]

    @property
    def n_latent(self) -> int:
        """Length of the latent code."""
        return len(self.layers[-1])

    def first_numbers(self, n: int) -> Encoder:
        """An encoder of the first ``n`` numbers of the latent code alone, equal to the last bit and cheaper."""
        layers = {
            name: np.ascontiguousarray(layer[..., :n]) if name in LATENT_LAYERS else layer
            for name, layer in self.named_layers.items()
        }
        return replace(self, layers=tuple(layers.values()))

    @property
    def named_layers(self) -> dict[str, np.ndarray]:
        """``layers`` by name."""
        return dict(zip(LAYERS, self.layers, strict=True))

    @property
    def arrays(self) -> tuple[object, ...]:
        """What the kernels need."""
        return self.positions, self.grouped_columns, self.first_columns, self.codes, self.layers


def make_encoder(weights: Mapping[str, np.ndarray], contract: FeatureContract) -> Encoder:
    """Lay out the weights of a trained autoencoder.

    Args:
        weights: Its ``state_dict`` as numpy arrays.
        contract: The feature contract.
    """
    groups = contract.business_groups
    group_of = np.array([groups.index(column.business_group) for column in contract.columns])
    positions = np.empty((len(contract.columns), 256), dtype=np.uint32)
    for column, offset, row in zip(contract.columns, contract.code_offsets, positions, strict=True):
        row[:] = offset + np.minimum(np.arange(256), column.n_codes)
        row[PADDING] = offset + column.n_positions
    return Encoder(
        positions=positions,
        grouped_columns=np.argsort(group_of, kind="stable").astype(np.int32),
        first_columns=np.searchsorted(np.sort(group_of), range(len(groups) + 1)).astype(np.int32),
        codes=np.ascontiguousarray(weights["codes.weight"], dtype=np.float32),
        layers=tuple(
            np.ascontiguousarray(
                weights[name].T if name in LINEAR else weights[name],
                dtype=np.float64 if name == "hidden.weight" else np.float32,
            )
            for name in LAYERS
        ),
    )


def encode(encoder: Encoder, recent: np.ndarray, n_threads: int = 1) -> np.ndarray:
    """Latent code of N applicants; row i depends on row i alone.

    Args:
        encoder: The encoder.
        recent: Code positions of the latest products, newest first, uint8 of shape (N, n_recent, n_columns).
        n_threads: Threads that share the rows.

    Returns:
        float32 of shape (N, n_latent), within 1e-6 of torch in double precision.
    """
    recent = read_only(recent)
    latent = np.empty((len(recent), encoder.n_latent), dtype=np.float32)
    parts = [slice(i, i + THREAD_ROWS) for i in range(0, len(recent), THREAD_ROWS)]

    def encode_part(part: slice) -> None:
        encode_rows(recent[part], encoder.arrays, latent[part])

    if n_threads == 1:
        for part in parts:
            encode_part(part)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(encode_part, parts))
    return latent


def read_only(values: np.ndarray) -> np.ndarray:
    """A read-only view: arrays from Arrow are, and one kind of array means one compilation."""
    view = values.view()
    view.flags.writeable = False
    return view


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
