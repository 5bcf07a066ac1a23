"""The decision policy: the numbers that turn a PD into a decision and an expected loss, recorded with every score."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

SENTENCE = re.compile(r"approve below (\S+), decline from (\S+); LGD (\S+), EAD (\S+)")
"""How the column ``decision_policy`` words the numbers: all that the oldest scores recorded of them."""


@dataclass(frozen=True)
class DecisionPolicy:
    """Cutoffs on the PD and inputs of the expected loss, named like their columns and dbt vars.

    Attributes:
        approve_below_pd: Approve below this PD.
        decline_from_pd: Decline from this PD; refer in between.
        loss_given_default: Share of the exposure lost at a default.
        exposure_at_default: Exposure in a unit of money.
    """

    approve_below_pd: float
    decline_from_pd: float
    loss_given_default: float
    exposure_at_default: float

    def decision(self, pd: float) -> str:
        """Approve, refer or decline, as the macro ``decision`` computes it."""
        if pd < self.approve_below_pd:
            return "approve"
        return "refer" if pd < self.decline_from_pd else "decline"

    def expected_loss(self, pd: float) -> float:
        """Expected loss in the unit of the exposure, multiplied in the order of the macro ``expected_loss``."""
        return pd * self.loss_given_default * self.exposure_at_default


def recorded_policy(score: Mapping[str, Any]) -> DecisionPolicy | None:
    """The policy behind a row of ``applicant_scores_history``.

    Args:
        score: Value by column. Where a number is missing, as in a history of an older release, all come from the text.

    Returns:
        None where the text is not worded as a policy either.
    """
    numbers = [score.get(field.name) for field in fields(DecisionPolicy)]
    if None in numbers:
        return policy_of_sentence(score["decision_policy"])
    return DecisionPolicy(*(float(number) for number in numbers if number is not None))


def policy_of_sentence(sentence: str) -> DecisionPolicy | None:
    """The numbers in a ``decision_policy``, exactly: it writes each with all its digits. None for any other text."""
    match = SENTENCE.fullmatch(sentence)
    try:
        return DecisionPolicy(*(float(number) for number in match.groups())) if match else None
    except ValueError:
        return None


def policy_types() -> dict[str, str]:
    """DuckDB type of each number, by column."""
    return {field.name: "double" for field in fields(DecisionPolicy)}


def numbers_of_sentence(sentence: str | None) -> dict[str, float] | None:
    """The same as a struct of SQL, by column."""
    policy = None if sentence is None else policy_of_sentence(sentence)
    return None if policy is None else asdict(policy)
