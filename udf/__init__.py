"""The dbt-duckdb plugin that lets SQL call the scorer."""
