"""The forest kernel against LightGBM itself: equal to the last bit."""

import re

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_ml.errors import ArtifactError
from models_ml.scoring.kernels.trees import BLOCK_ROWS
from models_ml.scoring.trees import read_forest

N_COUNTS = 12


def make_booster(n_leaves: int, n_trees: int, seed: int, n_bins: int = 63) -> lgb.Booster:
    """A booster on counts with many zeros."""
    random = np.random.default_rng(seed)
    counts = random.poisson(random.uniform(0.05, 4, N_COUNTS), (1500, N_COUNTS))
    signal = counts[:, 0] - counts[:, 3] + np.minimum(counts[:, 1] * counts[:, 2], 4)
    outcome = random.random(1500) < 1 / (1 + np.exp(2 - signal))
    parameters = {
        "objective": "binary",
        "num_leaves": n_leaves,
        "max_bin": n_bins,
        "min_data_in_leaf": 2,
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
    }
    booster = lgb.train(parameters, lgb.Dataset(counts.astype(np.float32), outcome), n_trees)
    return lgb.Booster(model_str=booster.model_to_string())


BOOSTERS = [
    make_booster(n_leaves, n_trees, seed, n_bins)
    for n_leaves, n_trees, seed, n_bins in (
        (2, 1, 0, 63),
        (5, 7, 1, 15),
        (63, 20, 2, 255),
        (200, 3, 3, 63),
    )
]


def expected_scores(booster: lgb.Booster, counts: np.ndarray) -> np.ndarray:
    return booster.predict(counts.astype(np.float32), raw_score=True, num_threads=1)


@st.composite
def rows(draw: st.DrawFn) -> tuple[int, np.ndarray]:
    """A booster and rows of small and large counts."""
    which = draw(st.integers(0, len(BOOSTERS) - 1))
    n_rows = draw(st.integers(1, 70))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = random.integers(0, draw(st.sampled_from([2, 8, 256])), (n_rows, N_COUNTS))
    return which, counts.astype(np.uint8)


@given(rows())
@settings(max_examples=150, deadline=None)
def test_sums_are_equal_to_the_last_bit(case: tuple[int, np.ndarray]) -> None:
    which, counts = case
    forest = read_forest(BOOSTERS[which].model_to_string())
    expected = expected_scores(BOOSTERS[which], counts)
    np.testing.assert_array_equal(forest.raw_scores(counts), expected)


@pytest.mark.parametrize(
    "n_rows", [0, 1, 63, 64, 65, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2049]
)
def test_a_row_does_not_depend_on_its_batch(n_rows: int) -> None:
    booster = BOOSTERS[2]
    random = np.random.default_rng(4)
    counts = random.integers(0, 9, (n_rows, N_COUNTS)).astype(np.uint8)
    forest = read_forest(booster.model_to_string())
    scores = forest.raw_scores(counts)
    if n_rows:
        np.testing.assert_array_equal(scores, expected_scores(booster, counts))
    for i in range(0, n_rows, 97):
        assert forest.raw_scores(counts[i : i + 1])[0] == scores[i]
    backwards = forest.raw_scores(counts[::-1].copy())
    np.testing.assert_array_equal(backwards[::-1], scores)


def test_a_tree_without_split_is_a_constant() -> None:
    random = np.random.default_rng(5)
    matrix = random.integers(0, 9, (50, 2)).astype(np.uint8)
    parameters = {"objective": "binary", "min_data_in_leaf": 40, "verbosity": -1}
    booster = lgb.train(parameters, lgb.Dataset(matrix, random.random(50) < 0.3), 2)
    booster = lgb.Booster(model_str=booster.model_to_string())
    scores = read_forest(booster.model_to_string()).raw_scores(matrix[:3])
    np.testing.assert_array_equal(scores, booster.predict(matrix[:3], raw_score=True))


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "one raw score"),
        (r"decision_type=\d+", "decision_type=1", "categories"),
        (r"decision_type=\d+", "decision_type=4", "zero as missing"),
        ("is_linear=0", "is_linear=1", "linear"),
        ("num_leaves=5", "num_leaves=257", "expected 1 to 256"),
        (r"(?s)\nTree=.*end of trees", "\nend of trees", "no trees"),
    ],
)
def test_what_the_kernel_does_not_compute_is_refused(
    pattern: str, replacement: str, message: str
) -> None:
    text = re.sub(pattern, replacement, BOOSTERS[1].model_to_string())
    with pytest.raises(ArtifactError, match=message):
        read_forest(text)
