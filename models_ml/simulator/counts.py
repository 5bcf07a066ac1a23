"""Read a simulated folder once, part by part, and count what the check needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models_ml.errors import InputDataError, MissingInputError
from models_ml.simulator.facts import LATER_CODES, MONTHS, SHIFTED_MONTHS, load_facts

DEPENDENCE_APPLICANTS = 60_000  # enough to draw samples of 35 from

RULES: tuple[tuple[str, int, str, int], ...] = (
    ("pclose_flag", 1, "pre_pterm", 4),
    ("pclose_flag", 1, "pre_till_pclose", 1),
    ("fclose_flag", 1, "pre_fterm", 8),
    ("fclose_flag", 1, "pre_till_fclose", 11),
    ("is_zero_util", 1, "pre_util", 16),
    ("is_zero_over2limit", 1, "pre_over2limit", 2),
    ("is_zero_maxover2limit", 1, "pre_maxover2limit", 17),
    ("is_zero_loans530", 1, "pre_loans530", 16),
    ("is_zero_loans90", 1, "pre_loans90", 8),
)
"""(column, code, other column, the code it must then have), from facts/README.md."""


@dataclass
class Tally:
    """Sums over the parts, so that memory does not grow with the number of applicants."""

    rows: NDArray[np.int64]  # (59, 256)
    defaulters: NDArray[np.int64]  # (59, 256), rows that belong to a defaulter
    products: NDArray[np.int64]  # applicants by number of products
    broken: int = 0
    early_unknown: int = 0
    late_unknown: int = 0
    sample: list[NDArray[np.int64]] = field(default_factory=list)


def read_targets(folder: Path) -> NDArray[np.int64]:
    """Read ``train_target.csv``: shape (applicants, 2), id and flag."""
    path = folder / "train_target.csv"
    if not path.exists():
        raise MissingInputError(f"{path} does not exist; write it with: scorehouse simulate")
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)


def _parts(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("train_data_*.pq"), key=lambda path: int(path.stem.split("_")[-1]))
    if not paths:
        raise MissingInputError(
            f"There is no train_data_*.pq in {folder}; write the parts with: scorehouse simulate"
        )
    return paths


def tally_folder(folder: Path, targets: NDArray[np.int64]) -> Tally:
    """Read every part of ``folder`` once; ``targets`` has shape (applicants, 2): id, flag."""
    columns = load_facts().columns
    shape = (len(columns), 256)
    tally = Tally(np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(256, np.int64))
    late_from = targets[0, 0] + len(targets) * 4 // 5
    paths = _parts(folder)
    quota = -(-DEPENDENCE_APPLICANTS // len(paths))  # from every part, as codes drift in time
    for path in paths:
        reader = pq.ParquetFile(path)
        if tuple(reader.schema_arrow.names) != ("id", "rn", *columns):
            raise InputDataError(
                f"{path}: expected the {2 + len(columns)} published columns, found "
                f"{len(reader.schema_arrow.names)}; simulate the folder again."
            )
        sampled = 0
        for batch in reader.iter_batches(batch_size=500_000):
            matrix = np.stack([batch[name].to_numpy() for name in batch.schema.names])
            _add(tally, matrix, targets, late_from)
            if sampled < quota:
                own = matrix[:, matrix[0] < matrix[0, 0] + quota]
                # The last applicant of a batch may continue in the next one.
                tally.sample.append(own[:, own[0] < own[0, -1]])
                sampled += quota
    return tally


def _add(
    tally: Tally, matrix: NDArray[np.int64], targets: NDArray[np.int64], late_from: int
) -> None:
    columns = load_facts().columns
    ids, rn, codes = matrix[0], matrix[1], matrix[2:]
    position = np.searchsorted(targets[:, 0], ids)
    if position.max(initial=0) >= len(targets) or (targets[position, 0] != ids).any():
        raise InputDataError(
            "The parts have ids that are not in train_target.csv; simulate the folder again."
        )
    flag = targets[position, 1].astype(np.float64)
    tally.products += np.bincount(rn, minlength=256)[:256]
    for line, code in enumerate(codes):
        tally.rows[line] += np.bincount(code, minlength=256)
        tally.defaulters[line] += np.bincount(code, flag, minlength=256).astype(np.int64)
    at = {column: line for line, column in enumerate(columns)}
    for column, value, other, must in RULES:
        tally.broken += int(((codes[at[column]] == value) & (codes[at[other]] != must)).sum())
    for month in range(MONTHS):
        status = codes[at[f"enc_paym_{month}"]] - int(month in SHIFTED_MONTHS)
        tally.broken += int(((status < 0) | (status > 3)).sum())
    for column, unknown in LATER_CODES.items():
        found = np.isin(codes[at[column]], unknown)
        tally.early_unknown += int((found & (ids < late_from)).sum())
        tally.late_unknown += int((found & (ids >= late_from)).sum())
