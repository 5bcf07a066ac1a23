"""Rows per cpu-second of the forest kernel and of LightGBM on the same trees, one thread, in one run.

400 trees of 63 leaves on 503 counts. Also prints whether the sums are equal, and the speed of the encoder.

Usage: ``python benchmarks/scoring_kernel.py [rows]``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.small_model import SEEDS, draw_features

from models_ml.features.contract import read_contract
from models_ml.scoring.encoder import encode, make_encoder
from models_ml.scoring.trees import read_forest
from models_ml.training.autoencoder import AutoencoderSettings, ProductAutoencoder

N_TREES, N_LEAVES, REPEATS = 400, 63, 3


def cpu_seconds(function: Callable[[], object]) -> float:
    """Shortest CPU time of several runs, after one that compiles."""
    function()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def main(n_rows: int) -> None:
    """Train on random applicants and measure."""
    torch.set_num_threads(1)
    contract = read_contract(SEEDS / "data_dictionary.csv")
    features = draw_features(contract, n_rows, seed=1)
    torch.manual_seed(1)
    shape = AutoencoderSettings()
    autoencoder = ProductAutoencoder(contract.vocabulary_size, contract.n_recent, shape)
    weights = {name: value.detach().numpy() for name, value in autoencoder.state_dict().items()}
    encoder = make_encoder(weights, contract)
    latent = encode(encoder, features.recent)
    matrix = features.tree_features.astype(np.float32)
    standard = (latent - latent.mean(axis=0)) / latent.std(axis=0)
    chance = 1 / (1 + np.exp(2 - standard[:, :4].sum(axis=1) - 0.2 * matrix[:, 9]))
    defaulted = np.random.default_rng(2).random(n_rows) < chance
    parameters = {
        "objective": "binary",
        "num_leaves": N_LEAVES,
        "max_bin": 63,
        "feature_fraction": 0.3,
        "learning_rate": 0.05,
        "verbosity": -1,
        "num_threads": 1,
    }
    text = lgb.train(parameters, lgb.Dataset(matrix, defaulted), N_TREES).model_to_string()
    booster, forest = lgb.Booster(model_str=text), read_forest(text)

    equal = np.array_equal(
        forest.raw_scores(features.tree_features),
        booster.predict(matrix, raw_score=True, num_threads=1),
    )
    theirs = cpu_seconds(lambda: booster.predict(matrix, raw_score=True, num_threads=1))
    ours = cpu_seconds(lambda: forest.raw_scores(features.tree_features))
    encoding = cpu_seconds(lambda: encode(encoder, features.recent))
    print(f"{n_rows} rows, {N_TREES} trees x {N_LEAVES} leaves, {matrix.shape[1]} features")
    print(f"LightGBM.predict: {n_rows / theirs:9,.0f} rows per cpu-second")
    print(f"forest kernel:    {n_rows / ours:9,.0f} rows per cpu-second, {theirs / ours:.1f} times")
    print(f"encoder kernel:   {n_rows / encoding:9,.0f} rows per cpu-second")
    print(f"sums equal to the last bit: {equal}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
