"""The scoring service: new records over HTTP, through the same SQL and scorer as the table (extra ``[serve]``)."""

__all__ = ["config", "schemas", "server"]
