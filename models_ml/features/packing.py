"""A feature row as bytes: what is hashed, archived, and scored again by a replay.

The record of a row consists of its tree features and latest products, one byte each, in the order of the contract. The
id is left out, so applicants with equal features share a record. The hash includes the contract, so equal bytes under
different contracts have different hashes.
"""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

from models_ml.errors import InputDataError
from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import FeatureContract

HASH_DIGITS = 32
"""Hexadecimal digits kept of the SHA-256: 128 bits."""


def feature_hashes(features: FeatureBatch, contract: FeatureContract) -> list[str]:
    """Hash of each of N rows, equal for equal features and contract, on every machine and release.

    Args:
        features: N rows.
        contract: The contract they follow.
    """
    start = hashlib.sha256(contract.sha256.encode())
    hashes = []
    for record in _records(features):
        digest = start.copy()
        digest.update(record)
        hashes.append(digest.hexdigest()[:HASH_DIGITS])
    return hashes


def pack(features: FeatureBatch) -> list[bytes]:
    """Each of N rows as a compressed record, read by `unpack`."""
    return [zlib.compress(record, 1) for record in _records(features)]


def unpack(packed: bytes, id_: int, contract: FeatureContract) -> FeatureBatch:
    """One row from its compressed record.

    Args:
        packed: A record made by `pack`.
        id_: Application number to give the row.
        contract: The contract it was packed under.

    Raises:
        InputDataError: The record is damaged, or was stored under another contract.
    """
    n_tree, n_columns = len(contract.tree_feature_names), len(contract.columns)
    expected = n_tree + contract.n_recent * n_columns
    try:
        values = np.frombuffer(zlib.decompress(packed), dtype=np.uint8)
    except zlib.error as error:
        raise InputDataError(
            f"The archived features of applicant {id_} are damaged: {error}."
        ) from error
    if len(values) != expected:
        raise InputDataError(
            f"The archived features of applicant {id_} have {len(values)} values, expected "
            f"{expected}: they were stored under another feature contract."
        )
    return FeatureBatch(
        ids=np.array([id_], dtype=np.int64),
        tree_features=values[None, :n_tree],
        recent=values[n_tree:].reshape(1, contract.n_recent, n_columns),
    )


def _records(features: FeatureBatch) -> np.ndarray:
    """Bytes of N rows, uint8 of shape (N, n_tree_features + n_recent * n_columns), contiguous by row."""
    flat = features.recent.reshape(len(features), -1)
    return np.ascontiguousarray(np.concatenate([features.tree_features, flat], axis=1))
