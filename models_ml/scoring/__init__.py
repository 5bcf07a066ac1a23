"""From a feature row to PD, points, band and reasons, with numpy and compiled kernels only."""

__all__ = [
    "attribution",
    "blend",
    "calibration",
    "decision_policy",
    "encoder",
    "model_checks",
    "reasons",
    "scorecard",
    "scorer",
    "trees",
]
