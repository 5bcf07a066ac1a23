"""Applicants: lasting traits and the number of credit products, drawn before anything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models_ml.simulator.cut_points import Scores
from models_ml.simulator.facts import MAX_PRODUCTS, Facts

TRAITS = ("risk", "history", "microloans", "cards", "wealth", "lateness", "arrears", "cost", "thin",
          "early", "joint", "term")  # fmt: skip
# Loading of each trait on the latent risk; the rest of its unit variance is its own.
ON_RISK = {"microloans": 0.40, "wealth": -0.35, "lateness": 0.45, "history": -0.25, "cost": 0.20}

# How far the mean of a trait moves from the first application to the last.
DRIFT = {"microloans": 0.25, "cards": 0.3, "thin": -0.2, "cost": -0.25}


@dataclass(frozen=True)
class Population:
    """A block of applicants, oldest application first.

    Attributes:
        ids: Shape (applicants,).
        time: Application time, 0 = first and 1 = last application of the run, shape (applicants,).
        products: Number of credit products 1..58, shape (applicants,).
        traits: Standard normal traits by name, each of shape (applicants,).
        owner: Index of the applicant of each product row, shape (rows,).
        rn: Position of the product, 1 = opened first, shape (rows,).
    """

    ids: NDArray[np.int64]
    time: Scores
    products: NDArray[np.int64]
    traits: dict[str, Scores]
    owner: NDArray[np.int64]
    rn: NDArray[np.int64]

    def of(self, trait: str) -> Scores:
        """Return a trait per product row, shape (rows,)."""
        return self.traits[trait][self.owner]


def tail_filled(survival: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace survival values printed as zero by a geometric tail ending at one in 3,000,000."""
    filled = survival.copy()
    first = int(np.argmax(filled <= 0.0))
    filled[first:] = np.geomspace(4.9e-6, 1 / 3_000_000, MAX_PRODUCTS - first)
    return filled


def draw_population(
    rng: np.random.Generator, ids: NDArray[np.int64], time: Scores, facts: Facts
) -> Population:
    """Draw traits and numbers of products for ``ids``, shape (applicants,)."""
    size = len(ids)
    noise = {trait: rng.standard_normal(size, dtype=np.float32) for trait in TRAITS}
    traits = {
        trait: np.float32(load) * noise["risk"] + np.float32(np.sqrt(1 - load**2)) * own
        if (load := ON_RISK.get(trait, 0.0))
        else own
        for trait, own in noise.items()
    }
    for trait, shift in DRIFT.items():
        traits[trait] = traits[trait] + np.float32(shift) * (time - np.float32(0.5))
    activity = 0.4 * traits["history"] + 0.3 * traits["microloans"]
    activity += np.sqrt(1 - activity_variance()) * rng.standard_normal(size)
    below = 1.0 - tail_filled(facts.survival)
    products = np.searchsorted(below, ndtr(activity), side="right").astype(np.int64)
    owner = np.repeat(np.arange(size), products)
    starts = np.cumsum(products) - products
    rn = np.arange(len(owner)) - starts[owner] + 1
    return Population(ids, time, products, traits, owner, rn)


def activity_variance() -> float:
    """Return the variance that history and the taste for microloans give to activity."""
    shared = ON_RISK["history"] * ON_RISK["microloans"]
    return 0.4**2 + 0.3**2 + 2 * 0.4 * 0.3 * shared
