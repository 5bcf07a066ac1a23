"""The features of an applicant: their contract, their rows as matrices, their packed record."""

__all__ = ["batch", "contract", "packing", "roles"]
