"""The page of one applicant: score, reasons in words, and the credit products behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from models_ml.errors import UsageError
from models_ml.features.contract import FeatureContract, RawColumn
from models_ml.features.roles import ColumnRoles, PaymentMonth
from models_ml.report.applicant_figures import contribution_figure, standing, standing_figure
from models_ml.report.chart import Chart
from models_ml.report.formats import counted, number, odds, share
from models_ml.report.layout import Tile
from models_ml.report.queries import Row, read
from models_ml.report.tables import Column, Table, numbers, share_intervals, shares, words
from models_ml.scoring.scorecard import BAND_LETTERS

N_CODES = 4
"""Codes shown for each reason."""

PAYMENT_MARKS = (("o", "paid"), ("x", "problem"), ("x", "problem"), (".", "none"))
"""Mark and style of the four payment codes in their order: paid as agreed, two kinds of problem, no record."""

NO_DELAY = "1 when there was no "
"""How the dictionary begins the description of such a flag; the page shows the rest."""


CODES = (
    words("What", "description"),
    words("Column", "column_name"),
    words("Code", "code"),
    numbers("Products", "n_products"),
    shares("Default rate of all with this code", "default_rate"),
    share_intervals("default_rate_low", "default_rate_high", 1),
)


@dataclass(frozen=True)
class Reason:
    """A business group that adds to the risk of an applicant.

    Attributes:
        text: The group in words.
        adverse_action_text: The same as in a letter to the applicant.
        contribution: What it adds to the log-odds of default.
        facts: Readable numbers of the group, each with what it is.
        codes: Codes of the applicant's products that defaulters often have; no rows where the group has no codes.
    """

    text: str
    adverse_action_text: str
    contribution: float
    facts: tuple[tuple[str, str], ...]
    codes: Table


@dataclass(frozen=True)
class Product:
    """A credit product in words.

    Attributes:
        position: Place in the history, 1 = opened first.
        state: Open or closed.
        delays: Past delays.
        payments: Mark and style of each month, newest first.
        payments_in_words: The same for people who do not see the marks.
    """

    position: int
    state: str
    delays: str
    payments: tuple[tuple[str, str], ...]
    payments_in_words: str


@dataclass(frozen=True)
class Applicant:
    """Everything on the page of one applicant.

    Attributes:
        score: Row of the applicant in ``applicant_scores``, and where it stands among all.
        tiles: Key figures.
        cautions: Reasons to treat this score with care, a sentence each.
        reasons: What adds to the risk, most first.
        figures: Contributions, and points among those of all applicants.
        products: Credit products, newest first.
        codes: Their codes as delivered.
    """

    score: Row
    tiles: tuple[Tile, ...]
    cautions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    figures: tuple[Chart, ...]
    products: tuple[Product, ...]
    codes: Table


def read_applicant(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    roles: ColumnRoles,
    applicant_id: int,
) -> Applicant:
    """Read everything about one applicant.

    Raises:
        UsageError: No applicant with that id was scored.
    """
    found = read(connection, "applicant", id=applicant_id)
    if not found:
        raise UsageError(
            f"There is no score for applicant {applicant_id}; expected the id of an applicant with credit "
            "products in the raw files. If the products were delivered recently, score them with: scorehouse run"
        )
    groups = read(connection, "applicant_reasons", id=applicant_id)
    codes = read(connection, "applicant_codes", id=applicant_id, n_most=N_CODES)
    products = read(connection, "applicant_products", id=applicant_id)
    (facts,) = read(connection, "applicant_facts", id=applicant_id)
    named = set(found[0]["reason_codes"])
    return Applicant(
        score=found[0],
        tiles=_tiles(found[0]),
        cautions=tuple(_cautions(found[0])),
        reasons=tuple(
            Reason(
                text=group["text"],
                adverse_action_text=group["adverse_action_text"],
                contribution=group["contribution"],
                facts=tuple(
                    (number(facts[scalar.name]), scalar.description)
                    for scalar in contract.scalars
                    if scalar.business_group == group["business_group"]
                ),
                codes=Table(
                    CODES, [c for c in codes if c["business_group"] == group["business_group"]]
                ),
            )
            for group in groups
            if group["code"] in named and group["contribution"] > 0
        ),
        figures=(contribution_figure(groups), standing_figure(connection, found[0])),
        products=tuple(_product(product, contract, roles) for product in products),
        codes=Table(
            (
                Column("Column", lambda column: column.name, is_text=True),
                Column("Meaning", lambda column: column.description, is_text=True),
                *(Column(f"No. {product['rn']}", _code_in(product)) for product in products),
            ),
            contract.columns,
        ),
    )


def _tiles(score: Row) -> tuple[Tile, ...]:
    return (
        Tile(
            "Points",
            number(score["score"]),
            standing(score),
        ),
        Tile(
            "Probability of default",
            share(score["pd"], 2),
            f"odds of good to bad {odds(score['pd'])}",
        ),
        Tile("Risk band", score["risk_band"], f"{BAND_LETTERS[0]} (safest) to {BAND_LETTERS[-1]}"),
        Tile("Policy decision", score["decision"], score["decision_policy"]),
        Tile("Expected loss", number(score["expected_loss"], 4), "PD × LGD × EAD"),
    )


def _cautions(score: Row) -> Iterator[str]:
    if score["thin_file"]:
        yield "Thin file: very few credit products, so the score rests on little information."
    if score["unseen_code_count"]:
        yield (
            f"The data dictionary lacks {counted(score['unseen_code_count'], 'code')} of this applicant; the model has "
            "learnt nothing about such codes."
        )


def _code_in(product: Row) -> Callable[[RawColumn], str]:
    """Writes the code of a column in this product."""
    return lambda column: str(product[column.name])


def _product(product: Row, contract: FeatureContract, roles: ColumnRoles) -> Product:
    delays = [
        column.description.removeprefix(NO_DELAY)
        for column in contract.columns
        if column.name in roles.no_delay_flags and product[column.name] == 0
    ]
    payments = tuple(_payment(product[month.column], month) for month in roles.payment_months)
    counts = {
        words: sum(style == name for _, style in payments)
        for name, words in (
            ("paid", "paid as agreed"),
            ("problem", "with a problem"),
            ("none", "without a record"),
        )
    }
    return Product(
        position=product["rn"],
        state="open" if product[roles.open_flag] == 1 else "closed",
        delays="; ".join(delays) or "none recorded",
        payments=payments,
        payments_in_words=", ".join(f"{n} {words}" for words, n in counts.items()),
    )


def _payment(code: int, month: PaymentMonth) -> tuple[str, str]:
    place = code - month.paid_code
    return PAYMENT_MARKS[place] if 0 <= place < len(PAYMENT_MARKS) else ("?", "none")
