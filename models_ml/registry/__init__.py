"""Trained models on disk: verified, loaded, listed, gated, promoted."""

__all__ = [
    "artifact",
    "catalog",
    "gates",
    "golden_rows",
    "loading",
    "manifest",
    "pointers",
    "promotion",
    "signatures",
]
