"""What every command needs while it runs: progress on standard error, one run at a time, files written whole."""

__all__ = ["console", "extras", "files", "lock", "streams"]
