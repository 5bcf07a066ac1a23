"""Performance metrics of a score: AUC, Gini, KS, calibration error, with intervals."""

__all__ = ["metrics", "ranking", "tables"]
