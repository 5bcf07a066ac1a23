"""Monthly payment statuses over 25 months and the counts of delays that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_ml.simulator.cut_points import Board, Scores
from models_ml.simulator.facts import MONTHS, PAYMENTS, SHIFTED_MONTHS
from models_ml.simulator.population import Population
from models_ml.simulator.products import MICROLOAN, Products

ON_TIME, LATE, VERY_LATE, NO_RECORD = 0, 1, 2, 3
GAP_SHARE = (
    11 / 254
)  # rows of the real sample in which a month without record comes before one with
MEMORY = 0.65  # month-to-month correlation of lateness within a product


@dataclass(frozen=True)
class Payments:
    """Payment chain of a block.

    Attributes:
        status: Shape (25, rows): 0 on time, 1 late, 2 very late, 3 no record; month 0 is
            the latest.
        strain: Lasting lateness of the product, standard normal, shape (rows,).
    """

    status: NDArray[np.uint8]
    strain: Scores


def _status_share(board: Board, month: int) -> NDArray[np.float64]:
    shift = int(month in SHIFTED_MONTHS)
    share = board.facts.share[PAYMENTS[month]]
    return np.array([share[code + shift] for code in range(4)])


def recorded_months(
    rng: np.random.Generator, board: Board, people: Population, products: Products, strain: Scores
) -> NDArray[np.bool_]:
    """Mark the months with a record, shape (25, rows): a run from month 0, then nothing.

    A few products break the rule, as in the real rows: their record starts late or has a hole.
    """
    rows = len(products.age)
    on_book = np.where(products.closed, products.actual, products.age)
    months = np.log(on_book) + 0.25 * rng.standard_normal(rows, dtype=np.float32)
    silent = rng.random(rows) < np.where(products.kind == MICROLOAN, 0.06, 0.035)
    months = np.where(silent, months - 4.0, months).astype(np.float32)

    pull = 0.9 * strain + 0.25 * np.log(products.age / 1000) + rng.standard_normal(rows)
    holed = board.cuts.top("hole in record", pull.astype(np.float32), GAP_SHARE)
    start = rng.integers(0, 3, rows)
    stop = start + 1 + (rng.random(rows) ** 0.7 * 20).astype(np.int64)
    last = stop + (rng.random(rows) ** 0.8 * 16).astype(np.int64)

    month = np.arange(MONTHS)[:, None]
    record = np.zeros((MONTHS, rows), dtype=np.bool_)
    holed_record = (month < start[holed]) | ((month >= stop[holed]) & (month <= last[holed]))
    record[:, holed] = holed_record
    if board.cuts.learning:
        wanted = np.array([1.0 - _status_share(board, k)[NO_RECORD] for k in range(MONTHS)])
        reach = np.clip((wanted - record.mean(axis=1)) / (1.0 - holed.mean()), 0.0, 1.0)
        reach = np.minimum.accumulate(reach)
        weights = -np.diff(np.concatenate([[1.0], reach, [0.0]]))
    else:
        weights = np.empty(MONTHS + 1)
    length = board.cuts.cut("months of record", months[~holed], weights)
    record[:, ~holed] = month < length
    return record


def draw_payments(
    rng: np.random.Generator, board: Board, people: Population, products: Products
) -> Payments:
    """Draw the payment chain and fill the 25 ``enc_paym_*`` columns.

    Lateness of a product is its lasting strain plus a month-to-month chain; the published share of
    each status at each month sets the cut points.
    """
    rows = len(products.age)
    strain = 0.55 * people.of("lateness") + np.float32(np.sqrt(1 - 0.55**2)) * rng.standard_normal(
        rows, dtype=np.float32
    )
    record = recorded_months(rng, board, people, products, strain)
    status = np.full((MONTHS, rows), NO_RECORD, dtype=np.uint8)
    chain = rng.standard_normal(rows, dtype=np.float32)
    fresh = np.float32(np.sqrt(1 - MEMORY**2))
    for month in range(MONTHS):
        if month:
            chain *= np.float32(MEMORY)
            chain += fresh * rng.standard_normal(rows, dtype=np.float32)
        held = record[month]
        lateness = np.float32(1.8) * strain[held] + chain[held]
        share = _status_share(board, month)
        late = board.cuts.cut(f"late {month}", lateness, (share[ON_TIME], share[1:3].sum())) == LATE
        # How late is mostly a matter of the month: in the real rows code 2 seldom lasts.
        depth = 0.5 * strain[held][late] + rng.standard_normal(int(late.sum()), dtype=np.float32)
        degree = late.astype(np.uint8)
        degree[late] += board.cuts.cut(f"very late {month}", depth, share[1:3]).astype(np.uint8)
        status[month, held] = degree
        board[PAYMENTS[month]][:] = status[month] + int(month in SHIFTED_MONTHS)
    payments = Payments(status, strain)
    _fill_delays(rng, board, products, payments)
    return payments


# Column of the count, its flag, and the code of "none"; ladders run from few delays to many by
# published default rate.
DELAYS = ("5", "530", "3060", "6090", "90")


def _fill_delays(
    rng: np.random.Generator, board: Board, products: Products, payments: Payments
) -> None:
    """Fill the ``is_zero_loans*`` flags and the counts of delays."""
    rows = len(payments.strain)
    late = (payments.status == LATE).sum(axis=0)
    very_late = (payments.status == VERY_LATE).sum(axis=0)
    holed = (payments.status[:-1] == NO_RECORD) & (payments.status[1:] != NO_RECORD)
    worst = 2.5 * (very_late > 0) + 1.4 * holed.any(axis=0) + 0.5 * payments.strain
    severe = rng.standard_normal(rows, dtype=np.float32)
    old = np.log(products.age / 1000.0)
    worst = worst + 2.0 * old
    pull = {
        "5": 0.8 * (late > 0) + 0.25 * np.log1p(late) + 0.8 * (very_late > 0) + 0.9 * old,
        "530": 2.2 * (late > 0) + 0.3 * np.log1p(late) + 1.5 * (very_late > 0) + 0.9 * old,
        "3060": worst + 1.0 * severe + (very_late > 0) * 3.0,
        "6090": worst + 1.2 * severe,
        "90": worst - 0.3 * np.log1p(late) + 1.4 * severe,
    }
    for name in DELAYS:
        score = (pull[name] + 0.7 * rng.standard_normal(rows, dtype=np.float32)).astype(np.float32)
        flag, count = f"is_zero_loans{name}", f"pre_loans{name}"
        share = board.facts.share[count]
        order = sorted(share, key=lambda code: -share[code])  # the commonest code means none
        any_delay = board.cuts.top(flag, score, board.facts.share[flag][0])
        board[flag][:] = ~any_delay
        board.set(count, order[0], ~any_delay)
        size = 0.5 * late + very_late + 2.0 * rng.standard_normal(rows, dtype=np.float32)
        board.ladder(count, order, size.astype(np.float32), any_delay)
