"""Fits a model and measures it; the only room that imports torch, LightGBM and scikit-learn."""

__all__ = ["autoencoder", "booster", "data", "fitting", "job", "settings", "tuning"]
