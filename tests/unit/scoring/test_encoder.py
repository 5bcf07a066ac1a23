"""The encoder kernel against torch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_model import SmallModel, draw_features, encode_with_torch

from models_ml.scoring.encoder import Encoder, encode, make_encoder
from models_ml.scoring.kernels.encoder import BLOCK_ROWS


def whole_encoder(model: SmallModel) -> Encoder:
    """The encoder with all numbers of the latent code."""
    return make_encoder(model.artifact.weights, model.contract)


def test_latent_codes_are_those_of_torch(small_model: SmallModel) -> None:
    recent = small_model.features.recent
    expected = encode_with_torch(small_model.autoencoder, recent, small_model.contract)
    found = encode(whole_encoder(small_model), recent)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert found.std(axis=0).min() > 1e-4


@given(rows=st.lists(st.integers(0, 2499), min_size=1, max_size=2 * BLOCK_ROWS + 3))
@settings(max_examples=40, deadline=None)
def test_a_row_does_not_depend_on_its_batch(small_model: SmallModel, rows: list[int]) -> None:
    recent = small_model.features.recent
    encoder = whole_encoder(small_model)
    together = encode(encoder, recent[rows])
    for i, row in enumerate(rows[:5]):
        np.testing.assert_array_equal(together[i], encode(encoder, recent[row : row + 1])[0])


@pytest.mark.parametrize("n_threads", [2, 3])
def test_threads_change_nothing(small_model: SmallModel, n_threads: int) -> None:
    recent = np.concatenate([small_model.features.recent] * 4)
    encoder = whole_encoder(small_model)
    np.testing.assert_array_equal(encode(encoder, recent, n_threads), encode(encoder, recent))


def test_no_rows_and_no_products(small_model: SmallModel) -> None:
    encoder = whole_encoder(small_model)
    recent = np.full((2, 15, 59), 255, np.uint8)
    assert encode(encoder, recent[:0]).shape == (0, encoder.n_latent)
    expected = encode_with_torch(small_model.autoencoder, recent, small_model.contract)
    np.testing.assert_allclose(encode(encoder, recent), expected, rtol=0, atol=1e-6)


def test_a_code_outside_the_dictionary_counts_as_other(small_model: SmallModel) -> None:
    contract = small_model.contract
    recent = draw_features(contract, 3, seed=9).recent
    outside, other = recent.copy(), recent.copy()
    outside[:, 0, 4], other[:, 0, 4] = 200, contract.columns[4].n_codes
    encoder = whole_encoder(small_model)
    np.testing.assert_array_equal(encode(encoder, outside), encode(encoder, other))


def test_the_first_numbers_alone_are_the_same_numbers(small_model: SmallModel) -> None:
    recent = small_model.features.recent
    encoder = whole_encoder(small_model)
    first = encode(encoder.first_numbers(3), recent)
    assert first.shape == (len(recent), 3)
    np.testing.assert_array_equal(first, encode(encoder, recent)[:, :3])
