"""The encoder: a trained autoencoder's weights laid out for the kernels, and latent codes without torch.

`ProductAutoencoder.encode` defines what is computed; `scoring.kernels.encoder` computes it row by row, in training and
scoring alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from models_ml.features.contract import PADDING, FeatureContract
from models_ml.scoring.kernels.encoder import EncoderArrays, Layers, encode_rows

LOG_ODDS = 0
"""Number of the latent code that is the log-odds of default of an applicant at the end of the train slice."""

LOG_ODDS_CHANGE = 1
"""Number that is the change of these log-odds from the oldest applicant of the train slice to the latest."""

TENSORS = {
    "sum_bias": "product_bias",
    "straight_weight": "straight.weight",
    "product_weight": "product.weight",
    "product_bias": "product.bias",
    "place": "pool.place",
    "scale": "pool.scale",
    "hidden_weight": "hidden.weight",
    "depth_weight": "depth.weight",
    "latent_weight": "latent.weight",
    "latent_bias": "latent.bias",
}
"""Name of each of `Layers` in the weights of a trained autoencoder."""

LINEAR = ("straight.weight", "product.weight", "hidden.weight", "latent.weight")
"""Those of linear layers, which the kernels read transposed."""

THREAD_ROWS = 4096
"""Applicants that one thread encodes at a time."""


class Encoder(EncoderArrays):
    """An encoder, laid out for the kernels."""

    @property
    def n_latent(self) -> int:
        """Length of the latent code."""
        return len(self.layers.latent_bias)

    def first_numbers(self, n: int) -> Encoder:
        """An encoder of only the first ``n`` numbers of the latent code: cheaper, and bit-identical in these."""
        layers = self.layers
        layers = layers._replace(
            straight_weight=np.ascontiguousarray(layers.straight_weight[:, :n]),
            latent_weight=np.ascontiguousarray(layers.latent_weight[:, :n]),
            latent_bias=layers.latent_bias[:n],
        )
        return self._replace(layers=layers)


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
        layers=Layers(
            **{
                field: np.ascontiguousarray(
                    weights[name].T if name in LINEAR else weights[name],
                    dtype=np.float64 if name == "hidden.weight" else np.float32,
                )
                for field, name in TENSORS.items()
            }
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
        encode_rows(recent[part], encoder, latent[part])

    if n_threads == 1:
        for part in parts:
            encode_part(part)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(encode_part, parts))
    return latent


def read_only(values: np.ndarray) -> np.ndarray:
    """A read-only view, as arrays from Arrow are: numba compiles once per kind of array."""
    view = values.view()
    view.flags.writeable = False
    return view
