"""What an installation can do besides scoring, by the extras it has."""

from __future__ import annotations

from importlib.util import find_spec

from models_ml.errors import UsageError

EXTRAS = {
    "train": ("torch", "lightgbm", "sklearn"),
    "tune": ("torch", "lightgbm", "sklearn", "optuna"),
    "serve": ("fastapi", "uvicorn"),
}
"""Modules that each extra brings."""


def missing_modules(extra: str) -> list[str]:
    """Modules of an extra that are not installed."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def need_extra(extra: str) -> None:
    """Refuse what needs an extra that is not installed.

    Raises:
        UsageError: It is not; the message says how to install it.
    """
    if missing := missing_modules(extra):
        raise UsageError(
            f"This installation has no {' and no '.join(missing)}; install what this command needs with: "
            f"pip install 'scorehouse[{extra}]'"
        )
