"""The scorer: the only place that turns a feature row into a PD with reasons.

The batch table, single applicants, the service and the tests all go through `Scorer`, which needs neither torch nor
LightGBM.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from models_ml.errors import InputDataError
from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract
from models_ml.scoring.attribution import Model, stretched
from models_ml.scoring.calibration import Calibration
from models_ml.scoring.encoder import LOG_ODDS, encode
from models_ml.scoring.reasons import top_reasons
from models_ml.scoring.scorecard import BAND_LETTERS, PointsScale, RiskBands, log_odds

THIN_FILE_PRODUCTS = 3
"""An applicant with fewer products has a thin file."""


@dataclass(frozen=True)
class Scores:
    """Scores of N applicants.

    Attributes:
        raw_scores: Log-odds of default before calibration, float64 of shape (N,).
        log_odds: Log-odds of default, float64 of shape (N,).
        pd: Probability of default, float64 of shape (N,).
        score: Points, int32 of shape (N,).
    """

    raw_scores: np.ndarray
    log_odds: np.ndarray
    pd: np.ndarray
    score: np.ndarray


@dataclass(frozen=True)
class Scorer:
    """One model version.

    Attributes:
        version: Its name.
        contract: Feature contract.
        model: Encoder, trees and reference applicant.
        calibration: From raw score to PD.
        scale: From PD to points.
        bands: From points to risk bands.
        reason_codes: Code of each business group.
    """

    version: str
    contract: FeatureContract
    model: Model
    calibration: Calibration
    scale: PointsScale
    bands: RiskBands
    reason_codes: tuple[str, ...]

    def score(self, features: FeatureBatch) -> Scores:
        """Score N applicants; row i depends on row i alone.

        Raises:
            InputDataError: A latent code is not a finite number; the message names the applicant.
        """
        raw_scores = self.raw_scores(features)
        pd = self.calibration.pd(raw_scores)
        return Scores(raw_scores, log_odds(pd), pd, self.scale.points(pd))

    def raw_scores(self, features: FeatureBatch) -> np.ndarray:
        """Log-odds of default before calibration, float64 of shape (N,)."""
        latent = encode(self.model.encoder, features.recent)
        broken = np.argwhere(~np.isfinite(latent))
        if len(broken):
            row, number = broken[0]
            raise InputDataError(
                f"latent_{number} of applicant {features.ids[row]} is {latent[row, number]}, "
                "expected a finite number. Check recent_products, then train a new model with: "
                "scorehouse train"
            )
        trees = self.model.forest.raw_scores(features.tree_features)
        return self.model.blend.raw_scores(trees, latent[:, LOG_ODDS])

    def contributions(self, features: FeatureBatch, scores: Scores) -> np.ndarray:
        """What each business group adds to the log-odds against the reference applicant.

        Args:
            features: N applicants.
            scores: Their scores.

        Returns:
            float64 of shape (N, G), groups as in ``contract.business_groups``; rows add up to the log-odds of the
            applicant less those of the reference.
        """
        return stretched(
            self.model.shares(features),
            scores.raw_scores - self.reference_scores.raw_scores,
            scores.log_odds - self.reference_scores.log_odds,
        )

    @cached_property
    def reference_scores(self) -> Scores:
        """Scores of the reference applicant, one row."""
        return self.score(self.model.reference.as_batch())

    def warm_up(self) -> None:
        """Score the reference applicant, so that the kernels are compiled before the first query."""
        batch = self.model.reference.as_batch()
        self.contributions(batch, self.score(batch))

    def score_arrow(self, features: pa.StructArray, reasons: bool = True) -> pa.StructArray:
        """Score rows given as an Arrow struct column.

        Args:
            features: Struct with the fields of the feature contract.
            reasons: Whether to return reason codes and contributions, which take most of the time.

        Returns:
            Struct with the fields of `score_types`.
        """
        return self.score_batch(features_from_arrow(features, self.contract), reasons)

    def score_batch(self, batch: FeatureBatch, reasons: bool = True) -> pa.StructArray:
        """As `score_arrow`, for N rows that are already matrices."""
        scores = self.score(batch)
        columns = {
            "pd": pa.array(scores.pd),
            "score": pa.array(scores.score),
            "risk_band": _pick(self.bands.band_numbers(scores.score), tuple(BAND_LETTERS)),
        }
        if reasons:
            found = self.contributions(batch, scores)
            chosen = top_reasons(found)
            columns["reason_codes"] = pa.ListArray.from_arrays(
                pa.array(np.arange(len(batch) + 1, dtype=np.int32) * chosen.shape[1]),
                _pick(chosen.ravel().astype(np.int8), self.reason_codes),
            )
            columns["contributions"] = pa.FixedSizeListArray.from_arrays(
                pa.array(found.ravel()), found.shape[1]
            )
        counts = batch.tree_features
        n_products = counts[:, self.contract.product_count_feature]
        unseen = counts[:, self.contract.other_features].sum(axis=1, dtype=np.int32)
        columns["thin_file"] = pa.array(n_products < THIN_FILE_PRODUCTS)
        columns["unseen_code_count"] = pa.array(unseen)
        first = np.zeros(len(batch), np.int8)
        columns["model_version"] = _pick(first, (self.version,))
        columns["contract_hash"] = _pick(first, (self.contract.sha256,))
        return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def score_both(
    champion: Scorer, challenger: Scorer | None, features: pa.StructArray
) -> pa.StructArray:
    """Scores of two models without reasons; the features are read once.

    Args:
        champion: The model that scores.
        challenger: The model it is compared with, if any.
        features: Struct of shape (N,) with the fields of the feature contract.

    Returns:
        Struct with the fields ``champion`` and ``challenger``, each as `score_types`; the challenger's is NULL when
        there is none.
    """
    batch = features_from_arrow(features, champion.contract)
    ours = champion.score_batch(batch, reasons=False)
    theirs = (
        pa.nulls(len(batch), ours.type)
        if challenger is None
        else challenger.score_batch(batch, reasons=False)
    )
    return pa.StructArray.from_arrays([ours, theirs], names=["champion", "challenger"])


def score_types(contract: FeatureContract, reasons: bool = True) -> dict[str, str]:
    """DuckDB types of the struct that `Scorer.score_arrow` returns."""
    n_groups = len(contract.business_groups)
    explained = {"reason_codes": "varchar[]", "contributions": f"double[{n_groups}]"}
    return {
        "pd": "double",
        "score": "integer",
        "risk_band": "varchar",
        **(explained if reasons else {}),
        "thin_file": "boolean",
        "unseen_code_count": "integer",
        "model_version": "varchar",
        "contract_hash": "varchar",
    }


def _pick(numbers: np.ndarray, names: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(names)).cast(pa.string())
