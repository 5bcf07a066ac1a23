"""Money: limits, outstanding amounts, utilisation, overdue amounts and the cost of the credit."""

from __future__ import annotations

import numpy as np

from models_ml.simulator.cut_points import Board, Mask, Scores
from models_ml.simulator.payments import VERY_LATE, Payments
from models_ml.simulator.population import Population
from models_ml.simulator.products import CARD, LENDER, MICROLOAN, Products

# Ladders ordered by the published default rates: small limits, high utilisation and dear credit
# default more.
LIMIT = (14, 18, 5, 13, 4, 19, 6, 3, 1, 12, 10, 16, 8, 17, 7, 9, 11, 0, 15, 2)
UTILISATION = (16, 4, 8, 5, 13, 12, 2, 19, 10, 0, 7, 9, 1, 15, 11, 18, 3, 6, 17, 14)
OUTSTANDING = (3, 1, 2, 4, 5)
NEXT_PAYMENT = (2, 5, 0, 3, 1, 4, 6)
COST_RATE = (4, 11, 13, 5, 3, 1, 8, 0, 9, 10, 7, 12, 6)
MAX_OVERDUE = (2, 3, 1, 0)
NO_LIMIT_CODES = {"pre_util": 9, "pre_over2limit": 5, "pre_maxover2limit": 4}


def _by_rate(board: Board, column: str, first: int) -> list[int]:
    rate = board.facts.default_rate[column]
    return [first, *sorted((code for code in rate if code != first), key=lambda code: rate[code])]


def draw_amounts(
    rng: np.random.Generator,
    board: Board,
    people: Population,
    products: Products,
    payments: Payments,
) -> dict[str, Scores]:
    """Fill the money columns.

    Returns:
        Latent scores per row: ``limit``, ``utilisation`` and ``cost``, unit free.
    """
    rows = len(products.age)

    def normal() -> Scores:
        return rng.standard_normal(rows, dtype=np.float32)

    card, micro = products.kind == CARD, products.kind == MICROLOAN
    share = board.facts.share
    board["pre_loans_total_overdue"][:] = 0
    board["enc_loans_account_holder_type"][:] = _joint_holder(rng, board, people, products)
    cur = people.of("wealth") + people.of("joint") + 0.5 * normal()
    board.ladder("enc_loans_account_cur", (1, 2, 0, 3), cur.astype(np.float32))

    undefined_share = share["pre_over2limit"][5] - 1e-4
    pull = 2.0 * card + 3.5 * (products.kind == 6) + 0.7 * people.of("cards") + 0.9 * normal()
    no_limit = board.cuts.top("no limit", pull.astype(np.float32), undefined_share)

    limit = (
        1.0 * people.of("wealth")
        - 0.35 * np.log(products.age / 1000.0)
        - 2.2 * micro
        + 0.35 * np.log(products.planned / 400.0)
    )
    limit = limit + 0.5 * LENDER["limit"][products.lender]
    limit = (limit + 0.6 * normal() - 6.0 * (no_limit & (normal() < 1.0))).astype(np.float32)
    board.ladder("pre_loans_credit_limit", LIMIT, limit)

    column = "pre_loans_credit_cost_rate"
    pull = 0.8 * np.log(products.age / 1000.0) + 0.5 * people.of("cost") + normal()
    no_rate = board.cuts.top("no rate", pull.astype(np.float32), share[column][2])
    board.set(column, 2, no_rate)
    cost = (
        0.8 * LENDER["cost"][products.lender]
        + 4.0 * micro
        + 0.45 * people.of("cost")
        - 0.25 * people.of("wealth")
        + 0.6 * normal()
    )
    cost -= 0.3 * np.log(products.age / 1000.0)
    board.ladder(column, COST_RATE, cost.astype(np.float32), ~no_rate)

    util = _utilisation(rng, board, people, products, no_limit)
    outstanding = 4.0 * (util > 0) * ~products.closed + 0.6 * limit + 0.5 * util + 0.6 * normal()
    board.ladder("pre_loans_outstanding", OUTSTANDING, outstanding.astype(np.float32))
    due = (
        1.2 * ~products.closed
        + 0.7 * people.of("cost")
        + 0.7 * LENDER["due"][products.lender]
        + 0.25 * limit
        + 0.2 * cost
        + 0.7 * normal()
    )
    board.ladder("pre_loans_next_pay_summ", NEXT_PAYMENT, due.astype(np.float32))
    _overdue(rng, board, people, products, payments, no_limit)
    return {"limit": limit, "utilisation": util, "cost": cost.astype(np.float32)}


def _joint_holder(
    rng: np.random.Generator, board: Board, people: Population, products: Products
) -> np.ndarray:
    share = board.facts.share["enc_loans_account_holder_type"]
    holder = np.ones(len(products.age), dtype=np.uint8)
    for code in (3, 4, 6, 5, 2, 0):
        pull = 2.2 * people.of("joint") + np.isin(products.kind, (0, 1))
        pull = pull + rng.standard_normal(len(holder), dtype=np.float32)
        free = holder == 1
        holder[board.cuts.top(f"holder {code}", pull.astype(np.float32), share[code], free)] = code
    return holder


def _utilisation(
    rng: np.random.Generator,
    board: Board,
    people: Population,
    products: Products,
    no_limit: Mask,
) -> Scores:
    """Fill ``is_zero_util`` and ``pre_util``; return the latent utilisation, 0 when unused."""
    rows = len(products.age)
    used_share = board.facts.share["is_zero_util"][0] - float(no_limit.mean())
    drawn = 3.0 * ~products.closed + 0.3 * people.of("risk")
    drawn = drawn + 0.8 * rng.standard_normal(rows, dtype=np.float32)
    used = board.cuts.top("used", drawn.astype(np.float32), used_share, ~no_limit)
    left = np.clip(1.0 - products.age / products.planned, 0.0, 1.0)
    level = np.where(products.kind == CARD, 0.5 + 0.4 * people.of("risk"), left)
    level = np.exp(0.8 * level + 0.5 * rng.standard_normal(rows, dtype=np.float32))
    board["is_zero_util"][:] = ~(used | no_limit)
    board.set("pre_util", 16, ~used)
    board.set("pre_util", NO_LIMIT_CODES["pre_util"], no_limit)
    board.ladder("pre_util", UTILISATION, level.astype(np.float32), used)
    return (level * used).astype(np.float32)


def _overdue(
    rng: np.random.Generator,
    board: Board,
    people: Population,
    products: Products,
    payments: Payments,
    no_limit: Mask,
) -> None:
    """Fill the columns of current and largest overdue amounts, also as shares of the limit."""
    rows = len(products.age)
    share = board.facts.share
    very_late = (payments.status == VERY_LATE).sum(axis=0)
    base = 0.4 * payments.strain + 0.2 * very_late + 1.2 * people.of("arrears")
    base = base + 1.0 * np.log(products.age / 1000.0)
    base = base + rng.standard_normal(rows, dtype=np.float32)
    base = base.astype(np.float32)
    board.ladder("pre_loans_max_overdue_sum", MAX_OVERDUE, base)
    for ratio, flag, first in (
        ("pre_over2limit", "is_zero_over2limit", 2),
        ("pre_maxover2limit", "is_zero_maxover2limit", 17),
    ):
        score = base + 0.3 * rng.standard_normal(rows, dtype=np.float32)
        score = (score + 1.5 * (products.status == 5)).astype(np.float32)
        wanted = share[flag][0] - float(no_limit.mean())
        some = board.cuts.top(flag, score, wanted, ~no_limit)
        board[flag][:] = ~(some | no_limit)
        board.set(ratio, first, ~some)
        board.set(ratio, NO_LIMIT_CODES[ratio], no_limit)
        board.ladder(ratio, _by_rate(board, ratio, first), score, some)
