"""The feature contract: which columns the table ``applicant_features`` has and what they mean.

The data dictionary (a dbt seed) lists the raw columns; the rest of the table is defined here. The enforced dbt contract
is generated from this module (``make contract``), the UDF's argument type follows from it, and every artifact stores
the contract it was trained on.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models_ml.errors import InputDataError, MissingInputError

N_RECENT = 15
"""Latest products of an applicant that the autoencoder reads (dbt var ``n_recent_products``)."""

PADDING = 255
"""Position in ``recent_products`` where the applicant has no product."""

PRODUCT_COUNT = "n_products"
"""The scalar that counts an applicant's products."""


@dataclass(frozen=True)
class RawColumn:
    """A code column of a credit product.

    Attributes:
        name: Column name in the raw files.
        kind: ``binned``, ``flag`` or ``encoded``.
        n_codes: Positions 0 .. n_codes - 1 are codes; position n_codes counts every other code.
        absent_codes: Codes below n_codes that never occur in the published data; they count as "other".
        business_group: Group of columns that a reason code refers to.
        meaning: What is known about individual codes, and whether it was published or inferred.
        description: What the column measures.
    """

    name: str
    kind: str
    n_codes: int
    absent_codes: tuple[int, ...]
    business_group: str
    meaning: str
    description: str

    @property
    def n_positions(self) -> int:
        """Length of the count array: one count per code, and one for "other"."""
        return self.n_codes + 1


@dataclass(frozen=True)
class Scalar:
    """A readable number per applicant that the model also uses."""

    name: str
    data_type: str
    business_group: str
    description: str


SCALARS = (
    Scalar(
        PRODUCT_COUNT, "utinyint", "depth of history", "Credit products in the history, 1 to 255"
    ),
    Scalar(
        "n_open",
        "utinyint",
        "product mix",
        "Products that are still open: actual term undefined (fclose_flag = 1; inferred)",
    ),
    Scalar(
        "n_closed",
        "utinyint",
        "product mix",
        "Products that are closed: actual term known (fclose_flag = 0; inferred)",
    ),
    Scalar(
        "n_with_90_day_delay",
        "utinyint",
        "delinquency history",
        "Products with a delay of more than 90 days (is_zero_loans90 = 0)",
    ),
    *(
        Scalar(
            f"{prefix}problem_percent_{months}",
            "utinyint",
            "monthly payment record",
            f"Percent of the recorded months with a payment problem, newest {months} months of all "
            f"products{weights}; 0 when no month has a record (meaning of the codes inferred)",
        )
        for months in (6, 12, 24)
        for prefix, weights in (("", ""), ("weighted_", ", newer months weighing more"))
    ),
)


@dataclass(frozen=True)
class FeatureContract:
    """Columns of ``applicant_features`` that a model reads, in order.

    Example: a flag has two codes, a third position for any other code, and one entry more for padding.
        >>> flag = RawColumn("is_zero_util", "flag", 2, (), "use of limits", "inferred", "No use")
        >>> contract = FeatureContract((flag, flag), scalars=SCALARS[:1])
        >>> contract.tree_feature_names[:4]
        ('n_products', 'is_zero_util_0', 'is_zero_util_1', 'is_zero_util_other')
        >>> contract.code_offsets
        array([0, 4])
    """

    columns: tuple[RawColumn, ...]
    scalars: tuple[Scalar, ...] = SCALARS
    n_recent: int = N_RECENT

    @property
    def data_types(self) -> dict[str, str]:
        """DuckDB type of every column, in table order."""
        return {
            "id": "bigint",
            **{scalar.name: scalar.data_type for scalar in self.scalars},
            **{column.name: f"utinyint[{column.n_positions}]" for column in self.columns},
            "recent_products": f"utinyint[{self.n_recent * len(self.columns)}]",
        }

    @cached_property
    def tree_feature_names(self) -> tuple[str, ...]:
        """Names of the counts and scalars as the booster sees them, in order."""
        names = [scalar.name for scalar in self.scalars]
        for column in self.columns:
            names += [f"{column.name}_{code}" for code in range(column.n_codes)]
            names.append(f"{column.name}_other")
        return tuple(names)

    @cached_property
    def business_groups(self) -> tuple[str, ...]:
        """Groups of columns that reasons refer to, in the order of the data dictionary."""
        groups = [column.business_group for column in self.columns]
        groups += [scalar.business_group for scalar in self.scalars]
        return tuple(dict.fromkeys(groups))

    @cached_property
    def tree_feature_groups(self) -> np.ndarray:
        """Position in `business_groups` of each tree feature, int64 of shape (n_tree_features,)."""
        groups = [scalar.business_group for scalar in self.scalars]
        for column in self.columns:
            groups += [column.business_group] * column.n_positions
        return np.array([self.business_groups.index(group) for group in groups])

    @property
    def product_count_feature(self) -> int:
        """Position among the tree features of the number of products."""
        return self.tree_feature_names.index(PRODUCT_COUNT)

    @property
    def depth_group(self) -> int:
        """Position in `business_groups` of the group that the number of products belongs to."""
        return int(self.tree_feature_groups[self.product_count_feature])

    @cached_property
    def other_features(self) -> np.ndarray:
        """Position among the tree features of each column's "other", int64 of shape (n_columns,)."""
        return len(self.scalars) - 1 + np.cumsum([c.n_positions for c in self.columns])

    @cached_property
    def code_offsets(self) -> np.ndarray:
        """Where each column's codes start in the common vocabulary, int64 of shape (n_columns,).

        Every column has its positions plus one for padding.
        """
        sizes = [column.n_positions + 1 for column in self.columns]
        return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    @cached_property
    def vocabulary_size(self) -> int:
        """Number of entries of the common vocabulary."""
        return sum(column.n_positions + 1 for column in self.columns)

    @cached_property
    def sha256(self) -> str:
        """Hash of names, types and codes: contracts with equal hashes are the same to a model."""
        facts = {
            "data_types": self.data_types,
            "codes": {c.name: [c.n_codes, list(c.absent_codes)] for c in self.columns},
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=False).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The contract as JSON values, read back by `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FeatureContract:
        """Build the contract from the values of `to_json`."""
        return cls(
            columns=tuple(
                RawColumn(**{**column, "absent_codes": tuple(column["absent_codes"])})
                for column in values["columns"]
            ),
            scalars=tuple(Scalar(**scalar) for scalar in values["scalars"]),
            n_recent=values["n_recent"],
        )

    def differences(self, other: FeatureContract) -> list[str]:
        """Columns in which two contracts differ, with both types, for error messages."""
        mine, theirs = self.data_types, other.data_types
        names = list(dict.fromkeys([*mine, *theirs]))
        found = [
            f"{name}: {mine.get(name, 'missing')} / {theirs.get(name, 'missing')}"
            for name in names
            if mine.get(name) != theirs.get(name)
        ]
        if not found and list(mine) != list(theirs):
            found.append("the order of the columns")
        if not found and self.sha256 != other.sha256:
            known = {column.name: column.absent_codes for column in other.columns}
            found = [
                f"{column.name}: absent codes {column.absent_codes} / {known[column.name]}"
                for column in self.columns
                if column.absent_codes != known[column.name]
            ]
        return found


def read_contract(dictionary: Path) -> FeatureContract:
    """Read the data dictionary and build the feature contract.

    Args:
        dictionary: The seed ``data_dictionary.csv``.

    Raises:
        MissingInputError: The seed does not exist.
        InputDataError: A row of the seed is invalid.
    """
    if not dictionary.is_file():
        raise MissingInputError(
            f"The data dictionary {dictionary} is missing; restore it from version control."
        )
    columns = []
    with dictionary.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                absent = () if row["absent_codes"] == "-" else row["absent_codes"].split(" ")
                columns.append(
                    RawColumn(
                        name=row["column_name"],
                        kind=row["kind"],
                        n_codes=int(row["n_codes"]),
                        absent_codes=tuple(int(code) for code in absent),
                        business_group=row["business_group"],
                        meaning=row["meaning"],
                        description=row["description"],
                    )
                )
            except (KeyError, ValueError, TypeError) as error:
                raise InputDataError(
                    f"{dictionary.name}, line {number}: expected numbers in n_codes and "
                    f"absent_codes ('-' for none), found {row}; correct that line."
                ) from error
    return FeatureContract(columns=tuple(columns))


def record_columns(contract: FeatureContract) -> tuple[str, ...]:
    """Names of the columns of a raw product record, in order: its id, its position, its codes."""
    return ("id", "rn", *(column.name for column in contract.columns))
