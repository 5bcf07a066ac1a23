"""How figures are written: the same way in charts, tables and sentences."""

from __future__ import annotations

NOTHING = "–"


def number(value: float | int | None, digits: int = 0) -> str:
    """A number with thousands apart; a dash where there is none."""
    return NOTHING if value is None else f"{value:,.{digits}f}".replace("-", "−")


def share(value: float | None, digits: int = 1) -> str:
    """A share of one as percent."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def plain(value: float) -> str:
    """A number with as many digits as it needs, thousands apart."""
    return f"{value:,.6g}".replace("-", "−")


def percent(value: float) -> str:
    """A share as percent, with as many digits as it needs."""
    return f"{plain(100 * value)} %"


def between(low: float | None, high: float | None, digits: int = 3) -> str:
    """An interval."""
    return (
        NOTHING
        if low is None or high is None
        else f"{number(low, digits)} to {number(high, digits)}"
    )


def share_between(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval of shares."""
    return (
        NOTHING if low is None or high is None else f"{share(low, digits)} to {share(high, digits)}"
    )
