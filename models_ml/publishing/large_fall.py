"""A large fall in applicants or products stops publication: parts that did not arrive leave no other trace.

Applicants who are gone count too where as many others have come: a night with a new part may lack an old one.

What is about to be published is compared with what readers have, the published file itself. A run that was refused
published nothing, so the next one is measured against the same file: waiting a night confirms nothing.
"""

from __future__ import annotations

import math

import duckdb
import yaml

from models_ml.errors import BuildError, UsageError
from models_ml.publishing.files import SERVING_FILE
from models_ml.runtime.console import console
from models_ml.settings import Settings
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
"""What is counted, and the queries that count it in the working warehouse, to which the published file is attached as
``published``, and in that file."""


def check_large_fall(settings: Settings, allowed: float | None = None) -> None:
    """Refuse to publish far fewer applicants or products than are published.

    Args:
        settings: Where the working warehouse and the published files are.
        allowed: The largest share by which a number may fall, 0 to 1; the var of the dbt project when None.

    Raises:
        BuildError: A number fell by more; what was published before is untouched.
        UsageError: The var is no share.
    """
    allowed = _share(settings) if allowed is None else allowed
    for what, (n_now, n_before) in _counts(settings).items():
        fall = 1 - n_now / n_before if n_before else 0.0
        if not fall <= allowed:  # NaN allows nothing
            confirmed = math.ceil(fall * 100) / 100
            raise BuildError(
                f"Not published: {n_now:,} {what} now, {n_before:,} in the published file, a fall of {fall:.1%}; "
                f"allowed is {allowed:.1%} (var {VARIABLE}). What was published before is unchanged. Look whether "
                "every raw part has arrived; if the fall is right, confirm it once with: "
                f"scorehouse run --largest-fall {confirmed:g}"
            )


def _share(settings: Settings) -> float:
    """The var of the dbt project."""
    path = settings.dbt_project / "dbt_project.yml"
    share = yaml.safe_load(path.read_text(encoding="utf-8"))["vars"].get(VARIABLE)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UsageError(
            f"var {VARIABLE}: expected a number between 0 and 1, found {share!r}; mend it in {path}"
        )
    return float(share)


def _counts(settings: Settings) -> dict[str, tuple[int, int]]:
    """Each number, now and in the published file; none when there is nothing to compare with."""
    path = settings.published / SERVING_FILE
    if not path.is_file():
        return {}
    with open_warehouse(settings) as connection:

        def count(query: str) -> int:
            return int(connection.execute(query).fetchall()[0][0])

        try:
            connection.execute(f"attach '{path}' as published (read_only)")
            before = {what: count(query) for what, (_, query) in COUNTS.items()}
        except duckdb.Error as error:  # publishing mends it
            console.print(
                f"  warning: {path} cannot be read ({str(error).splitlines()[0]}), so nobody can say whether "
                "applicants or products have become fewer."
            )
            return {}
        return {what: (count(query), before[what]) for what, (query, _) in COUNTS.items()}
