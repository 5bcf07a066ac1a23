"""Shapley values over the business groups by brute force, with torch and LightGBM themselves.

The value of a set of groups is the log-odds of a hybrid: these groups are the applicant's, the others the reference's.
All 256 hybrids of each applicant are scored, which is the reference for the contributions of a score.
"""

from __future__ import annotations

from math import factorial

import lightgbm as lgb
import numpy as np
import torch

from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import PADDING
from models_ml.registry.artifact import Artifact
from models_ml.scoring.encoder import LOG_ODDS
from models_ml.training.autoencoder import AutoencoderSettings, ProductAutoencoder, Products


def group_sets(n_groups: int) -> np.ndarray:
    """Every set of groups, 0 or 1, int64 of shape (2 ** n_groups, n_groups); row i holds the bits of i."""
    return np.arange(1 << n_groups)[:, None] >> np.arange(n_groups) & 1


def shapley_values(values: np.ndarray) -> np.ndarray:
    """Shapley values of games.

    Args:
        values: Value of every set of G players, in the order of `group_sets`, of shape (N, 2 ** G).

    Returns:
        float64 of shape (N, G).
    """
    n_groups = values.shape[1].bit_length() - 1
    sets = group_sets(n_groups)
    found = np.zeros((len(values), n_groups))
    for g in range(n_groups):
        for mask in np.flatnonzero(sets[:, g] == 0):
            size = int(sets[mask].sum())
            weight = factorial(size) * factorial(n_groups - 1 - size) / factorial(n_groups)
            found[:, g] += weight * (values[:, mask | 1 << g] - values[:, mask])
    return found


class Hybrids:
    """Scores hybrids of applicants and the reference applicant of one model."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact, self.contract = artifact, artifact.contract
        self.booster = lgb.Booster(model_str=artifact.booster)
        self.autoencoder = ProductAutoencoder(
            self.contract.vocabulary_size,
            self.contract.n_recent,
            AutoencoderSettings(**artifact.encoder_settings),
        )
        weights = {name: torch.from_numpy(value) for name, value in artifact.weights.items()}
        self.autoencoder.load_state_dict(weights)
        self.autoencoder.double().eval()
        groups = self.contract.business_groups
        self.depth = self.contract.depth_group
        self.column_groups = np.array(
            [groups.index(column.business_group) for column in self.contract.columns]
        )
        self.hidden = np.array([column.n_positions for column in self.contract.columns])

    def trees(self, features: FeatureBatch, own: np.ndarray) -> np.ndarray:
        """Raw scores of the booster where the groups ``own`` are the applicants', shape (N,)."""
        counts = np.where(
            own[self.contract.tree_feature_groups] == 1,
            features.tree_features,
            self.artifact.reference.counts,
        )
        return np.asarray(self.booster.predict(counts.astype(np.float64), raw_score=True))

    def encoder(self, features: FeatureBatch, own: np.ndarray) -> np.ndarray:
        """Log-odds of the encoder where the groups ``own`` are the applicants', shape (N,)."""
        reference = np.broadcast_to(self.artifact.reference.recent, features.recent.shape)
        recent = np.where(own[self.column_groups] == 1, features.recent, reference)
        codes = np.where(recent == PADDING, self.hidden, recent) + self.contract.code_offsets
        giver = features.recent if own[self.depth] else reference
        exists = giver[:, :, 0] != PADDING
        products = Products(torch.from_numpy(codes[exists]), torch.from_numpy(exists.sum(axis=1)))
        with torch.inference_mode():
            return self.autoencoder.encode(products)[:, LOG_ODDS].numpy()

    def log_odds(self, features: FeatureBatch) -> np.ndarray:
        """Calibrated log-odds of all hybrids, float64 of shape (N, 2 ** G)."""
        found = []
        for own in group_sets(len(self.contract.business_groups)):
            raw = self.artifact.blend.raw_scores(
                self.trees(features, own), self.encoder(features, own)
            )
            pd = self.artifact.calibration.pd(raw)
            found.append(np.log(pd) - np.log1p(-pd))
        return np.stack(found, axis=1)
