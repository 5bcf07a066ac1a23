"""Raw credit-product records that do not come from the raw parts: the same for the service and for files.

Types are checked here, the rules about values only by the staging SQL: a record that breaks one is
reported as quarantined.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.types import FailFast
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

from models_ml.features.contract import FeatureContract, record_columns

MISSING = -1
"""Stands for a missing value: no column may be negative, so the staging SQL reports it like a NULL."""


@dataclass(frozen=True)
class Records:
    """N raw product rows of any number of applicants, in any order.

    Attributes:
        values: One row per raw column, as in `record_columns`: int64 of shape (n_columns, N).
    """

    values: np.ndarray

    def __len__(self) -> int:
        return int(self.values.shape[1])

    @cached_property
    def applicants(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids in the order of their first record, int64 of shape (A,), and each record's position among them.

        A record with a negative id belongs to no applicant: its position is `MISSING`.
        """
        ids, first, inverse = np.unique(self.values[0], return_index=True, return_inverse=True)
        order = np.argsort(first)
        order = order[ids[order] >= 0]
        position = np.full(len(ids), MISSING)
        position[order] = np.arange(len(order))
        return ids[order], position[inverse]

    def of_applicants(self, start: int, stop: int) -> tuple[Records, np.ndarray]:
        """Records of the applicants from position ``start`` to before ``stop``, and their positions here.

        Records that belong to no applicant come with the first ones, so that they are reported too.
        """
        _, position = self.applicants
        chosen = np.flatnonzero((position >= (start or MISSING)) & (position < stop))
        return Records(np.ascontiguousarray(self.values[:, chosen])), chosen


def json_records(contract: FeatureContract, at_least: int = 1) -> TypeAdapter[Any]:
    """Parses and describes records in JSON: ``{"records": [{"id": 1, "rn": 1, ...}]}``.

    Every column is required, as a whole number (no text, fraction or boolean). Parsing stops at the first bad
    record and names it.

    Args:
        contract: Names and describes the columns.
        at_least: Fewest records.
    """
    # The ranges are only described here; the staging SQL enforces them.
    ranges = {"id": "0 or more", "rn": "1 to 255"}
    descriptions = {column.name: column.description for column in contract.columns} | {
        "id": "Application number",
        "rn": "Position of the product in the history, 1 = opened first",
    }
    whole_number = {
        name: Annotated[
            int,
            Field(
                strict=True,
                ge=-(2**63),
                le=2**63 - 1,
                description=f"{descriptions[name]}; {ranges.get(name, '0 to 255')}.",
            ),
        ]
        for name in record_columns(contract)
    }
    typed_dict: Any = (
        TypedDict  # built from the contract at run time, so a type checker cannot know it
    )
    record: Any = typed_dict("ProductRecord", whole_number)
    records: Any = Annotated[
        list[record],
        FailFast(),
        Field(
            min_length=at_least,
            description="Credit products of one or many applicants, in any order.",
        ),
    ]
    return TypeAdapter(typed_dict("PredictRequest", {"records": records}))


def parse_records(
    text: bytes, reader: TypeAdapter[Any], contract: FeatureContract
) -> list[dict[str, int]]:
    """Read records with a reader made by `json_records`; no name may occur twice.

    Raises:
        ValidationError: A record cannot be used; the first one is named.
    """
    rows: list[dict[str, int]] = reader.validate_json(text)["records"]
    names = record_columns(contract)
    # One colon for each column and one for the list: then no name can occur twice.
    if text.count(b":") == len(names) * len(rows) + 1:
        return rows
    # Numbers stay text: those of other fields may be of any length.
    request = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)
    _refuse_repeated(request, ("records",), ())
    for position, record in enumerate(dict(request)["records"]):
        _refuse_repeated(record, names, ("records", position))
    return rows


def _refuse_repeated(
    pairs: Sequence[tuple[str, Any]], names: Sequence[str], place: tuple[str | int, ...]
) -> None:
    """Refuse an object with a needed name twice; case is ignored, as DuckDB and Spark do."""
    counts = Counter(name.lower() for name, _ in pairs)
    for name in names:
        if counts[name] > 1:
            problem = PydanticCustomError("repeated_name", "this name occurs more than once")
            details = InitErrorDetails(type=problem, loc=(*place, name), input=None)
            raise ValidationError.from_exception_data("records", [details])


def to_records(rows: Sequence[dict[str, int]], contract: FeatureContract) -> Records:
    """Records from rows read by `json_records`."""
    pick = itemgetter(*record_columns(contract))
    values = np.array([pick(row) for row in rows], dtype=np.int64)
    return Records(np.ascontiguousarray(values.reshape(-1, len(record_columns(contract))).T))
