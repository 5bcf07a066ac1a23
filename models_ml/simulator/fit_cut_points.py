"""Learn the cut points and the outcome model on a pilot population.

``python -m models_ml.simulator.fit_cut_points`` writes ``calibration.json`` into this folder.

Its only input are the facts in the package. Cut points give every code its published share of rows. The
outcome weights solve the moment equations "expected share of a code's rows that belong to
defaulters = published default rate", for every code, with the default rate of applicants level in
time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models_ml.runtime.files import write_file
from models_ml.simulator.cut_points import Board, Cuts
from models_ml.simulator.facts import DEFAULT_RATE, Facts, load_facts
from models_ml.simulator.history import draw_history
from models_ml.simulator.outcome import TIME_KNOTS, OutcomeModel, damping, signal_log_odds
from models_ml.simulator.population import Population

PILOT_APPLICANTS = 200_000
PILOT_SEED = 20_261_124
CODES = 32  # room per column in the weight table
STEPS = 25
RIDGE = 125.0
MIN_SHARE = 5e-5  # the rates of rarer codes are noise


def code_counts(board: Board, people: Population) -> NDArray[np.float32]:
    """Count codes per applicant, shape (applicants, 59 * CODES)."""
    applicants = len(people.ids)
    counts = [
        np.bincount(people.owner * CODES + line, minlength=applicants * CODES)
        for line in board.codes
    ]
    return np.concatenate(
        [count.astype(np.float32).reshape(applicants, CODES) for count in counts], axis=1
    )


def time_hats(time: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the piecewise linear basis of ``TIME_KNOTS``, shape (applicants, 11)."""
    step = TIME_KNOTS[1] - TIME_KNOTS[0]
    distance = np.abs(time[:, None] - TIME_KNOTS[None, :]) / step
    return np.asarray(np.clip(1.0 - distance, 0.0, 1.0), dtype=np.float32)


def solve_outcome(
    facts: Facts, board: Board, people: Population, signals: NDArray[np.float64]
) -> OutcomeModel:
    """Solve the moment equations by damped Newton steps."""
    counts = code_counts(board, people)
    seen = np.flatnonzero(counts.sum(axis=0, dtype=np.float64) >= MIN_SHARE * len(people.owner))
    rate = np.zeros(len(facts.columns) * CODES)
    for position, column in enumerate(facts.columns):
        for code, value in facts.default_rate[column].items():
            rate[position * CODES + code] = value
    counts = counts[:, seen]
    hats = time_hats(people.time)
    moments = np.hstack([counts, hats])
    effects = np.hstack([counts * damping(people)[:, None].astype(np.float32), hats])
    rows = counts.sum(axis=0, dtype=np.float64)
    wanted = np.concatenate([rows * rate[seen], hats.sum(axis=0, dtype=np.float64) * DEFAULT_RATE])

    scale = signals.std(axis=0)
    table = np.zeros(len(rate))
    model = OutcomeModel(np.zeros(len(TIME_KNOTS)), table, signals.mean(axis=0), scale)
    offset = signal_log_odds(model, signals)
    weight = np.concatenate([np.zeros(len(seen)), np.full(len(TIME_KNOTS), -4.0)])
    ridge = np.concatenate([np.full(len(seen), RIDGE), np.full(len(TIME_KNOTS), 1e-6)])
    for step in range(STEPS):
        chance = expit(effects @ weight + offset)
        gap = wanted - moments.T @ chance - ridge * weight
        spread = (chance * (1 - chance)).astype(np.float32)
        slope = (moments * spread[:, None]).T @ effects
        move = np.linalg.solve(slope + np.diag(ridge), gap)
        weight += move * min(1.0, 4.0 / max(np.abs(move).max(), 1e-12))
        sys.stderr.write(f"step {step}: largest move {np.abs(move).max():.4f}\n")
        if np.abs(move).max() < 1e-3:
            break
    table[seen] = weight[: len(seen)]
    by_column = table.reshape(len(facts.columns), CODES)
    return OutcomeModel(weight[len(seen) :], by_column, signals.mean(axis=0), scale)


def calibrate(applicants: int = PILOT_APPLICANTS) -> dict[str, dict[str, object]]:
    """Draw the pilot, learn from it and return the content of ``calibration.json``."""
    facts = load_facts()
    rng = np.random.default_rng(PILOT_SEED)
    time = (np.arange(applicants) / applicants).astype(np.float32)
    cuts = Cuts()
    ids = np.arange(applicants, dtype=np.int64)
    people, board, signals = draw_history(rng, ids, time, facts, cuts)
    model = solve_outcome(facts, board, people, signals)
    outcome = {name: np.round(value, 5).tolist() for name, value in vars(model).items()}
    return {"cuts": dict(cuts.table), "outcome": outcome}


if __name__ == "__main__":
    content = json.dumps(calibrate(), separators=(",", ":")).replace('],"', '],\n"')
    write_file(Path(__file__).with_name("calibration.json"), (content + "\n").encode())
