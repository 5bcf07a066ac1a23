"""The raw columns among those of a file, for raw parts and for files that are scored without the warehouse."""

from __future__ import annotations

from collections.abc import Sequence

from models_ml.errors import InputDataError

SHOWN_CHARACTERS = 80
"""Of the names that were found, in a message."""

SHOWN_NAMES = 5
"""Of missing columns, in a message."""


def find_columns(
    found: Sequence[str], expected: Sequence[str], name: str, remedy: str, *, others: bool = False
) -> list[int]:
    """Positions of the expected columns; case is ignored, as DuckDB and Spark do.

    Args:
        found: Names of the columns of a file.
        expected: Names of the columns it must have, in lower case.
        name: What messages call the file.
        remedy: What to do about it, a sentence.
        others: Whether the names of other columns must be unique too.

    Raises:
        InputDataError: A column is missing, or several have its name.
    """
    places: dict[str, list[int]] = {}
    for place, column in enumerate(found):
        places.setdefault(column.lower(), []).append(place)
    for column in places if others else expected:
        alike = [found[place] for place in places.get(column, [])]
        if len(alike) > 1:
            raise InputDataError(
                f"{name}: expected one column {column}, found {', '.join(alike)} (case is ignored). {remedy}"
            )
    if missing := [column for column in expected if column not in places]:
        rest = f" and {len(missing) - SHOWN_NAMES} more" if len(missing) > SHOWN_NAMES else ""
        raise InputDataError(
            f"{name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing[:SHOWN_NAMES])}{rest}; "
            f"expected id, rn and {len(expected) - 2} code columns, found "
            f"{','.join(found)[:SHOWN_CHARACTERS]!r}. {remedy}"
        )
    return [places[column][0] for column in expected]
