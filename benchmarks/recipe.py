"""The common recipe for this data, as published notebooks do it: a contender for ``benchmarks/training.py``.

Every code becomes the default rate of its rows (target-mean encoding, fitted on the rows it trains on); a dense
autoencoder squeezes the encoded first 15 products into 48 numbers; CatBoost, 1,000 trees of depth 9, reads these
numbers, the share of each code among the applicant's products and the means of the encoded columns. It gets the same
applicants and the same split by application time as ours, and prints AUC and calibration error on the latest ones.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from catboost import CatBoostClassifier
from torch import nn

from models_ml.evaluation.metrics import measure
from models_ml.simulator.facts import load_facts

FIRST_PRODUCTS, LATENT = 15, 48
EPOCHS, BATCH_ROWS = 3, 1024


def encode_codes(products: pd.DataFrame, rates: dict[str, pd.Series]) -> np.ndarray:
    """Default rate of every code, float32 of shape (rows, 59); unknown codes get the mean rate."""
    encoded = [
        products[name].map(rate).fillna(rate.mean()).to_numpy(np.float32)
        for name, rate in rates.items()
    ]
    return np.column_stack(encoded)


def fit_autoencoder(matrix: np.ndarray) -> nn.Module:
    """Train the dense autoencoder on rows of shape (N, 15 * 59)."""
    torch.manual_seed(0)
    width = matrix.shape[1]
    encoder = nn.Sequential(nn.Linear(width, 128), nn.ReLU(), nn.Linear(128, LATENT))
    decoder = nn.Sequential(nn.Linear(LATENT, 128), nn.ReLU(), nn.Linear(128, width))
    both = nn.Sequential(encoder, decoder)
    optimizer = torch.optim.Adam(both.parameters(), lr=1e-3)
    random = np.random.default_rng(0)
    for _ in range(EPOCHS):
        order = random.permutation(len(matrix))
        for start in range(0, len(order), BATCH_ROWS):
            batch = torch.from_numpy(matrix[order[start : start + BATCH_ROWS]])
            loss = nn.functional.mse_loss(both(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return encoder.eval()


def applicant_matrix(products: pd.DataFrame, encoded: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The first 15 products next to each other, zero where there is none, float32 of shape (N, 885)."""
    place = products.groupby("id").cumcount().to_numpy()
    row = np.searchsorted(ids, products["id"].to_numpy())
    used = place < FIRST_PRODUCTS
    matrix = np.zeros((len(ids), FIRST_PRODUCTS, encoded.shape[1]), np.float32)
    matrix[row[used], place[used]] = encoded[used]
    return matrix.reshape(len(ids), -1)


def main() -> None:
    """Train on the oldest applicants, measure on the latest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("outcomes", type=Path, help="parquet: id, defaulted, split")
    parser.add_argument("--trees", type=int, default=1000)
    options = parser.parse_args()
    outcomes = pd.read_parquet(options.outcomes).sort_values("id")
    ids = outcomes["id"].to_numpy()
    flags = outcomes["defaulted"].to_numpy()
    parts = [pd.read_parquet(path) for path in sorted(options.raw.glob("train_data_*.pq"))]
    products = pd.concat(parts).sort_values(["id", "rn"])
    products = products[products["id"].isin(ids)]
    row = np.searchsorted(ids, products["id"].to_numpy())
    early = (outcomes["split"] != "out_of_time").to_numpy()
    known = early[row]
    flag_of_row = pd.Series(flags[row][known], index=products.index[known])
    names = load_facts().columns
    rates = {
        name: flag_of_row.groupby(products.loc[known, name].to_numpy()).mean() for name in names
    }

    encoded = encode_codes(products, rates)
    matrix = applicant_matrix(products, encoded, ids)
    encoder = fit_autoencoder(matrix[early])
    with torch.inference_mode():
        latent = encoder(torch.from_numpy(matrix)).numpy()
    means = pd.DataFrame(encoded).groupby(products["id"].to_numpy()).mean().to_numpy()
    shares = [
        pd.crosstab(products["id"], products[name], normalize="index").to_numpy(np.float32)
        for name in names
    ]
    features = np.hstack([latent, means, *shares])
    booster = CatBoostClassifier(
        iterations=options.trees, depth=9, random_seed=0, verbose=False, thread_count=-1,
        allow_writing_files=False,
    )  # fmt: skip
    booster.fit(features[early], flags[early])
    pd_latest = booster.predict_proba(features[~early])[:, 1]
    metrics = measure(pd_latest, flags[~early])
    print(json.dumps({"auc": metrics.auc.value, "ece": metrics.ece.value}))


if __name__ == "__main__":
    main()
