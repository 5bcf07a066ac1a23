"""Feature rows as matrices: the only conversion from Arrow to numpy, in training and scoring alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract


@dataclass(frozen=True)
class FeatureBatch:
    """Features of N applicants.

    Attributes:
        ids: Application numbers, int64 of shape (N,).
        tree_features: Scalars and count arrays side by side, uint8 of shape (N, n_tree_features), columns as in
            ``FeatureContract.tree_feature_names``.
        recent: Code positions of the latest products, newest first, uint8 of shape (N, n_recent, n_columns); 255
            where there is no product.
    """

    ids: np.ndarray
    tree_features: np.ndarray
    recent: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def features_from_arrow(
    batch: pa.StructArray | pa.RecordBatch, contract: FeatureContract
) -> FeatureBatch:
    """Turn rows of ``applicant_features`` into matrices, columns taken by name.

    Args:
        batch: N rows with the columns of the contract, in any order.
        contract: The contract the columns must follow.

    Raises:
        InputDataError: A value is missing; the message names the applicant and the column.
    """
    ids = _values(_column(batch, "id"), "id", None)
    blocks = [
        _values(_column(batch, scalar.name), scalar.name, ids)[:, None]
        for scalar in contract.scalars
    ]
    for column in contract.columns:
        matrix = _values(_column(batch, column.name), column.name, ids)
        blocks.append(matrix.reshape(len(ids), column.n_positions))
    recent = _values(_column(batch, "recent_products"), "recent_products", ids)
    return FeatureBatch(
        ids=ids,
        tree_features=np.concatenate(blocks, axis=1),
        recent=recent.reshape(len(ids), contract.n_recent, len(contract.columns)),
    )


def _column(batch: pa.StructArray | pa.RecordBatch, name: str) -> pa.Array:
    return batch.field(name) if isinstance(batch, pa.StructArray) else batch.column(name)


def _values(array: pa.Array, name: str, ids: np.ndarray | None) -> np.ndarray:
    """Values of a column, flattened; a missing value is an error, never silently zero."""
    flat = array.flatten() if isinstance(array, pa.FixedSizeListArray) else array
    for part in (array, flat):
        if part.null_count:
            first = int(part.is_null().to_numpy(zero_copy_only=False).argmax())
            row = first * len(array) // len(part)
            who = f"row {row} of the batch" if ids is None else f"applicant {ids[row]}"
            raise InputDataError(
                f"Feature {name} of {who} is missing (NULL); every feature must have a value. "
                "Rebuild the features with: scorehouse run"
            )
    values: np.ndarray = flat.to_numpy(zero_copy_only=False)
    return values
