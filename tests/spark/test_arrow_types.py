"""What Spark hands over becomes exactly what DuckDB hands over, or is an error."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from support.small_model import SmallModel, to_arrow

from models_ml.errors import InputDataError
from udf.spark.arrow_types import as_contract_types, as_plain_lists


def as_spark_sends(features: pa.StructArray, **changes: pa.Array) -> pa.StructArray:
    """The same rows with 16-bit integers and plain lists, columns turned round, one more than needed."""
    columns = {"source_fingerprint": pa.array(["x"] * len(features))}
    for field in reversed(list(features.type)):
        array = features.field(field.name)
        if pa.types.is_fixed_size_list(field.type):
            array = array.cast(pa.list_(pa.int16()))
        elif field.name != "id":
            array = array.cast(pa.int16())
        columns[field.name] = array
    columns |= changes
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


@pytest.fixture(scope="module")
def features(small_model: SmallModel) -> pa.StructArray:
    return to_arrow(small_model.features, small_model.contract).slice(3, 40)


def test_the_round_trip_changes_nothing(small_model: SmallModel, features) -> None:
    assert as_contract_types(as_spark_sends(features), small_model.contract).equals(features)


def test_scores_are_bit_equal(small_model: SmallModel, features) -> None:
    expected = small_model.scorer.score_arrow(features)
    sent = as_contract_types(as_spark_sends(features), small_model.contract)
    scores = as_plain_lists(small_model.scorer.score_arrow(sent))
    assert scores.field("contributions").to_pylist() == expected.field("contributions").to_pylist()
    assert scores.field("pd").equals(expected.field("pd"))
    assert pa.types.is_list(scores.type.field("contributions").type)


@pytest.mark.parametrize("value", [-1, 256])
def test_a_number_that_is_no_byte_is_refused(small_model, features, value: int) -> None:
    wrong = pa.array(np.full(len(features), value, np.int16))
    with pytest.raises(InputDataError, match="n_open"):
        as_contract_types(as_spark_sends(features, n_open=wrong), small_model.contract)
    counts = pa.array([[value, 0, 0]] * len(features), pa.list_(pa.int16()))
    with pytest.raises(InputDataError, match="fclose_flag"):
        as_contract_types(as_spark_sends(features, fclose_flag=counts), small_model.contract)


def test_an_array_of_another_length_names_the_applicant(small_model, features) -> None:
    rows = [[1, 0, 0]] * (len(features) - 1) + [[1, 0]]
    wrong = as_spark_sends(features, fclose_flag=pa.array(rows, pa.list_(pa.int16())))
    last = features.field("id")[len(features) - 1]
    with pytest.raises(InputDataError, match=f"fclose_flag of applicant {last} has 2 elements"):
        as_contract_types(wrong, small_model.contract)


@pytest.mark.parametrize("missing", [None, [1, None, 0]])
def test_a_missing_value_names_applicant_and_column(small_model, features, missing) -> None:
    rows = [[1, 0, 0]] * (len(features) - 1) + [missing]
    sent = as_spark_sends(features, fclose_flag=pa.array(rows, pa.list_(pa.int16())))
    last = features.field("id")[len(features) - 1]
    with pytest.raises(InputDataError, match=f"fclose_flag of applicant {last} is missing"):
        small_model.scorer.score_arrow(as_contract_types(sent, small_model.contract))


def test_a_missing_column_is_named(small_model, features) -> None:
    sent = as_spark_sends(features)
    kept = [field.name for field in sent.type if field.name != "pre_util"]
    less = pa.StructArray.from_arrays([sent.field(name) for name in kept], names=kept)
    with pytest.raises(InputDataError, match="pre_util"):
        as_contract_types(less, small_model.contract)
