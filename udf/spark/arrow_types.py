"""Converts the Arrow types of other engines to those of the feature contract, checking every value.

DuckDB passes a count array as a fixed-size list of bytes. Spark has neither unsigned types nor array lengths, so it
passes a list of 16-bit integers. Only this module converts one to the other; a value that does not fit is an error.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract


def as_contract_types(features: pa.StructArray, contract: FeatureContract) -> pa.StructArray:
    """Features as DuckDB would pass them.

    Args:
        features: N rows with at least the columns of the contract, in any order; wider integers and lists of any
            length are accepted.
        contract: Gives every column its type.

    Returns:
        N rows with exactly the columns of the contract, in its order: id int64, scalars uint8, count arrays fixed-size
        lists of uint8. A missing value stays missing; `features_from_arrow` reports it.

    Raises:
        InputDataError: A column is missing, a number is outside 0 to 255, or an array has the wrong length; the message
            names the column, and for a length the applicant.
    """
    fields = {field.name for field in features.type}
    missing = [name for name in contract.data_types if name not in fields]
    if missing:
        raise InputDataError(
            f"Missing feature column{'s' if len(missing) > 1 else ''}: {', '.join(missing)}. "
            "Rebuild them with: scorehouse run --target spark"
        )
    ids = features.field("id")
    columns = []
    for name, data_type in contract.data_types.items():
        array = features.field(name)
        if name == "id":
            columns.append(array.cast(pa.int64()))
        elif "[" in data_type:
            columns.append(_fixed_bytes(array, name, int(data_type.split("[")[1][:-1]), ids))
        else:
            columns.append(_bytes(array, name))
    return pa.StructArray.from_arrays(columns, names=list(contract.data_types))


def as_plain_lists(scores: pa.StructArray) -> pa.StructArray:
    """Scores with variable-length lists in place of fixed-size ones, which Spark does not read.

    Args:
        scores: Struct of shape (N,), as `Scorer.score_arrow` returns it.
    """
    columns, names = [], []
    for field in scores.type:
        array = scores.field(field.name)
        if pa.types.is_fixed_size_list(field.type):
            array = array.cast(pa.list_(field.type.value_type))
        columns.append(array)
        names.append(field.name)
    return pa.StructArray.from_arrays(columns, names=names)


def _bytes(array: pa.Array, name: str) -> pa.Array:
    try:
        return array.cast(pa.uint8())
    except pa.ArrowInvalid as error:
        raise InputDataError(
            f"Feature {name}: expected whole numbers from 0 to 255 ({error}). Rebuild the features "
            "with: scorehouse run --target spark"
        ) from error


def _fixed_bytes(array: pa.Array, name: str, width: int, ids: pa.Array) -> pa.Array:
    if array.null_count:  # a row without an array must keep its NULL
        return array
    lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != width)
    if len(wrong):
        raise InputDataError(
            f"Feature {name} of applicant {ids[int(wrong[0])]} has {lengths[wrong[0]]} elements, "
            f"expected {width}. Rebuild the features with: scorehouse run --target spark"
        )
    return pa.FixedSizeListArray.from_arrays(_bytes(array.flatten(), name), width)
