"""The ``scorehouse`` command: options in, results on standard output, one sentence and an exit code for a failure."""

from models_ml.cli.app import main

__all__ = ["main"]
