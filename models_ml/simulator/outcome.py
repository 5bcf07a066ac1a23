"""True probability of default, from the credit history, its order and a hidden part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models_ml.simulator.cut_points import Board, Scores
from models_ml.simulator.payments import LATE, VERY_LATE, Payments
from models_ml.simulator.population import Population
from models_ml.simulator.products import MICROLOAN, Products

TIME_KNOTS = np.linspace(0.0, 1.0, 11)
SIGNALS = ("hidden", "recency", "interaction", "trend", "drift")
STRENGTH = {"hidden": 0.37, "recency": 0.30, "interaction": 0.2, "trend": 0.15, "drift": 0.2}
RECENCY_PRODUCTS = 2.5  # e-folding number of products in the recency weight


@dataclass(frozen=True)
class OutcomeModel:
    """Calibrated part of the default model.

    Attributes:
        intercept: Log odds at each of ``TIME_KNOTS``, shape (11,).
        code_weight: Log odds per product row and code, shape (59, 32).
        centre: Mean of each signal, shape (5,).
        scale: Standard deviation of each signal, shape (5,).
    """

    intercept: NDArray[np.float64]
    code_weight: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]


def per_applicant(people: Population, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sum row values, shape (rows,), to applicants, shape (applicants,)."""
    starts = np.cumsum(people.products) - people.products
    return np.asarray(np.add.reduceat(values.astype(np.float64), starts))


def damping(people: Population) -> NDArray[np.float64]:
    """Return the factor that keeps the effect of long histories bounded, shape (applicants,)."""
    return 1.0 / np.sqrt(people.products + 3.0)


def draw_signals(
    people: Population,
    products: Products,
    payments: Payments,
    amounts: dict[str, Scores],
) -> NDArray[np.float64]:
    """Return what counts of codes cannot show, shape (applicants, 5), in the order of ``SIGNALS``."""
    from_latest = people.products[people.owner] - people.rn
    weight = np.exp(-from_latest / RECENCY_PRODUCTS)
    weight_sum = per_applicant(people, weight)
    count = people.products.astype(np.float64)

    recent = payments.status[:3]
    late = ((recent == LATE) | (recent == VERY_LATE)).mean(axis=0)
    micro = products.kind == MICROLOAN
    limit, cost, util = amounts["limit"], amounts["cost"], amounts["utilisation"]
    stress = 2.0 * late + 1.2 * micro + 0.4 * np.minimum(util, 3.0) - 0.5 * np.clip(limit, -2, 2)
    recency = per_applicant(people, weight * stress) / weight_sum
    recency -= per_applicant(people, stress) / count

    crossed = np.clip(limit, -2, 2) * np.clip(cost, -2, 2) + 0.8 * np.clip(util, 0, 3) * (
        np.log(products.age / 1000.0)
    )
    interaction = per_applicant(people, weight * crossed) / np.sqrt(weight_sum)
    last = np.cumsum(people.products) - 1
    before = np.maximum(last - 1, np.cumsum(people.products) - people.products)
    trend = np.clip(limit[before] - limit[last], -3, 3).astype(np.float64)
    swing = np.cos(np.pi * people.time)
    drift = swing * per_applicant(people, np.clip(cost, -2, 2) * (products.kind != MICROLOAN))
    drift = drift / np.sqrt(count)
    return np.column_stack([people.traits["risk"], recency, interaction, trend, drift])


def default_probability(
    model: OutcomeModel, board: Board, people: Population, signals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the true default probability, shape (applicants,)."""
    score = np.zeros(board.codes.shape[1])
    for line, weight in zip(board.codes, model.code_weight, strict=True):
        score += weight[line]
    log_odds = np.interp(people.time, TIME_KNOTS, model.intercept)
    log_odds += per_applicant(people, score) * damping(people)
    log_odds += signal_log_odds(model, signals)
    return np.asarray(expit(log_odds))


def signal_log_odds(model: OutcomeModel, signals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds that the signals add, shape (applicants,)."""
    strength = np.array([STRENGTH[name] for name in SIGNALS])
    return np.asarray(((signals - model.centre) / model.scale) @ strength)
