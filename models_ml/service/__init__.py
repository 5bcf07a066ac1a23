"""The scoring service: scores new records over HTTP, with the SQL and scorer of the table (extra ``[serve]``)."""

__all__ = ["config", "schemas", "server"]
