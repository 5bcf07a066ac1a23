"""The scorer against torch + LightGBM + calibration, and against itself in other batches."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_model import SmallModel, encode_with_torch, take, to_arrow

from models_ml.errors import ArtifactError, InputDataError
from models_ml.registry.artifact import Artifact
from models_ml.registry.assembly import make_scorer
from models_ml.scoring.encoder import encode
from models_ml.scoring.scorecard import BAND_LETTERS, RiskBands
from models_ml.scoring.scorer import score_types
from udf.registration import ScoreFunction, register


def test_trees_are_equal_to_lightgbm(small_model: SmallModel) -> None:
    features = small_model.features
    latent = encode(small_model.scorer.model.encoder, features.recent)
    trees = small_model.booster.predict(features.tree_features, raw_score=True, num_threads=1)
    expected = 0.8 * trees + 0.3 * latent[:, 0].astype(np.float64)
    np.testing.assert_array_equal(small_model.scorer.raw_scores(features), expected)


def test_pds_are_those_of_torch_and_lightgbm(small_model: SmallModel) -> None:
    features = small_model.features
    latent = encode_with_torch(small_model.autoencoder, features.recent, small_model.contract)
    trees = small_model.booster.predict(features.tree_features, raw_score=True, num_threads=1)
    expected = small_model.scorer.calibration.pd(0.8 * trees + 0.3 * latent[:, 0])
    found = small_model.scorer.score(features).pd
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_rows", [1, 2047, 2048, 2049])
def test_chunks_change_nothing(small_model: SmallModel, n_rows: int) -> None:
    features = small_model.features
    whole = small_model.scorer.score_arrow(to_arrow(features, small_model.contract), False)
    rows = np.arange(len(features) - n_rows, len(features))
    chunk = to_arrow(take(features, rows), small_model.contract)
    assert small_model.scorer.score_arrow(chunk, False).equals(whole[-n_rows:])


@given(rows=st.lists(st.integers(0, 2499), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_a_row_does_not_depend_on_its_batch(small_model: SmallModel, rows: list[int]) -> None:
    scorer, contract = small_model.scorer, small_model.contract
    together = scorer.score_arrow(to_arrow(take(small_model.features, np.array(rows)), contract))
    for i, row in enumerate(rows[:3]):
        alone = take(small_model.features, np.array([row]))
        assert scorer.score_arrow(to_arrow(alone, contract)).equals(together[i : i + 1])


@pytest.mark.fault("F41")
@pytest.mark.parametrize("n_threads", [pytest.param(4, id="F41")])
def test_threads_change_nothing(small_model: SmallModel, n_threads: int) -> None:
    batch = to_arrow(take(small_model.features, np.arange(300)), small_model.contract)
    expected = small_model.scorer.score_arrow(batch)
    with ThreadPoolExecutor(n_threads) as pool:
        for found in pool.map(small_model.scorer.score_arrow, [batch] * 8):
            assert found.equals(expected)


@pytest.mark.fault("F29")
def test_order_of_columns_changes_nothing(small_model: SmallModel) -> None:
    batch = to_arrow(take(small_model.features, np.arange(100)), small_model.contract)
    names = [field.name for field in batch.type][::-1]
    backwards = pa.StructArray.from_arrays([batch.field(name) for name in names], names=names)
    expected = small_model.scorer.score_arrow(batch)
    assert small_model.scorer.score_arrow(backwards).equals(expected)


def test_sql_gives_what_the_scorer_gives(small_model: SmallModel) -> None:
    contract = small_model.contract
    batch = to_arrow(small_model.features, contract)
    columns = pa.table({field.name: batch.field(field.name) for field in batch.type})
    connection = duckdb.connect(config={"threads": 2})
    register(connection, ScoreFunction(small_model.artifacts, contract))
    connection.register("columns_in", columns)
    types = ", ".join(f"{name}::{kind} as {name}" for name, kind in contract.data_types.items())
    connection.execute(f"create table features as select {types} from columns_in")
    query = (
        "select score_applicant(f) as s, score_applicant_pd(f) as p from features as f order by id"
    )
    rows = connection.sql(query).fetchall()
    expected = small_model.scorer.score_arrow(batch).to_pylist()
    assert [row[0]["pd"] for row in rows] == [row["pd"] for row in expected]
    assert [row[1]["pd"] for row in rows] == [row["pd"] for row in expected]
    assert [row[0]["reason_codes"] for row in rows] == [row["reason_codes"] for row in expected]
    assert list(rows[0][0]) == list(score_types(contract))
    assert list(rows[0][1]) == list(score_types(contract, reasons=False))


def test_no_applicants_give_no_scores(small_model: SmallModel) -> None:
    empty = to_arrow(take(small_model.features, np.arange(0)), small_model.contract)
    assert len(small_model.scorer.score_arrow(empty)) == 0


def with_depth_weight(small_model: SmallModel, value: float) -> Artifact:
    """A weight that only applicants with some number of products meet."""
    weights = dict(small_model.artifact.weights)
    bias = weights["depth.weight"].copy()
    bias[int((small_model.features.recent[7, :, 0] != 255).sum())] = value
    steep = np.full_like(weights["latent.weight"], 2)
    weights |= {"depth.weight": bias, "latent.weight": steep}
    return replace(small_model.artifact, weights=weights)


@pytest.mark.fault("F26")
def test_a_latent_code_that_is_not_finite_names_applicant_and_column(
    small_model: SmallModel,
) -> None:
    broken = with_depth_weight(small_model, float(np.finfo(np.float32).max))
    with pytest.raises(InputDataError, match=r"latent_0 of applicant \d+ is -?inf"):
        make_scorer(broken, small_model.contract).score(small_model.features)


@pytest.mark.fault("F26")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_before_anybody_is_scored(
    small_model: SmallModel, value: float
) -> None:
    with pytest.raises(ArtifactError, match=r"depth\.weight contains"):
        make_scorer(with_depth_weight(small_model, value), small_model.contract)


@pytest.mark.fault("F21")
def test_files_of_two_trainings_are_refused(small_model: SmallModel) -> None:
    n_features = small_model.booster.num_feature()
    text = small_model.artifact.booster.replace(
        f"max_feature_idx={n_features - 1}", f"max_feature_idx={n_features - 2}"
    )
    assert text != small_model.artifact.booster
    with pytest.raises(ArtifactError, match="different trainings"):
        make_scorer(replace(small_model.artifact, booster=text), small_model.contract)


def test_bands_fall_with_the_points() -> None:
    bands = RiskBands()
    points = np.array([700, 600, 599, 580, 560, 540, 520, 500, 499, -3])
    assert "".join(BAND_LETTERS[i] for i in bands.band_numbers(points)) == "AABBCDEFGG"


@pytest.mark.fault("F27", "F32")
def test_thin_files_and_unseen_codes(small_model: SmallModel) -> None:
    scored = small_model.scorer.score_arrow(
        to_arrow(small_model.features, small_model.contract), False
    ).to_pylist()
    counts, names = small_model.features.tree_features, small_model.contract.tree_feature_names
    others = [i for i, name in enumerate(names) if name.endswith("_other")]
    assert [row["thin_file"] for row in scored] == (counts[:, 0] < 3).tolist()
    assert [row["unseen_code_count"] for row in scored] == counts[:, others].sum(axis=1).tolist()
