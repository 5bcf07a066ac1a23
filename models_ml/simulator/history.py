"""One block of applicants: traits, products, payments, amounts, default probability, flag."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from models_ml.errors import MissingInputError
from models_ml.simulator.amounts import draw_amounts
from models_ml.simulator.cut_points import Board, Cuts, CutTable, Scores
from models_ml.simulator.facts import LATER_CODES, Facts, load_facts
from models_ml.simulator.outcome import OutcomeModel, default_probability, draw_signals
from models_ml.simulator.payments import draw_payments
from models_ml.simulator.population import Population, draw_population
from models_ml.simulator.products import draw_products

BLOCK = 2_000  # applicants drawn with one random stream
LATER_FROM = 0.8  # application time after which codes unknown to earlier applicants occur
LATER_RATE = 0.004  # share of the rows that are not in the commonest code


@dataclass(frozen=True)
class Calibration:
    """Results of the pilot run: cut points of the ladders and the outcome model."""

    cuts: CutTable
    outcome: OutcomeModel


@dataclass(frozen=True)
class Block:
    """Finished applicants: population, codes of shape (59, rows), PD and flag per applicant."""

    people: Population
    codes: NDArray[np.uint8]
    probability: NDArray[np.float64]
    flag: NDArray[np.int64]


@cache
def load_calibration() -> Calibration:
    """Read the calibration shipped with the package.

    Raises:
        MissingInputError: ``calibration.json`` is not in the installed package.
    """
    source = files("models_ml.simulator") / "calibration.json"
    try:
        stored = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise MissingInputError(
            "calibration.json is missing from models_ml/simulator; write it with: "
            "python -m models_ml.simulator.fit_cut_points"
        ) from missing
    outcome = {name: np.array(values) for name, values in stored["outcome"].items()}
    cuts = {name: [float(point) for point in points] for name, points in stored["cuts"].items()}
    return Calibration(cuts, OutcomeModel(**outcome))


def draw_history(
    rng: np.random.Generator, ids: NDArray[np.int64], time: Scores, facts: Facts, cuts: Cuts
) -> tuple[Population, Board, NDArray[np.float64]]:
    """Draw everything before the outcome: applicants, code matrix and signals (applicants, 5)."""
    people = draw_population(rng, ids, time, facts)
    board = Board(facts, cuts, len(people.owner))
    products = draw_products(rng, board, people)
    payments = draw_payments(rng, board, people, products)
    amounts = draw_amounts(rng, board, people, products, payments)
    return people, board, draw_signals(people, products, payments, amounts)


def draw_block(seed: int, first_id: int, block: int, horizon: int) -> Block:
    """Draw block number ``block``: ``BLOCK`` applicants from ``first_id + block * BLOCK`` on.

    Args:
        seed: Seed of the run.
        first_id: Id of the first applicant of the run.
        block: Block number from 0 on; the random stream depends only on the seed, the first id and it.
        horizon: Id at which application time reaches 1.
    """
    stream = np.random.SeedSequence([seed, first_id, block])
    rng = np.random.Generator(np.random.SFC64(stream))
    ids = first_id + block * BLOCK + np.arange(BLOCK, dtype=np.int64)
    time = np.minimum(ids / horizon, 1.0).astype(np.float32)
    calibration = load_calibration()
    cuts = Cuts(calibration.cuts)
    people, board, signals = draw_history(rng, ids, time, load_facts(), cuts)
    probability = default_probability(calibration.outcome, board, people, signals)
    flag = (rng.random(BLOCK) < probability).astype(np.int64)
    add_later_codes(rng, board, people)
    return Block(people, board.codes, probability, flag)


def add_later_codes(rng: np.random.Generator, board: Board, people: Population) -> None:
    """Let codes unknown to earlier applicants appear, rarely, among the latest fifth.

    They replace codes other than the commonest, so the structural rules still hold.
    """
    late = people.time[people.owner] >= LATER_FROM
    for column, codes in LATER_CODES.items():
        share = board.facts.share[column]
        common = max(share, key=share.__getitem__)
        rows = np.flatnonzero(late & (board[column] != common))
        rows = rows[rng.random(len(rows)) < LATER_RATE]
        board[column][rows] = rng.choice(np.array(codes, dtype=np.uint8), len(rows))
