"""How much each business group adds to an applicant's log-odds of default, against a reference applicant.

The latent code explains nothing by itself, so what the encoder adds is traced back to the raw columns it reads.
Products are compared newest with newest; where only one of the two applicants has a product, the other's codes are
masked, as codes are in the encoder's training.

- Trees: exact Shapley values (Shapley 1953) over the groups; each group has the applicant's values or the reference's.
- Encoder: the rescale rule of DeepLIFT (Shrikumar et al. 2017). Each rectifier divides its change among its inputs in
  proportion to their own changes, so the shares add up to the change in log-odds. The number of products, which belongs
  to one group, changes first in one half of the share and last in the other.
- Calibration: the same rule; shares are multiplied by the change in log-odds over the change in raw score.

Contributions therefore add up to the whole difference, for every model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import FeatureContract
from models_ml.scoring.blend import Blend
from models_ml.scoring.encoder import LOG_ODDS, Encoder, read_only
from models_ml.scoring.kernels.rescale import Backwards, share_log_odds
from models_ml.scoring.kernels.tree_shapley import PATTERN_BITS, Game, answer_patterns, share_trees
from models_ml.scoring.trees import Forest

LOW_RISK_SHARE = 0.1
"""Share of applicants, by PD, from whom the reference applicant is chosen."""

SAME_SCORE = 1e-9
"""Raw scores that differ by no more than this count as equal: a ratio to their difference would be meaningless."""


@dataclass(frozen=True)
class Reference:
    """The reference applicant: low risk, otherwise typical; the id is not kept.

    Attributes:
        counts: Tree features, uint8 of shape (n_tree_features,).
        recent: Latest products, uint8 of shape (n_recent, n_columns).
    """

    counts: np.ndarray
    recent: np.ndarray

    def as_batch(self) -> FeatureBatch:
        """One row to score."""
        return FeatureBatch(np.zeros(1, np.int64), self.counts[None], self.recent[None])


def choose_reference(features: FeatureBatch, raw_scores: np.ndarray) -> Reference:
    """Choose the low-risk applicant closest to the median.

    Among the tenth with the lowest raw scores, this is the row whose tree features are closest to the column medians
    of that tenth: sum of absolute differences, each divided by the column's mean absolute deviation so that all columns
    weigh the same. Ties go to the lowest id.

    Args:
        features: Applicants of the training slice.
        raw_scores: Their raw scores, shape (N,).
    """
    n_low = max(1, int(len(features) * LOW_RISK_SHARE))
    low = np.lexsort((features.ids, raw_scores))[:n_low]
    low = low[np.argsort(features.ids[low])]
    counts = features.tree_features[low].astype(np.float64)
    distances = np.abs(counts - np.median(counts, axis=0))
    spread = distances.mean(axis=0)
    usual = spread > 0
    nearest = low[np.argmin((distances[:, usual] / spread[usual]).sum(axis=1))]
    return Reference(features.tree_features[nearest].copy(), features.recent[nearest].copy())


@dataclass(frozen=True)
class Model:
    """Encoder and trees of one model, and the applicant that others are compared with.

    Attributes:
        encoder: The encoder.
        forest: The booster's trees.
        blend: Weights of encoder and trees in the raw score.
        contract: Says which business group a feature belongs to.
        reference: The reference applicant.
    """

    encoder: Encoder
    forest: Forest
    blend: Blend
    contract: FeatureContract
    reference: Reference

    def tree_shares(self, counts: np.ndarray) -> np.ndarray:
        """What each group adds to the booster's raw score.

        Args:
            counts: uint8 of shape (N, n_tree_features).

        Returns:
            float64 of shape (N, G).
        """
        shares = np.empty((len(counts), len(self.contract.business_groups)))
        forest = self.forest
        share_trees(counts, forest.conditions, forest.trees, self._game, self._answers, shares)
        return shares

    def encoder_shares(self, recent: np.ndarray) -> np.ndarray:
        """What each group adds to the encoder's log-odds.

        Args:
            recent: uint8 of shape (N, n_recent, n_columns).

        Returns:
            float32 of shape (N, G).
        """
        shares = np.empty((len(recent), len(self.contract.business_groups)), dtype=np.float32)
        share_log_odds(
            read_only(recent),
            self.encoder,
            LOG_ODDS,
            self._backwards,
            self.contract.depth_group,
            read_only(self.reference.recent),
            shares,
        )
        return shares

    def shares(self, features: FeatureBatch) -> np.ndarray:
        """What each group adds to the raw score, float64 of shape (N, G); row i depends on row i alone."""
        trees = self.tree_shares(features.tree_features)
        return self.blend.raw_scores(trees, self.encoder_shares(features.recent))

    @cached_property
    def _game(self) -> Game:
        conditions, slots = self.forest.conditions, self.forest.trees.inner_slots
        asked = np.searchsorted(conditions.first_slots, slots, side="right") - 1
        features = conditions.features[asked]
        first_fulfilled = conditions.count_slots[asked, self.reference.counts[features]]
        return Game(
            groups=self.contract.tree_feature_groups[features].astype(np.int64),
            reference_sides=(first_fulfilled > slots).astype(np.int64),
            weights=_shapley_weights(len(self.contract.business_groups)),
        )

    @cached_property
    def _answers(self) -> np.ndarray:
        """Shapley values of the small trees for every pattern of conditions."""
        n_inner = np.diff(self.forest.trees.first_inner)
        n_most = n_inner[n_inner <= PATTERN_BITS].max(initial=0)
        answers = np.zeros((len(n_inner), 1 << n_most, len(self.contract.business_groups)))
        answer_patterns(self.forest.trees, self._game, answers)
        return answers

    @cached_property
    def _backwards(self) -> Backwards:
        layers = self.encoder.layers
        return Backwards(
            product_weight=np.ascontiguousarray(layers.product_weight.T),
            hidden_weight=np.ascontiguousarray(layers.hidden_weight.T),
        )


def stretched(shares: np.ndarray, raw_difference: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Shares of the raw score as contributions to the calibrated log-odds.

    Args:
        shares: float64 of shape (N, G); rows add up to ``raw_difference`` within the encoder's single precision.
        raw_difference: Raw scores less the reference's, shape (N,).
        difference: Calibrated log-odds less the reference's, shape (N,).

    Returns:
        float64 of shape (N, G); rows add up to ``difference``.
    """
    n_groups = shares.shape[1]
    changed = np.abs(raw_difference) > SAME_SCORE
    stretch = np.divide(difference, raw_difference, out=np.ones(len(shares)), where=changed)
    found = shares * stretch[:, None]
    left_over = difference.copy()
    for g in range(n_groups):
        left_over -= found[:, g]
    return np.asarray(found + left_over[:, None] / n_groups)


def _shapley_weights(n_groups: int) -> np.ndarray:
    """See `Game`."""
    weights = np.zeros((2, n_groups + 1, n_groups + 1))
    for a in range(n_groups + 1):
        for r in range(n_groups + 1 - a):
            if a:
                weights[0, a, r] = factorial(a - 1) * factorial(r) / factorial(a + r)
            if r:
                weights[1, a, r] = -factorial(a) * factorial(r - 1) / factorial(a + r)
    return weights
