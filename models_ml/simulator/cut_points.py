"""From latent scores to published codes.

A column is a ladder: its codes in the order of the quantity behind them. A score is cut at the
points that give each code its published share of rows. The same generator code learns the cut
points (once, on a pilot population) and applies them (from then on), so the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models_ml.simulator.facts import Facts

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
CutTable = dict[str, list[float]]
OUT_OF_REACH = 1e30  # a cut point no score passes; JSON has no infinity


class Cuts:
    """Named cut points, either learnt from the scores passed in or applied to them."""

    def __init__(self, table: CutTable | None = None) -> None:
        """Start from a calibrated ``table``, or learn a new one when it is ``None``."""
        self.learning = table is None
        self.table: CutTable = {} if table is None else table

    def cut(self, name: str, score: Scores, weights: ArrayLike) -> NDArray[np.intp]:
        """Bin ``score``, shape (rows,), into ``len(weights)`` bins.

        Args:
            name: Key of the cut points.
            score: Latent quantity, any unit.
            weights: Relative size of each bin, lowest scores first; read only while learning.
        """
        if self.learning:
            edges = np.cumsum(np.clip(weights, 0.0, None))
            level = edges[:-1] / max(edges[-1], 1e-12)
            points = np.quantile(score, level) if len(score) else np.zeros(len(level))
            points[level <= 0.0] = -OUT_OF_REACH
            points[level >= 1.0] = OUT_OF_REACH
            self.table[name] = [float(np.float32(point)) for point in points]
        return np.searchsorted(np.asarray(self.table[name], dtype=np.float32), score, side="right")

    def top(self, name: str, score: Scores, share: float, among: Mask | None = None) -> Mask:
        """Mark the rows with the highest scores so that they make up ``share`` of ALL rows.

        Args:
            name: Key of the cut point.
            score: Latent quantity, shape (rows,).
            share: Wanted share of all rows.
            among: Rows that may be marked; all when ``None``.
        """
        rows = np.ones(len(score), dtype=np.bool_) if among is None else among
        marked = np.zeros(len(score), dtype=np.bool_)
        room = float(rows.mean()) if self.learning else 0.0
        marked[rows] = self.cut(name, score[rows], (max(room - share, 0.0), share)) == 1
        return marked


class Board:
    """The code matrix of a block of rows, filled column by column.

    Attributes:
        codes: Shape (59, rows), uint8.
    """

    def __init__(self, facts: Facts, cuts: Cuts, rows: int) -> None:
        self.facts = facts
        self.cuts = cuts
        self.codes = np.zeros((len(facts.columns), rows), dtype=np.uint8)
        self._row_of = {column: position for position, column in enumerate(facts.columns)}

    def __getitem__(self, column: str) -> NDArray[np.uint8]:
        """Return the codes of ``column``, shape (rows,), as a view that can be written to."""
        line: NDArray[np.uint8] = self.codes[self._row_of[column]]
        return line

    def set(self, column: str, code: int, rows: Mask) -> None:
        """Give ``rows`` the fixed ``code`` that a structural rule asks for."""
        self.codes[self._row_of[column]][rows] = code

    def ladder(
        self, column: str, order: Sequence[int], score: Scores, rows: Mask | None = None
    ) -> None:
        """Code ``rows`` by their score so that the whole column has its published shares.

        Args:
            column: Column to fill.
            order: All codes of the column, lowest score first.
            score: Latent quantity, shape (all rows,).
            rows: Rows to code; the others already have the codes a rule gave them.
        """
        target = self._row_of[column]
        line = self.codes[target]
        share = self.facts.share[column]
        wanted = np.array([share[code] for code in order])
        if rows is None:
            line[:] = np.asarray(order, np.uint8)[self.cuts.cut(column, score, wanted)]
            return
        if self.cuts.learning:
            fixed = np.bincount(line[~rows], minlength=256)[np.asarray(order)] / len(line)
            wanted = wanted - fixed
        line[rows] = np.asarray(order, np.uint8)[self.cuts.cut(column, score[rows], wanted)]
