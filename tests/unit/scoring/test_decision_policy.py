"""The decision policy: numbers recorded with a score, and those of old scores, which have only its sentence."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.scoring.decision_policy import DecisionPolicy, policy_of_sentence, recorded_policy

POLICY = DecisionPolicy(0.05, 0.1, 0.45, 12500)
shares = st.floats(0, 1)


@given(shares, shares, shares, st.one_of(st.integers(0, 10**15), st.floats(0, 1e15)))
def test_the_sentence_gives_every_number_exactly(
    approve: float, decline: float, loss: float, exposure: float
) -> None:
    """Jinja writes numbers of Python as Python does."""
    sentence = f"approve below {approve}, decline from {decline}; LGD {loss}, EAD {exposure}"
    assert policy_of_sentence(sentence) == DecisionPolicy(approve, decline, loss, exposure)


@pytest.mark.parametrize(
    "sentence",
    ["", "cutoffs of 2026", "approve below 5 %, decline from 0.1; LGD 0.45, EAD 1"],
)
def test_another_sentence_gives_no_policy(sentence: str) -> None:
    assert policy_of_sentence(sentence) is None


def test_recorded_numbers_decide_and_the_sentence_only_where_there_are_none() -> None:
    other = {"decision_policy": "approve below 0.9, decline from 0.9; LGD 1, EAD 1"}
    assert recorded_policy({**asdict(POLICY), **other}) == POLICY
    assert recorded_policy({**asdict(POLICY), "decision_policy": "reworded"}) == POLICY
    assert recorded_policy(other) == DecisionPolicy(0.9, 0.9, 1, 1)
    assert recorded_policy({**asdict(POLICY), "loss_given_default": None, **other}) != POLICY


def test_cutoffs_belong_to_the_stricter_side() -> None:
    assert [POLICY.decision(pd) for pd in (0.049, 0.05, 0.099, 0.1)] == [
        "approve",
        "refer",
        "refer",
        "decline",
    ]
    assert POLICY.expected_loss(0.05) == 0.05 * 0.45 * 12500
