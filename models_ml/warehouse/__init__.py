"""The warehouse and the raw files: opening, building with dbt, reading tables."""

__all__ = [
    "connection",
    "csv_files",
    "dbt",
    "outcomes",
    "raw_columns",
    "raw_files",
    "raw_parts",
    "sampling",
    "tables",
]
