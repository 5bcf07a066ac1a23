"""The features of an applicant: their contract, feature rows as matrices, and packed records."""

__all__ = ["batch", "contract", "packing", "roles"]
