"""Reason codes: the business groups behind a score, largest contribution first."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from models_ml.errors import InputDataError, MissingInputError
from models_ml.features.contract import FeatureContract

N_REASONS = 4
"""Reasons given for each score."""


def read_reason_codes(seed: Path, contract: FeatureContract) -> tuple[str, ...]:
    """Read the code of each business group.

    Args:
        seed: ``reason_codes.csv``, with columns code and business_group among others.
        contract: Its business groups are the ones expected.

    Returns:
        Codes in the order of ``contract.business_groups``.

    Raises:
        MissingInputError: The seed does not exist.
        InputDataError: Codes and business groups do not match one to one.
    """
    if not seed.is_file():
        raise MissingInputError(f"The seed {seed} is missing; restore it from version control.")
    with seed.open(newline="", encoding="utf-8") as file:
        rows = [(row.get("business_group"), row.get("code")) for row in csv.DictReader(file)]
    codes = dict(rows)
    if codes.keys() != set(contract.business_groups) or len(set(codes.values())) != len(rows):
        raise InputDataError(
            f"{seed.name}: expected one distinct code for each of the business groups "
            f"{', '.join(contract.business_groups)}; found {rows}. Fix the seed."
        )
    return tuple(str(codes[group]) for group in contract.business_groups)


def top_reasons(contributions: np.ndarray) -> np.ndarray:
    """The groups that contribute most, largest first; ties keep the order of the groups.

    Every applicant gets the same number of reasons. For a very good applicant some of these contributions are negative:
    the groups that lower the risk least. An adverse-action notice should quote only positive ones.

    Args:
        contributions: float64 of shape (N, G), G >= N_REASONS.

    Returns:
        Group positions, int64 of shape (N, N_REASONS).

    Example:
        >>> top_reasons(np.array([[0.1, 0.5, -1.0, 0.5, 0.0]]))
        array([[1, 3, 0, 4]])
    """
    return np.argsort(-contributions, axis=1, kind="stable")[:, :N_REASONS]
