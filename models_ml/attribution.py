"""How much each business group adds to an applicant's log-odds of default, against a reference applicant.

The value of a set of groups is the log-odds of a hybrid: these groups are the applicant's, the others the reference's,
in the counts and in the latest products alike, so the latent code is no reason of its own. Newest products stand
beside newest; a hybrid has as many products as the one who gives it "depth of history", and where the giver of a
column has no product at that place the code is hidden, as the encoder knows from its training.

Contributions approximate Shapley values (Shapley 1953) over the groups: what a group adds when it is the first to
change over from the reference to the applicant, and when it is the last, half each. That is exact for interactions of
two groups; what interactions of more groups leave over is shared out equally, so the contributions add up to the whole
difference whatever the model is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models_ml.attribution_kernel import LANES, score_hybrids
from models_ml.blend import Blend
from models_ml.contract import FeatureContract
from models_ml.encoder_kernel import Encoder, read_only
from models_ml.features import FeatureBatch
from models_ml.forest import Forest

DEPTH_GROUP = "depth of history"
"""The business group that says how many products there are."""

LOW_RISK_SHARE = 0.1
"""Share of applicants, by PD, among whom the reference applicant is looked for."""


@dataclass(frozen=True)
class Reference:
    """The reference applicant: good risk, ordinary otherwise; without a name.

    Attributes:
        counts: Tree features, uint8 of shape (n_tree_features,).
        recent: Latest products, uint8 of shape (n_recent, n_columns).
    """

    counts: np.ndarray
    recent: np.ndarray


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


def first_and_last(n_groups: int) -> np.ndarray:
    """Which groups of each hybrid are the applicant's own: one group alone, then all but one.

    Returns:
        0 or 1, int64 of shape (2 * n_groups, n_groups).
    """
    alone = np.eye(n_groups, dtype=np.int64)
    return np.concatenate([alone, 1 - alone])


def contributions(hybrids: np.ndarray, own: np.ndarray, reference: float) -> np.ndarray:
    """Contribution of each group to the log-odds difference.

    Args:
        hybrids: Log-odds of the hybrids of `first_and_last`, float64 of shape (N, 2 * G).
        own: Log-odds of the applicants, shape (N,).
        reference: Log-odds of the reference applicant.

    Returns:
        float64 of shape (N, G); rows add up to ``own - reference``.
    """
    n_groups = hybrids.shape[1] // 2
    as_first = hybrids[:, :n_groups] - reference
    as_last = own[:, None] - hybrids[:, n_groups:]
    steps = (as_first + as_last) / 2
    left_over = own - reference
    for g in range(n_groups):
        left_over = left_over - steps[:, g]
    return steps + left_over[:, None] / n_groups


@dataclass(frozen=True)
class HybridScorer:
    """Scores hybrids of applicants and a reference applicant with one model.

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

    def raw_scores(self, features: FeatureBatch, own_groups: np.ndarray) -> np.ndarray:
        """Raw scores of hybrids; row i depends on row i alone.

        Args:
            features: N applicants.
            own_groups: 1 where a hybrid's group is the applicant's own, int64 of shape (LANES, G).

        Returns:
            float64 of shape (N, LANES).
        """
        scores = np.empty((len(features), LANES))
        log_odds = np.empty((len(features), LANES), dtype=np.float32)
        score_hybrids(
            features.tree_features,
            read_only(features.recent),
            self.encoder.arrays,
            self.forest.condition_arrays,
            self.forest.tree_arrays,
            self.contract.tree_feature_groups[self.forest.count_features],
            self.contract.business_groups.index(DEPTH_GROUP),
            (self.reference.counts[None, :], self.reference.recent),
            own_groups,
            scores,
            log_odds,
        )
        return self.blend.raw_scores(scores, log_odds)
