"""A table as rows and columns that know how to write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models_ml.report.formats import NOTHING, between, number, share, share_between

Write = Callable[[Any], str]
"""A row in words."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        write: Text of the cell for a row.
        is_text: Words are aligned to the left, numbers to the right.
    """

    name: str
    write: Write
    is_text: bool = False


@dataclass(frozen=True)
class Table:
    """Rows and how they are written."""

    columns: tuple[Column, ...]
    rows: Sequence[Any]

    def cells(self) -> list[tuple[str, ...]]:
        """Texts of each row."""
        return [tuple(column.write(row) for column in self.columns) for row in self.rows]


def words(name: str, key: Any) -> Column:
    """A column of words; a dash where there are none."""
    return Column(name, lambda row: NOTHING if row[key] is None else str(row[key]), is_text=True)


def numbers(name: str, key: Any, digits: int = 0) -> Column:
    """A column of numbers with thousands separated."""
    return Column(name, lambda row: number(row[key], digits))


def ids(name: str, key: Any) -> Column:
    """A column of numbers that are names."""
    return Column(name, lambda row: str(row[key]))


def shares(name: str, key: Any, digits: int = 1) -> Column:
    """A column of shares, in percent."""
    return Column(name, lambda row: share(row[key], digits))


def intervals(low: Any, high: Any, digits: int = 3) -> Column:
    """A column of 95 % intervals."""
    return Column("95 % interval", lambda row: between(row[low], row[high], digits))


def share_intervals(low: Any, high: Any, digits: int = 2) -> Column:
    """A column of 95 % intervals of shares, in percent."""
    return Column("95 % interval", lambda row: share_between(row[low], row[high], digits))
