"""How hard is the simulated bureau? Print the difficulty rows of ``docs/model/simulator.md``.

    scorehouse simulate --applicants 300000 --seed 7 --out DIR
    python benchmarks/simulator_difficulty.py DIR

Rows: LightGBM on one-hot code counts (learning rate 0.05, depth 5, up to 2,000 trees, early
stopping) over folds; a bidirectional GRU over the latest products; the oracle; LightGBM on a
random fifth and on the latest fifth of the applicants; LightGBM on id, rn and file alone. Takes
about half an hour on 2 cores; ``--folds 1`` is a first look. The oracle is read to print its own
AUC and nowhere else.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from torch import nn

from models_ml.simulator.facts import load_facts

CODES = 24  # room per column
LATEST = 20  # products the sequence model reads
THREADS = 2


@dataclass(frozen=True)
class Bureau:
    """A simulated folder in memory.

    Attributes:
        codes: Column-shifted codes, shape (rows, 59), int16: code + 1 + column * CODES; 0
            is padding.
        first: Index of the first row of each applicant, shape (applicants,).
        count: Number of products, shape (applicants,).
        part: File number of each applicant, shape (applicants,).
        flag: Shape (applicants,).
        probability: Oracle, shape (applicants,).
    """

    codes: NDArray[np.int16]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    part: NDArray[np.int64]
    flag: NDArray[np.int64]
    probability: NDArray[np.float64]


def load(folder: Path) -> Bureau:
    """Read every part, the targets and the oracle of ``folder``."""
    columns = load_facts().columns
    paths = sorted(folder.glob("train_data_*.pq"), key=lambda path: int(path.stem.split("_")[-1]))
    blocks, ids, parts = [], [], []
    for number, path in enumerate(paths):
        table = pq.read_table(path)
        shifted = [
            table[name].to_numpy() + 1 + position * CODES for position, name in enumerate(columns)
        ]
        blocks.append(np.column_stack(shifted).astype(np.int16))
        ids.append(table["id"].to_numpy())
        parts.append(np.full(table.num_rows, number))
    owner = np.concatenate(ids)
    _, first, count = np.unique(owner, return_index=True, return_counts=True)
    flag = np.loadtxt(folder / "train_target.csv", delimiter=",", skiprows=1, dtype=np.int64)[:, 1]
    probability = pq.read_table(folder / "oracle.parquet")["probability"].to_numpy()
    part = np.concatenate(parts)[first]
    return Bureau(np.concatenate(blocks), first, count, part, flag, probability)


def counts_of(bureau: Bureau) -> NDArray[np.uint8]:
    """Count every code per applicant, shape (applicants, codes that occur)."""
    owner = np.repeat(np.arange(len(bureau.first)), bureau.count)
    columns = []
    for line in bureau.codes.T:
        for code in np.unique(line):
            hits = np.bincount(owner[line == code], minlength=len(bureau.first))
            columns.append(hits.astype(np.uint8))
    return np.column_stack(columns)


def booster_auc(
    features: NDArray[np.generic],
    flag: NDArray[np.int64],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    trees: int = 2000,
) -> tuple[float, NDArray[np.float64], int]:
    """Train LightGBM as the organisers did; return AUC, scores of ``test`` and trees used.

    A tenth of the training rows stops the boosting, so the test rows never choose anything.
    """
    rng = np.random.default_rng(0)
    held = rng.random(len(train)) < 0.1
    options = {
        "objective": "binary", "learning_rate": 0.05, "max_depth": 5, "num_leaves": 31,
        "feature_fraction": 0.3, "bagging_fraction": 0.6, "bagging_freq": 1, "reg_lambda": 1.0,
        "num_threads": THREADS, "verbosity": -1, "seed": 0, "metric": "auc",
    }  # fmt: skip
    whole = lgb.Dataset(features[train[~held]], flag[train[~held]])
    watch = lgb.Dataset(features[train[held]], flag[train[held]], reference=whole)
    model = lgb.train(
        options, whole, trees, [watch], callbacks=[lgb.early_stopping(100, verbose=False)]
    )
    score = np.asarray(model.predict(features[test]))
    return roc_auc_score(flag[test], score), score, model.best_iteration


class Sequence(nn.Module):
    """Bidirectional GRU over products; each product is the sum of its 59 code embeddings.

    **Shape:** int codes (batch, LATEST, 59), oldest first, 0 = padding, to log odds (batch,).
    """

    def __init__(self, codes: int, width: int = 48) -> None:
        super().__init__()
        self.embed = nn.EmbeddingBag(codes, width, mode="sum", padding_idx=0)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 96), nn.GELU())
        self.gru = nn.GRU(96, 64, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(
            nn.Linear(3 * 128, 64), nn.GELU(), nn.Dropout(0.2), nn.Linear(64, 1)
        )

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Score a batch."""
        batch, steps, columns = codes.shape
        there = (codes[:, :, 0] > 0).unsqueeze(-1)
        product = self.mix(self.embed(codes.reshape(-1, columns)).reshape(batch, steps, -1))
        state, _ = self.gru(product * there)
        state = state * there
        mean = state.sum(dim=1) / there.sum(dim=1)
        pooled = torch.cat([mean, state.max(dim=1).values, state[:, -1]], dim=1)
        return self.head(pooled).squeeze(-1)


def sequence_auc(
    bureau: Bureau, train: NDArray[np.int64], test: NDArray[np.int64], epochs: int
) -> tuple[float, NDArray[np.float64]]:
    """Train the sequence model on ``train``; return AUC and scores of ``test``."""
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    model = Sequence(len(load_facts().columns) * CODES + 1)
    rng = np.random.default_rng(0)

    def batch(applicants: NDArray[np.int64]) -> torch.Tensor:
        last = bureau.first[applicants] + bureau.count[applicants]
        rows = last[:, None] + np.arange(-LATEST, 0)[None, :]
        codes = bureau.codes[np.maximum(rows, 0)].astype(np.int32)
        codes[rows < bureau.first[applicants][:, None]] = 0
        return torch.from_numpy(codes)

    size, steps = 256, epochs * (len(train) // 256)
    tuner = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(tuner, max_lr=3e-3, total_steps=steps + 1)
    loss_of = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        order = rng.permutation(train)
        started, total = time.perf_counter(), 0.0
        for low in range(0, len(order) - size + 1, size):
            chosen = order[low : low + size]
            target = torch.from_numpy(bureau.flag[chosen].astype(np.float32))
            loss = loss_of(model(batch(chosen)), target)
            tuner.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            tuner.step()
            rate.step()
            total += float(loss.detach()) * size
        spent = time.perf_counter() - started
        sys.stderr.write(f"epoch {epoch}: loss {total / len(order):.5f}, {spent:.0f} s\n")
    model.eval()
    with torch.inference_mode():
        score = np.concatenate(
            [model(batch(test[low : low + 2048])).numpy() for low in range(0, len(test), 2048)]
        )
    return roc_auc_score(bureau.flag[test], score), score


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=5, help="folds to run, at most 5")
    parser.add_argument("--epochs", type=int, default=3, help="of the sequence model")
    chosen = parser.parse_args()
    bureau = load(chosen.folder)
    flag, applicants = bureau.flag, np.arange(len(bureau.flag))
    print(f"applicants {len(flag)}, default rate {flag.mean():.5f}")
    print(f"oracle AUC {roc_auc_score(flag, bureau.probability):.4f}", flush=True)

    features = counts_of(bureau)
    splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(applicants, flag))
    out_of_fold = np.full(len(flag), np.nan)
    for train, test in splits[: chosen.folds]:
        auc, out_of_fold[test], trees = booster_auc(features, flag, train, test)
        print(f"counts LightGBM, fold AUC {auc:.4f} ({trees} trees)", flush=True)
    done = np.isfinite(out_of_fold)
    print(f"counts LightGBM, out-of-fold AUC {roc_auc_score(flag[done], out_of_fold[done]):.4f}")

    split = len(applicants) * 4 // 5
    auc, _, _ = booster_auc(features, flag, applicants[:split], applicants[split:])
    print(f"counts LightGBM, latest fifth AUC {auc:.4f}", flush=True)

    last = bureau.first + bureau.count - 1
    keys = np.column_stack([applicants, bureau.part, bureau.first, last])
    auc, _, _ = booster_auc(keys, flag, *splits[0], trees=200)
    print(f"LightGBM on id, file and row position alone, AUC {auc:.4f}")
    auc, _, _ = booster_auc(np.column_stack([keys, bureau.count]), flag, *splits[0], trees=200)
    print(f"the same with rn (that is, the number of products), AUC {auc:.4f}", flush=True)

    train, test = splits[0]
    auc, _ = sequence_auc(bureau, train, test, chosen.epochs)
    fold = roc_auc_score(flag[test], out_of_fold[test])
    print(f"GRU, fold 0 AUC {auc:.4f}: {auc - fold:+.4f} over LightGBM on the same fold")


if __name__ == "__main__":
    main()
