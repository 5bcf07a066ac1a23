"""How much each business group adds to an applicant's log-odds of default, against a reference applicant.

The latent code is no reason of its own: what the encoder adds is traced back to the raw columns that it reads. Newest
products stand beside newest, and where one of the two has no product at a place the codes are hidden, as the encoder
knows from its training.

- Trees: exact Shapley values (Shapley 1953) over the groups; a group is the applicant's or the reference's.
- Encoder: the rescale rule of DeepLIFT (Shrikumar et al. 2017). Every rectifier passes on the share of its change that
  each input has in the change before it, so shares add up to the change of the log-odds. The number of products, which
  the group of the scalar `n_products` gives, changes first in one half of the share and last in the other.
- Calibration: the same rule; shares are stretched by the change of the log-odds over the change of the raw score.

So contributions add up to the whole difference whatever the model is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

from models_ml.features.batch import FeatureBatch
from models_ml.features.contract import FeatureContract
from models_ml.scoring.blend import Blend
from models_ml.scoring.encoder import Encoder, read_only
from models_ml.scoring.kernels.rescale import share_log_odds
from models_ml.scoring.kernels.tree_shapley import PATTERN_BITS, answer_patterns, share_trees
from models_ml.scoring.trees import Forest

LOW_RISK_SHARE = 0.1
"""Share of applicants, by PD, among whom the reference applicant is looked for."""

SAME_SCORE = 1e-9
"""Raw scores that differ by no more than this are the same, and their ratio says nothing."""


@dataclass(frozen=True)
class Reference:
    """The reference applicant: good risk, ordinary otherwise; without a name.

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
    """Choose the applicant of low risk that is nearest to the median one.

    Of the tenth with the lowest raw scores, the row whose tree features are nearest to the column medians of that
    tenth: sum of absolute differences in units of the column's mean absolute deviation, so that every column counts
    alike. Of equally near rows the one with the lowest id.

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
    """Encoder and trees of one model, and the applicant whom others are compared with.

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
        share_trees(counts, self.forest.condition_arrays, self._trees, self._answers, shares)
        return shares

    def encoder_shares(self, recent: np.ndarray) -> np.ndarray:
        """What each group adds to the encoder's log-odds.

        Args:
            recent: uint8 of shape (N, n_recent, n_columns).

        Returns:
            float32 of shape (N, G).
        """
        n_groups = len(self.contract.business_groups)
        shares = np.empty((len(recent), n_groups), dtype=np.float32)
        share_log_odds(
            read_only(recent),
            self.encoder.arrays,
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
    def _trees(self) -> tuple[np.ndarray, ...]:
        """What `share_trees` needs to know of the trees."""
        forest = self.forest
        features = np.searchsorted(forest.first_slots, forest.inner_slots, side="right") - 1
        groups = self.contract.tree_feature_groups[forest.features[features]]
        first_fulfilled = forest.count_slots[
            features, self.reference.counts[forest.features[features]]
        ]
        return (
            forest.first_inner,
            forest.inner_slots,
            groups.astype(np.int64),
            (first_fulfilled > forest.inner_slots).astype(np.int64),
            forest.children,
            forest.leaf_values,
            _shapley_weights(len(self.contract.business_groups)),
        )

    @cached_property
    def _answers(self) -> np.ndarray:
        """Shapley values of the small trees, for every pattern of conditions."""
        n_inner = np.diff(self.forest.first_inner)
        n_most = n_inner[n_inner <= PATTERN_BITS].max(initial=0)
        answers = np.zeros((len(n_inner), 1 << n_most, len(self.contract.business_groups)))
        answer_patterns(self._trees, answers)
        return answers

    @cached_property
    def _backwards(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the product layer and of the hidden layer, transposed."""
        layers = self.encoder.named_layers
        return (
            np.ascontiguousarray(layers["product.weight"].T),
            np.ascontiguousarray(layers["hidden.weight"].T),
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
    """Share of a leaf's value for each of ``a`` groups that must be the applicant's and ``r`` the reference's.

    Returns:
        float64 of shape (2, n_groups + 1, n_groups + 1): for the applicant's groups, then the reference's.
    """
    weights = np.zeros((2, n_groups + 1, n_groups + 1))
    for a in range(n_groups + 1):
        for r in range(n_groups + 1 - a):
            if a:
                weights[0, a, r] = factorial(a - 1) * factorial(r) / factorial(a + r)
            if r:
                weights[1, a, r] = -factorial(a) * factorial(r - 1) / factorial(a + r)
    return weights
