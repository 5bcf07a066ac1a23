"""Scores records that are not in the warehouse, with the SQL and the model that fill the table."""

__all__ = ["compiled_sql", "plan", "record_files", "records", "score_file", "scoring"]
