"""Responses of the service and an example request, as in its OpenAPI document."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, Field

from models_ml.features.contract import FeatureContract, record_columns
from models_ml.scoring.reasons import read_reason_codes
from models_ml.scoring.scorer import THIN_FILE_PRODUCTS

REAL_ROWS = Path(__file__).parent.parent / "facts" / "real_rows.csv"


class Reason(BaseModel):
    """A reason why the risk is not lower."""

    code: str = Field(description="Code in the seed reason_codes.")
    text: str = Field(description="The group of facts, in words.")


class Contribution(BaseModel):
    """What a group of facts adds to the log-odds of default, compared with a reference applicant of good risk."""

    code: str
    text: str
    log_odds: float = Field(description="Above 0 raises the risk, below 0 lowers it.")


class Prediction(BaseModel):
    """Score of one applicant, as in the table applicant_scores."""

    id: int = Field(description="Application number, as sent.")
    pd: float = Field(description="Calibrated probability of default, 0 to 1.")
    score: int = Field(description="Points, higher = safer.")
    risk_band: str = Field(description="A (safest) to G.")
    decision: str = Field(description="approve, refer or decline.")
    expected_loss: float = Field(
        description="PD x loss given default x exposure; the last two are vars of the dbt project."
    )
    reasons: list[Reason] = Field(
        description="The four groups that add most to the risk, largest first."
    )
    contributions: list[Contribution] = Field(description="Contributions of all groups.")
    thin_file: bool = Field(
        description=f"Fewer than {THIN_FILE_PRODUCTS} products: the score rests on little information."
    )
    unseen_codes: int = Field(description="Number of codes that are not in the data dictionary.")
    model_version: str = Field(description="Model that produced the score.")


class Predictions(BaseModel):
    """Scores in the order of each id's first record."""

    predictions: list[Prediction]


class PublishedScore(Prediction):
    """Score of the last published run."""

    scored_at: str = Field(description="Start of the run that scored the applicant, UTC.")


class Problem(BaseModel):
    """A problem with a request."""

    loc: list[str | int] = Field(description="Where: body, records, position, column.")
    msg: str
    type: str


class Refusal(BaseModel):
    """Why a request was refused."""

    detail: list[Problem]


class Status(BaseModel):
    """State of the service."""

    status: str = Field(description="ok, or degraded when the promoted model cannot be loaded.")
    model_version: str
    problem: str | None = Field(description="Why the promoted model cannot be loaded.")
    published: bool = Field(description="Whether scores are published.")


@dataclass(frozen=True)
class Wording:
    """Text of each reason code, in the order of the business groups.

    Attributes:
        texts: Code to text.
    """

    texts: Mapping[str, str]

    @classmethod
    def read(cls, seed: Path, contract: FeatureContract) -> Wording:
        """Read the seed ``reason_codes.csv``."""
        codes = read_reason_codes(seed, contract)
        with seed.open(newline="", encoding="utf-8") as file:
            texts = {row["code"]: row["text"] for row in csv.DictReader(file)}
        return cls({code: texts[code] for code in codes})

    def predictions(self, scores: pa.Table) -> list[dict[str, Any]]:
        """Rows of ``applicant_scores`` in the form of the response."""
        return [self._prediction(row) for row in scores.to_pylist()]

    def published(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """One published row in the form of the response."""
        return {**self._prediction(row), "scored_at": row["scored_at"].isoformat()}

    def _prediction(self, row: Mapping[str, Any]) -> dict[str, Any]:
        same = ("id", "pd", "score", "risk_band", "decision", "expected_loss", "thin_file")
        return {
            **{name: row[name] for name in same},
            "reasons": [{"code": code, "text": self.texts[code]} for code in row["reason_codes"]],
            "contributions": [
                {"code": code, "text": text, "log_odds": value}
                for (code, text), value in zip(
                    self.texts.items(), row["contributions"], strict=True
                )
            ],
            "unseen_codes": row["unseen_code_count"],
            "model_version": row["model_version"],
        }


def example_request(contract: FeatureContract) -> dict[str, Any]:
    """Records of the first real applicant of the published data (CC-BY-4.0, see NOTICE)."""
    names = record_columns(contract)
    with REAL_ROWS.open(newline="", encoding="utf-8") as file:
        rows = [{name: int(row[name]) for name in names} for row in csv.DictReader(file)]
    return {"records": [row for row in rows if row["id"] == rows[0]["id"]]}
