"""What every command needs while it runs: progress on standard error, and one run at a time."""

__all__ = ["console", "extras", "lock", "streams"]
