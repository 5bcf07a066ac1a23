"""Contributions and reason codes."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.shapley import Hybrids, group_sets, shapley_values
from support.small_model import SEEDS, SmallModel, take

from models_ml.errors import InputDataError
from models_ml.features.batch import FeatureBatch
from models_ml.registry.assembly import make_scorer
from models_ml.scoring.attribution import stretched
from models_ml.scoring.calibration import BetaCalibration, IsotonicCalibration
from models_ml.scoring.reasons import N_REASONS, read_reason_codes, top_reasons
from models_ml.scoring.trees import read_forest

N_GROUPS = 8


def rows_of(model: SmallModel, n_rows: int, seed: int) -> FeatureBatch:
    """Some applicants of the small model."""
    chosen = np.random.default_rng(seed).choice(len(model.features), n_rows, replace=False)
    return take(model.features, chosen)


@pytest.mark.parametrize(("n_leaves", "n_rows"), [(2, 20), (8, 520), (9, 20), (10, 20), (40, 70)])
def test_shares_of_the_trees_are_shapley_values(
    small_model: SmallModel, n_leaves: int, n_rows: int
) -> None:
    """Trees of up to nine leaves are answered from tables, larger ones are walked."""
    features = small_model.features
    defaulted = small_model.scorer.score(features).pd > 0.3
    parameters = {
        "objective": "binary", "num_leaves": n_leaves, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1
    }  # fmt: skip
    booster = lgb.train(parameters, lgb.Dataset(features.tree_features, defaulted), 20)
    text = booster.model_to_string()
    artifact = replace(small_model.artifact, booster=text)
    model = replace(small_model.scorer.model, forest=read_forest(text))
    rows = rows_of(small_model, n_rows, seed=n_leaves)
    found = model.tree_shares(rows.tree_features)
    few = take(rows, np.arange(n_rows - 15, n_rows))
    hybrids = Hybrids(artifact)
    values = np.stack([hybrids.trees(few, own) for own in group_sets(N_GROUPS)], axis=1)
    np.testing.assert_allclose(found[-15:], shapley_values(values), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found[-15:], model.tree_shares(few.tree_features))
    assert np.abs(found[-15:]).max() > 0.01


def rescaled_by_hand(model: SmallModel, recent: np.ndarray) -> np.ndarray:
    """The rescale rule in double precision, one applicant, one matrix product after the other."""
    contract, weights = model.contract, model.artifact.weights
    hybrids = Hybrids(model.artifact)
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    member = np.eye(N_GROUPS)[hybrids.column_groups]

    def vectors(products: np.ndarray) -> np.ndarray:
        codes = np.where(products == 255, hybrids.hidden, products) + contract.code_offsets
        return np.einsum("pcj,cg->gpj", w["codes.weight"][codes], member)

    def layers(sums: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, float]:
        states = np.maximum(sums, 0) @ w["product.weight"].T + w["product.bias"]
        pooled = (np.maximum(states[:n], 0) * w["pool.place"][:n]).sum(axis=0)
        hidden = (pooled * w["pool.scale"][n]) @ w["hidden.weight"].T + w["depth.weight"][n]
        straight = sums[:n].sum(axis=0) / np.sqrt(max(n, 1)) @ w["straight.weight"][0]
        result = np.maximum(hidden, 0) @ w["latent.weight"][0] + w["latent.bias"][0] + straight
        return states, hidden, float(result)

    def slope(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        change = np.where(a == b, 1, a - b)
        return np.where(a == b, b >= 0, (np.maximum(a, 0) - np.maximum(b, 0)) / change)

    reference = model.artifact.reference.recent
    own_parts, parts = vectors(recent), vectors(reference)
    own_sums, sums = (part.sum(axis=0) + w["product_bias"] for part in (own_parts, parts))
    n_own, n_reference = ((products[:, 0] != 255).sum() for products in (recent, reference))
    shares, results = np.zeros(N_GROUPS), []
    for n in (n_own, n_reference):
        own_states, own_hidden, own_result = layers(own_sums, n)
        states, hidden, result = layers(sums, n)
        results.append((own_result, result))
        to_pooled = (w["latent.weight"][0] * slope(own_hidden, hidden)) @ w["hidden.weight"]
        to_states = to_pooled * w["pool.scale"][n] * w["pool.place"] * slope(own_states, states)
        to_sums = (to_states @ w["product.weight"]) * slope(own_sums, sums)
        to_sums += w["straight.weight"][0] / np.sqrt(max(n, 1))
        shares += np.einsum("gpj,pj->g", (own_parts - parts)[:, :n], to_sums[:n]) / 2
    shares[hybrids.depth] += (np.array(results[0]) - np.array(results[1])).sum() / 2
    np.testing.assert_allclose(shares.sum(), results[0][0] - results[1][1], rtol=0, atol=1e-9)
    return shares


@given(row=st.integers(0, 2499))
@settings(max_examples=40, deadline=None)
def test_shares_of_the_encoder_follow_the_rescale_rule(small_model: SmallModel, row: int) -> None:
    found = small_model.scorer.model.encoder_shares(small_model.features.recent[row : row + 1])
    expected = rescaled_by_hand(small_model, small_model.features.recent[row])
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-5)
    assert np.abs(expected).max() > 0.01


def test_an_applicant_without_products_has_shares(small_model: SmallModel) -> None:
    nothing = np.full((1, 15, 59), 255, np.uint8)
    found = small_model.scorer.model.encoder_shares(nothing)
    np.testing.assert_allclose(found[0], rescaled_by_hand(small_model, nothing[0]), atol=1e-5)


def test_contributions_are_near_shapley_values(small_model: SmallModel) -> None:
    """The small model's encoder has random weights; the benchmark of fidelity asks a trained one."""
    features = rows_of(small_model, 60, seed=1)
    found = small_model.scorer.contributions(features, small_model.scorer.score(features))
    exact = shapley_values(Hybrids(small_model.artifact).log_odds(features))
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), rtol=0, atol=1e-5)
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.95
    assert np.mean(top_reasons(found)[:, 0] == top_reasons(exact)[:, 0]) >= 0.8


@pytest.mark.parametrize(
    "calibration",
    [
        None,
        BetaCalibration(intercept=0.1, a=0.9, b=1.4),
        IsotonicCalibration(raw=(-4.0, -1.5, 0.0, 2.0), risk=(0.01, 0.01, 0.3, 0.8)),
    ],
)
def test_contributions_add_up(small_model: SmallModel, calibration) -> None:
    artifact = small_model.artifact
    artifact = replace(artifact, calibration=calibration or artifact.calibration)
    scorer = make_scorer(artifact, small_model.contract)
    features = take(small_model.features, np.arange(300))
    scores = scorer.score(features)
    found = scorer.contributions(features, scores)
    difference = np.log(scores.pd / (1 - scores.pd)) - scorer.reference_scores.log_odds
    np.testing.assert_allclose(found.sum(axis=1), difference, rtol=0, atol=1e-9)
    assert np.abs(found).max() > 0.01


def test_the_reference_has_no_contributions(small_model: SmallModel) -> None:
    features = small_model.scorer.model.reference.as_batch()
    scores = small_model.scorer.score(features)
    assert not small_model.scorer.contributions(features, scores).any()


def test_equal_scores_leave_shares_as_they_are() -> None:
    shares = np.array([[1.0, -1.0], [1.0, 3.0]])
    found = stretched(shares, np.array([0.0, 4.0]), np.array([0.0, 2.0]))
    np.testing.assert_array_equal(found, [[1, -1], [0.5, 1.5]])


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
