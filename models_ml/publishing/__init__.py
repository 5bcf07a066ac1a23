"""What readers open: published tables as files and in PostgreSQL."""

__all__ = ["files", "large_fall", "postgres", "reader", "tables"]
