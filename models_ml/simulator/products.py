"""Credit products: when they were opened, of which type, for how long, and whether they are closed.

Everything is modelled as days and cut into the published bins, so the arithmetic of the columns
(age = time on book + time since closing; time to planned closing = planned term - age) ties them
together as in a real bureau.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models_ml.simulator.cut_points import Board, Mask, Scores
from models_ml.simulator.population import Population

CONSUMER, CARD, MICROLOAN = 4, 3, 5
# Ladders read off the 254 real rows: age by the order of rn, the others by the ages, terms and
# months of record of the rows that carry the code. Bins 1 of the planned and 11 of the actual
# closing date hold zero days.
AGE = (12, 19, 7, 9, 1, 2, 11, 3, 17, 5, 4, 18, 6, 13, 0, 10, 14, 15, 8, 16)
PLANNED_TERM = (5, 4, 3, 8, 7, 13, 9, 15, 16, 12, 2, 17, 14, 11, 10, 1, 6, 0)
ACTUAL_TERM = (4, 8, 3, 5, 11, 6, 2, 0, 12, 9, 15, 10, 14, 16, 7, 13, 1)
TO_PLANNED_END = (4, 9, 6, 13, 3, 5, 16, 11, 15, 2, 7, 1, 12, 8, 14, 10, 0)
TO_ACTUAL_END = (9, 1, 13, 3, 5, 10, 7, 12, 0, 14, 6, 15, 2, 11, 8, 4)
CONFIRMED = (9, 5, 0, 2, 10, 16, 6, 13, 1, 3, 12, 8, 11, 17, 14, 15, 4, 7)

# Age in days at quantiles of all products, from the months of record that each age bin shows in
# the real rows.
AGE_QUANTILE = np.array([0, 0.037, 0.084, 0.134, 0.184, 0.234, 0.29, 0.34, 0.5, 0.7, 0.9, 1.0])
AGE_DAYS = np.array([1, 34, 125, 220, 310, 400, 500, 620, 1000, 1650, 2700, 4200])


# Typical planned term in days and its spread on the log scale, by code of the credit type.
TERM_DAYS = np.array([900.0, 500.0, 900.0, 950.0, 420.0, 24.0, 420.0, 420.0], dtype=np.float32)
TERM_SPREAD = np.array([0.9, 1.2, 0.8, 0.9, 0.85, 0.9, 0.85, 0.85], dtype=np.float32)

LENDERS = 6  # per credit type
_BOOK = np.random.default_rng(5).standard_normal((5, 8 * LENDERS)).astype(np.float32)
LENDER = dict(zip(("lag", "cost", "term", "due", "limit"), _BOOK, strict=True))
"""Habits of each lender, indexed by type * LENDERS + lender."""


@dataclass(frozen=True)
class Products:
    """Latent facts of the product rows of a block; every array has shape (rows,).

    Attributes:
        kind: Published code of the credit type.
        lender: Index of the lender into ``LENDER``.
        age: Days since opening.
        planned: Planned term in days.
        actual: Actual (or expected) term in days.
        closed: The product is closed.
        status: Published code of the credit status.
        unplanned: The planned term is undefined (``pclose_flag``).
        ongoing: The actual term is undefined (``fclose_flag``).
    """

    kind: NDArray[np.uint8]
    lender: NDArray[np.intp]
    age: Scores
    planned: Scores
    actual: Scores
    closed: Mask
    status: NDArray[np.uint8]
    unplanned: Mask
    ongoing: Mask


def _normal(rng: np.random.Generator, rows: int) -> Scores:
    return rng.standard_normal(rows, dtype=np.float32)


def opening_ages(rng: np.random.Generator, people: Population) -> Scores:
    """Draw days since opening, falling within an applicant as ``rn`` grows.

    Products come in bursts: with some chance one takes over the opening date of a neighbour, more
    so for users of microloans.
    """
    rows = len(people.owner)
    score = 0.5 * people.of("history") + np.float32(np.sqrt(0.75)) * _normal(rng, rows)
    neighbour = np.maximum(np.arange(rows) - 1, 0)
    burst = (rng.random(rows) < 0.10 + 0.10 * (people.of("microloans") > 1.0)) & (people.rn > 1)
    score = np.where(burst, score[neighbour] + 0.05 * _normal(rng, rows), score)
    by_age = np.lexsort((-score, people.owner))
    days = np.interp(ndtr(score[by_age]), AGE_QUANTILE, AGE_DAYS)
    return np.asarray(days, dtype=np.float32)


def credit_types(
    rng: np.random.Generator, board: Board, people: Population, age: Scores
) -> NDArray[np.uint8]:
    """Split the products into types, the rarest first; consumer credit is what is left."""
    share = board.facts.share["enc_loans_credit_type"]
    rows = len(age)
    youth = -np.log(age / 1000.0)
    pull = {
        MICROLOAN: 3.2 * people.of("microloans") + 0.35 * youth + _normal(rng, rows),
        6: 1.0 * people.of("joint") + 0.3 * youth + _normal(rng, rows),
        7: 0.5 * people.of("thin") - 0.1 * youth + _normal(rng, rows),
        0: 1.2 * people.of("joint") + 0.5 * people.of("wealth") + _normal(rng, rows),
        2: 0.6 * people.of("wealth") - 0.4 * people.of("risk") + _normal(rng, rows),
        1: 0.7 * people.of("thin") + _normal(rng, rows),
        CARD: 0.75 * people.of("cards") + 0.1 * youth + _normal(rng, rows),
    }
    kind = np.full(rows, CONSUMER, dtype=np.uint8)
    for code, score in pull.items():
        free = kind == CONSUMER
        kind[board.cuts.top(f"type {code}", score.astype(np.float32), share[code], free)] = code
    board["enc_loans_credit_type"][:] = kind
    return kind


def lenders(
    rng: np.random.Generator, people: Population, kind: NDArray[np.uint8]
) -> NDArray[np.intp]:
    """Draw the lender of each product: half of them from the house the applicant favours."""
    favourite = rng.integers(0, LENDERS, len(people.ids))[people.owner]
    other = rng.integers(0, LENDERS, len(kind))
    loyal = rng.random(len(kind)) < 0.65
    return kind.astype(np.intp) * LENDERS + np.where(loyal, favourite, other)


def planned_terms(
    rng: np.random.Generator,
    people: Population,
    kind: NDArray[np.uint8],
    lender: NDArray[np.intp],
) -> Scores:
    """Draw planned terms in days, log-normal around a length that depends on the type."""
    noise = 0.5 * people.of("term") + 0.35 * LENDER["term"][lender]
    noise = noise + np.float32(0.75) * _normal(rng, len(kind))
    return np.asarray(np.exp(np.log(TERM_DAYS)[kind] + TERM_SPREAD[kind] * noise), np.float32)


def draw_products(rng: np.random.Generator, board: Board, people: Population) -> Products:
    """Draw the life of every product and fill its type, status, term and date columns."""
    age = opening_ages(rng, people)
    rows = len(age)
    kind = credit_types(rng, board, people, age)
    lender = lenders(rng, people, kind)
    planned = planned_terms(rng, people, kind, lender)
    card, micro = kind == CARD, kind == MICROLOAN

    on_plan = rng.random(rows) < np.where(card, 0.6, 0.98 - 0.28 * (planned > 500))
    early = np.exp(-0.9 * np.abs(_normal(rng, rows) + 0.3 * people.of("early")))
    late = np.exp(0.03 * np.abs(_normal(rng, rows)))
    actual = (planned * np.where(on_plan, late, early)).astype(np.float32)

    share = board.facts.share
    state = share["enc_loans_credit_status"]
    over = np.log(age / actual) - 1.2 * card + 0.4 * micro + 0.6 * _normal(rng, rows)
    over = over + 0.6 * people.of("early")
    closed = board.cuts.top("closed", over.astype(np.float32), state[3] + state[4])
    # A product whose term says otherwise was closed just before, or will be just after, today.
    slack = 0.05 * age * np.abs(_normal(rng, rows))
    actual = np.where(closed, np.minimum(actual, age - slack), np.maximum(actual, age + slack))
    actual = np.maximum(actual, 0.5).astype(np.float32)
    status = _statuses(rng, board, people, closed)

    pull = 1.6 * card + 1.5 * np.isin(kind, (1, 6)) + 0.5 * ~closed - 0.1 * np.log(age / 1000.0)
    pull += 1.0 * people.of("thin") + 0.6 * _normal(rng, rows)
    unplanned = board.cuts.top("unplanned", pull.astype(np.float32), share["pclose_flag"][1])
    pull = 2.6 * ~closed + 1.0 * unplanned + 0.7 * people.of("thin") + _normal(rng, rows)
    ongoing = board.cuts.top("ongoing", pull.astype(np.float32), share["fclose_flag"][1])
    board["pclose_flag"][:] = unplanned
    board["fclose_flag"][:] = ongoing
    products = Products(kind, lender, age, planned, actual, closed, status, unplanned, ongoing)
    _fill_dates(rng, board, people, products)
    return products


def _statuses(
    rng: np.random.Generator, board: Board, people: Population, closed: Mask
) -> NDArray[np.uint8]:
    """Split closed products into repaid (3) and sold (4), open ones into active (2) and rarer."""
    share = board.facts.share["enc_loans_credit_status"]
    rows = len(closed)
    trouble = people.of("lateness") + _normal(rng, rows)
    status = np.where(closed, 3, 2).astype(np.uint8)
    for code, among in ((4, closed), (5, ~closed), (1, ~closed), (6, ~closed), (0, ~closed)):
        score = trouble if code in (4, 5, 0) else _normal(rng, rows)
        free = among & np.isin(status, (2, 3))
        status[board.cuts.top(f"status {code}", score, share[code], free)] = code
    board["enc_loans_credit_status"][:] = status
    return status


def _fill_dates(
    rng: np.random.Generator, board: Board, people: Population, products: Products
) -> None:
    """Fill the seven columns that count days."""
    rows = len(products.age)
    board.ladder("pre_since_opened", AGE, products.age)
    for rule, term, end, days, order, end_order, fixed in (
        (products.unplanned, "pre_pterm", "pre_till_pclose", products.planned, PLANNED_TERM,
         TO_PLANNED_END, (4, 1)),
        (products.ongoing, "pre_fterm", "pre_till_fclose", products.actual, ACTUAL_TERM,
         TO_ACTUAL_END, (8, 11)),
    ):  # fmt: skip
        board.set(term, fixed[0], rule)
        board.set(end, fixed[1], rule)
        board.ladder(term, order, days, ~rule)
        board.ladder(end, end_order, days - products.age, ~rule)
    since_end = np.where(products.closed, products.age - products.actual, 0.0)
    lag = 5.0 + 1.2 * _normal(rng, rows) + 0.9 * people.of("thin") + LENDER["lag"][products.lender]
    lag = np.exp(lag)
    board.ladder("pre_since_confirmed", CONFIRMED, (since_end + lag).astype(np.float32))
