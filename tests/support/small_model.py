"""A small trained model that tests of the scoring path share."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
import torch

from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import PADDING, FeatureContract, read_contract
from models_ml.registry.artifact import Artifact, load_artifact, save_artifact
from models_ml.registry.assembly import make_scorer
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.pointers import set_champion
from models_ml.scoring.attribution import choose_reference
from models_ml.scoring.blend import Blend
from models_ml.scoring.calibration import PlattCalibration
from models_ml.scoring.encoder import encode, make_encoder
from models_ml.scoring.reasons import read_reason_codes
from models_ml.scoring.scorecard import PointsScale, RiskBands
from models_ml.scoring.scorer import Scorer
from models_ml.scoring.trees import read_forest
from models_ml.settings import PROJECT_ROOT
from models_ml.training.autoencoder import AutoencoderSettings, ProductAutoencoder, products_of

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"


def draw_features(contract: FeatureContract, n_rows: int, seed: int) -> FeatureBatch:
    """Applicants with random products and the counts that belong to them."""
    random = np.random.default_rng(seed)
    recent = np.full((n_rows, contract.n_recent, len(contract.columns)), PADDING, np.uint8)
    counts = np.zeros((n_rows, len(contract.tree_feature_names)), np.uint8)
    n_products = random.integers(1, contract.n_recent + 6, n_rows)
    counts[:, 0] = n_products
    start = len(contract.scalars)
    for c, column in enumerate(contract.columns):
        shares = random.dirichlet(np.full(column.n_positions, 0.5), n_rows).cumsum(axis=1)
        for p in range(n_products.max()):
            rows = np.flatnonzero(n_products > p)
            codes = (random.random(len(rows))[:, None] > shares[rows]).sum(axis=1)
            codes = np.minimum(codes, column.n_codes)
            counts[rows, start + codes] += 1
            if p < contract.n_recent:
                recent[rows, p, c] = codes
        start += column.n_positions
    return FeatureBatch(np.arange(n_rows, dtype=np.int64) + 1000, counts, recent)


def take(features: FeatureBatch, rows: np.ndarray) -> FeatureBatch:
    """Some rows of a batch."""
    return FeatureBatch(features.ids[rows], features.tree_features[rows], features.recent[rows])


def to_arrow(features: FeatureBatch, contract: FeatureContract) -> pa.StructArray:
    """A batch as DuckDB hands it over."""
    arrays: dict[str, pa.Array] = {"id": pa.array(features.ids)}
    for i, scalar in enumerate(contract.scalars):
        arrays[scalar.name] = pa.array(features.tree_features[:, i])
    start = len(contract.scalars)
    for column in contract.columns:
        block = features.tree_features[:, start : start + column.n_positions]
        arrays[column.name] = pa.FixedSizeListArray.from_arrays(
            pa.array(block.ravel()), column.n_positions
        )
        start += column.n_positions
    arrays["recent_products"] = pa.FixedSizeListArray.from_arrays(
        pa.array(features.recent.ravel()), features.recent[0].size if len(features) else 885
    )
    return pa.StructArray.from_arrays(list(arrays.values()), names=list(arrays))


def encode_with_torch(
    autoencoder: ProductAutoencoder, recent: np.ndarray, contract: FeatureContract
) -> np.ndarray:
    """Latent codes by torch itself, in double precision: the reference for the encoder kernel."""
    exact = copy.deepcopy(autoencoder).double()
    with torch.inference_mode():
        return exact.encode(products_of(recent, contract)).numpy()


@dataclass(frozen=True)
class SmallModel:
    """A model on random applicants, with torch and LightGBM as the reference implementation."""

    contract: FeatureContract
    features: FeatureBatch
    autoencoder: ProductAutoencoder
    booster: lgb.Booster
    artifact: Artifact
    artifacts: Path
    scorer: Scorer


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> SmallModel:
    contract = read_contract(SEEDS / "data_dictionary.csv")
    features = draw_features(contract, 2500, seed=1)
    shape = AutoencoderSettings()
    autoencoder = ProductAutoencoder(contract.vocabulary_size, contract.n_recent, shape).eval()
    generator = torch.Generator().manual_seed(3)
    autoencoder.initialise(generator)
    for parameter in autoencoder.parameters():
        if parameter.dim() == 1:  # biases start at zero, which would test nothing
            torch.nn.init.normal_(parameter, std=0.1, generator=generator)
    weights = {name: value.numpy() for name, value in autoencoder.state_dict().items()}
    latent = encode(make_encoder(weights, contract), features.recent)
    standard = (latent - latent.mean(axis=0)) / latent.std(axis=0)
    signal = standard[:, 1] + standard[:, 5] * standard[:, 6] + 0.2 * features.tree_features[:, 9]
    random = np.random.default_rng(2)
    defaulted = random.random(len(features)) < 1 / (1 + np.exp(2 - signal))
    parameters = {"objective": "binary", "num_leaves": 16, "verbosity": -1, "num_threads": 1}
    booster = lgb.train(parameters, lgb.Dataset(features.tree_features, defaulted), 30)
    text = booster.model_to_string()
    raw_scores = read_forest(text).raw_scores(features.tree_features)
    artifact = Artifact(
        contract=contract,
        weights=weights,
        encoder_settings=asdict(shape),
        booster=text,
        calibration=PlattCalibration(intercept=-0.1, slope=0.9),
        blend=Blend(trees=0.8, log_odds=0.3),
        scale=PointsScale(),
        bands=RiskBands(),
        reference=choose_reference(features, raw_scores),
        reason_codes=read_reason_codes(SEEDS / "reason_codes.csv", contract),
    )
    artifact = replace(artifact, golden=golden_rows(artifact, features))
    artifacts = tmp_path_factory.mktemp("artifacts")
    artifact = load_artifact(save_artifact(artifact, artifacts))
    set_champion(artifacts, artifact.version)
    return SmallModel(
        contract=contract,
        features=features,
        autoencoder=autoencoder,
        booster=lgb.Booster(model_str=text),
        artifact=artifact,
        artifacts=artifacts,
        scorer=make_scorer(artifact, contract),
    )
