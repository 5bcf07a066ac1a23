"""Scoring records that are not in the warehouse, by the SQL and the model of the table."""

__all__ = ["compiled_sql", "plan", "record_files", "records", "score_file", "scoring"]
