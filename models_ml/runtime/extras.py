"""Optional parts of the installation: what each extra adds to scoring."""

from __future__ import annotations

from importlib.util import find_spec

from models_ml.errors import UsageError

EXTRAS = {
    "train": ("torch", "lightgbm", "sklearn"),
    "tune": ("torch", "lightgbm", "sklearn", "optuna"),
    "serve": ("fastapi", "uvicorn"),
}
"""Modules that each extra installs."""


def missing_modules(extra: str) -> list[str]:
    """Modules of an extra that are not installed."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def need_extra(extra: str) -> None:
    """Refuse a command whose extra is not installed.

    Raises:
        UsageError: A module is missing; the message says how to install it.
    """
    if missing := missing_modules(extra):
        raise UsageError(
            f"This installation has no {' and no '.join(missing)}; install what this command needs with: "
            f"pip install 'scorehouse[{extra}]'"
        )
