"""A large fall in applicants or products stops publication: it is the only trace of parts that did not arrive.

What is about to be published is compared with the published file itself. A refused run publishes nothing, so the next
one is compared with the same file: a fall is not accepted by waiting a night.
Applicants who are gone count even if as many new ones have come: a night with a new part may lack an old one.
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import yaml

from models_ml.errors import BuildError, UsageError
from models_ml.publishing.files import SERVING_FILE
from models_ml.runtime.console import console
from models_ml.settings import Warehouse
from models_ml.warehouse.connection import open_warehouse

VARIABLE = "largest_fall"
"""Var of the dbt project: the largest share by which a number may fall."""

PRODUCTS = "select coalesce(sum(cast(n_products as bigint) * n_applicants), 0) from "

COUNTS = {
    "applicants": (
        "select count(*) from applicant_scores",
        "select count(*) from published.applicant_scores",
    ),
    # A part that is missing and another one that is new leave the number of applicants as it was.
    "of the published applicants": (
        "select count(*) from published.applicant_scores where id in (select id from applicant_scores)",
        "select count(distinct id) from published.applicant_scores",
    ),
    "credit products": (
        f"{PRODUCTS} products_per_applicant",
        f"{PRODUCTS} published.products_per_applicant",
    ),
}
"""What is counted, and its two queries: on the warehouse with the published file attached as ``published``, and on that
file alone."""


def check_large_fall(warehouse: Warehouse, folder: Path, allowed: float) -> None:
    """Refuse to publish far fewer applicants or products than are published.

    Args:
        warehouse: Has the tables to publish.
        folder: Of the published files.
        allowed: The largest share by which a number may fall, 0 to 1.

    Raises:
        BuildError: A number fell by more; what was published before is unchanged.
    """
    for what, (n_now, n_before) in _counts(warehouse, folder / SERVING_FILE).items():
        fall = 1 - n_now / n_before if n_before else 0.0
        if not fall <= allowed:  # NaN allows nothing
            confirmed = math.ceil(fall * 100) / 100
            raise BuildError(
                f"Not published: {n_now:,} {what} now, {n_before:,} in the published file, a fall of {fall:.1%}; "
                f"{allowed:.1%} is allowed (var {VARIABLE}). What was published before is unchanged. Check whether "
                "every raw part has arrived; if the fall is right, confirm it once with: "
                f"scorehouse run --largest-fall {confirmed:g}"
            )


def default_largest_fall(dbt_project: Path) -> float:
    """The var of the dbt project.

    Raises:
        UsageError: It is not a number between 0 and 1.
    """
    path = dbt_project / "dbt_project.yml"
    share = yaml.safe_load(path.read_text(encoding="utf-8"))["vars"].get(VARIABLE)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UsageError(
            f"var {VARIABLE}: expected a number between 0 and 1, found {share!r}; fix it in {path}"
        )
    return float(share)


def _counts(warehouse: Warehouse, path: Path) -> dict[str, tuple[int, int]]:
    """Each number, now and in the published file; none when there is nothing to compare with."""
    if not path.is_file():
        return {}
    with open_warehouse(warehouse) as connection:

        def count(query: str) -> int:
            return int(connection.execute(query).fetchall()[0][0])

        try:
            connection.execute(f"attach '{path}' as published (read_only)")
            before = {what: count(query) for what, (_, query) in COUNTS.items()}
        except duckdb.Error as error:  # publishing replaces it
            console.print(
                f"  warning: {path} cannot be read ({str(error).splitlines()[0]}), so the number of "
                "applicants and products cannot be compared with it."
            )
            return {}
        return {what: (count(query), before[what]) for what, (query, _) in COUNTS.items()}
