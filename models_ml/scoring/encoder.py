"""The encoder: a trained autoencoder's weights laid out for the kernels, and latent codes without torch.

`ProductAutoencoder.encode` says what is computed; `scoring.kernels.encoder` computes it, each row for itself, for
training and scoring alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from models_ml.features.contract import PADDING, FeatureContract
from models_ml.scoring.kernels.encoder import LOG_ODDS as LOG_ODDS
from models_ml.scoring.kernels.encoder import LOG_ODDS_CHANGE as LOG_ODDS_CHANGE
from models_ml.scoring.kernels.encoder import encode_rows

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
