"""Contributions and reason codes."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_model import SEEDS, SmallModel, take

from models_ml.attribution import contributions, first_and_last
from models_ml.encoder_kernel import encode
from models_ml.errors import InputDataError
from models_ml.features import FeatureBatch
from models_ml.reasons import N_REASONS, read_reason_codes, top_reasons

N_GROUPS = 8


def hybrid_by_hand(model: SmallModel, row: int, own: np.ndarray) -> FeatureBatch:
    """One hybrid as a feature row, column by column, as the documentation of the attribution says."""
    contract, reference = model.contract, model.scorer.model.reference
    counts = np.where(
        own[contract.tree_feature_groups] == 1,
        model.features.tree_features[row],
        reference.counts,
    )
    sources = [reference.recent, model.features.recent[row]]
    depth = sources[own[contract.business_groups.index("depth of history")]]
    recent = np.stack(
        [
            sources[own[contract.business_groups.index(column.business_group)]][:, i]
            for i, column in enumerate(contract.columns)
        ],
        axis=1,
    )
    recent[depth[:, 0] == 255] = 255
    return FeatureBatch(np.zeros(1, np.int64), counts[None].astype(np.uint8), recent[None])


@given(row=st.integers(0, 2499), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_hybrids_have_each_group_from_one_applicant(
    small_model: SmallModel, row: int, seed: int
) -> None:
    own = np.random.default_rng(seed).integers(0, 2, (16, N_GROUPS))
    own[0], own[1] = 1, 0
    own[2:, small_model.contract.business_groups.index("delinquency history")] = own[2:, -1]
    model = small_model.scorer.model
    found = model.raw_scores(take(small_model.features, np.array([row])), own)[0]
    applicant = take(small_model.features, np.array([row]))
    assert found[0] == small_model.scorer.raw_scores(applicant)[0]
    for lane in range(16):
        hybrid = hybrid_by_hand(small_model, row, own[lane])
        if (hybrid.recent[0, :, 0] != 255).sum() == (hybrid.recent[0] != 255).any(axis=1).sum():
            latent = encode(model.encoder, hybrid.recent)
            trees = model.forest.raw_scores(hybrid.tree_features, latent)
            assert found[lane] == model.blend.raw_scores(trees, latent[:, 0])[0]


def test_contributions_add_up(small_model: SmallModel) -> None:
    scorer = small_model.scorer
    features = take(small_model.features, np.arange(300))
    scores = scorer.score(features)
    found = scorer.contributions(features, scores)
    difference = np.log(scores.pd / (1 - scores.pd)) - scorer.reference_log_odds
    np.testing.assert_allclose(found.sum(axis=1), difference, rtol=0, atol=1e-9)
    assert np.abs(found).max() > 0.01


def test_the_reference_has_no_contributions(small_model: SmallModel) -> None:
    reference = small_model.scorer.model.reference
    features = FeatureBatch(np.zeros(1, np.int64), reference.counts[None], reference.recent[None])
    scores = small_model.scorer.score(features)
    assert not small_model.scorer.contributions(features, scores).any()


def test_pairwise_games_are_solved_exactly() -> None:
    random = np.random.default_rng(1)
    single, pair = random.normal(size=N_GROUPS), random.normal(size=(N_GROUPS, N_GROUPS))

    def value(own: np.ndarray) -> float:
        return float(single @ own + own @ np.triu(pair, 1) @ own)

    hybrids = np.array([[value(own) for own in first_and_last(N_GROUPS)]])
    found = contributions(hybrids, np.array([value(np.ones(N_GROUPS))]), 0.0)[0]
    expected = np.zeros(N_GROUPS)
    for g in range(N_GROUPS):
        for mask in range(1 << N_GROUPS):
            own = np.array([mask >> i & 1 for i in range(N_GROUPS)])
            if not own[g]:
                size = own.sum()
                weight = factorial(size) * factorial(N_GROUPS - 1 - size) / factorial(N_GROUPS)
                expected[g] += weight * (value(own + np.eye(N_GROUPS)[g]) - value(own))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_reasons_come_in_order_for_everyone() -> None:
    found = np.array([[0.1, 0.5, -1, 0.5, 0, 0, 0, 0], [-1, -2, -3, -4, -5, -6, -7, -8]])
    assert top_reasons(found).tolist() == [[1, 3, 0, 4], [0, 1, 2, 3]]
    assert top_reasons(found[:0]).shape == (0, N_REASONS)


def test_codes_follow_the_groups(small_model: SmallModel, tmp_path) -> None:
    codes = read_reason_codes(SEEDS / "reason_codes.csv", small_model.contract)
    assert len(set(codes)) == N_GROUPS
    text = (SEEDS / "reason_codes.csv").read_text()
    assert "'" not in text
    broken = tmp_path / "reason_codes.csv"
    broken.write_text(text.replace("exposure", "exposures"))
    with pytest.raises(InputDataError, match="exposures"):
        read_reason_codes(broken, small_model.contract)
