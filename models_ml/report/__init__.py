"""The report: one self-contained HTML file about the model that scores, and one page per applicant on demand."""

__all__ = ["pages"]
