"""Gates: what must hold before another model becomes champion."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError
from models_ml.evaluation.ranking import ECE_BINS
from models_ml.registry.catalog import recorded_estimate, show_model, verify_model
from models_ml.registry.pointers import champion_version

MAX_ECE = 0.003
"""Largest expected calibration error that chance does not explain."""


def refusals(artifacts: Path, version: str) -> list[str]:
    """Reasons not to promote a model; empty when it passes every gate."""
    try:
        verify_model(artifacts, version)
    except ArtifactError as error:
        return [str(error)]
    candidate = show_model(artifacts, version)
    reasons = [*_calibration_gate(candidate)]
    try:
        current = champion_version(artifacts)
        if current is not None and current != version:
            reasons += _quality_gate(candidate, show_model(artifacts, current))
    except ArtifactError as error:
        reasons.append(f"The champion cannot be compared: {error}")
    return reasons


def _quality_gate(candidate: dict[str, Any], champion: dict[str, Any]) -> list[str]:
    """Whether it is worse than the champion by more than both intervals explain."""
    reasons = []
    for name, better in (("auc", 1), ("log_loss", -1)):
        new, old = recorded_estimate(candidate, name), recorded_estimate(champion, name)
        if new is None or old is None:
            reasons.append(f"{name} is not recorded for both models.")
            continue
        # Half the width of a 95% interval is about 1.96 standard errors; variances of independent errors add up.
        noise = math.hypot(new["high"] - new["low"], old["high"] - old["low"]) / 2
        if better * (old["value"] - new["value"]) > noise:
            reasons.append(
                f"{name} {new['value']:.4f} is worse than the champion's {old['value']:.4f} by "
                f"more than noise ({noise:.4f})."
            )
    return reasons


def _calibration_gate(candidate: dict[str, Any]) -> list[str]:
    figures = candidate.get("metrics", {}).get("out_of_time")
    if not figures:
        return ["No out-of-time figures are recorded."]
    rate, n = figures["default_rate"], figures["n_applicants"]
    # Mean absolute error of a bin's default rate under perfect calibration (half-normal), doubled.
    noise = 2 * math.sqrt(2 / math.pi * rate * (1 - rate) * ECE_BINS / n)
    found = figures["ece"]["value"]
    if found <= MAX_ECE + noise:
        return []
    return [
        f"Expected calibration error {found:.4f} is above {MAX_ECE} plus what chance explains "
        f"({noise:.4f})."
    ]
