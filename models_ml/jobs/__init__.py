"""What a command does from start to end: run, replay, status; and the engine it runs on."""

__all__ = ["engines", "replay", "run", "run_log", "status"]
