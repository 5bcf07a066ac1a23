"""How figures are written, in charts, tables and sentences alike."""

from __future__ import annotations

from collections.abc import Iterable

NOTHING = "–"
ALMOST = 1e-9
"""Shares this close to 0 or 1 are rounding errors of a sum."""


def number(value: float | int | None, digits: int = 0) -> str:
    """A number with thousands separated; a dash for a missing one."""
    return NOTHING if value is None else f"{value:,.{digits}f}".replace("-", "−")


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent; only a share of exactly 0 is written as 0, and only one of exactly 1 as 100.

    Example:
        >>> share(0.1234), share(0.0), share(0.0001), share(0.99999)
        ('12.3 %', '0.0 %', '< 0.1 %', '> 99.9 %')
    """
    if value is None:
        return NOTHING
    least = 10.0**-digits
    if ALMOST < value < least / 200:
        return f"< {least:.{digits}f} %"
    if 1 - least / 200 < value < 1 - ALMOST:
        return f"> {100 - least:.{digits}f} %"
    return f"{100 * value:.{digits}f} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, and with more digits where it would look like zero.

    Example:
        >>> signed(0.25), signed(-0.0012), signed(1e-9)
        ('+0.25', '−0.001', '≈ 0')
    """
    if not value:
        return "0"
    exact = next((n for n in range(digits, 5) if round(abs(value), n)), None)
    return "≈ 0" if exact is None else f"{value:+,.{exact}f}".replace("-", "−")


def odds(probability: float) -> str:
    """Odds of good to bad, written so that the larger side comes with a 1 on the other.

    Example:
        >>> odds(1 / 51), odds(0.5), odds(0.8)
        ('50.0 to 1', '1.0 to 1', '1 to 4.0')
    """
    bad, good = probability, 1 - probability
    if min(bad, good) <= 0:
        return "no odds"
    larger = max(good / bad, bad / good)
    text = number(larger, 1 if larger < 100 else 0)
    return f"{text} to 1" if good >= bad else f"1 to {text}"


def counted(n: int, noun: str) -> str:
    """A number and its noun, singular or plural."""
    return f"{number(n)} {noun}{'' if n == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def plain(value: float) -> str:
    """A number with as many digits as it needs, thousands separated."""
    return f"{value:,.6g}".replace("-", "−")


def percent(value: float) -> str:
    """A share in percent, with as many digits as it needs."""
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
