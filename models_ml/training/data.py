"""The training data: applicants of each slice, and their rows as the booster reads them."""

from __future__ import annotations

import hashlib
from typing import Any

import duckdb
import numpy as np

from models_ml.errors import InputDataError
from models_ml.features.contract import FeatureContract
from models_ml.runtime.console import Progress
from models_ml.scoring.encoder import LOG_ODDS, LOG_ODDS_CHANGE, Encoder, encode
from models_ml.training.booster import BoosterRows
from models_ml.warehouse.sampling import rows_of
from models_ml.warehouse.tables import SPLITS, Outcomes, stream_features

MIN_DEFAULTS = 20
"""Fewest defaulters, and fewest others, that each slice needs."""


def application_times(outcomes: Outcomes) -> np.ndarray:
    """When each applicant applied: 0 = the oldest, 1 = the latest of the train slice and everyone after.

    Later times are all 1, because the train slice says nothing about them.

    Returns:
        float32 of shape (N,), by order of application.
    """
    n_learnt = int(np.flatnonzero(outcomes.splits == "train").max(initial=0)) + 1
    times: np.ndarray = np.minimum(np.arange(1, len(outcomes) + 1) / n_learnt, 1.0)
    return times.astype(np.float32)


def check_slices(outcomes: Outcomes, splits: tuple[str, ...] = SPLITS) -> None:
    """Refuse data on which a model cannot be trained and measured.

    Raises:
        InputDataError: A slice has too few defaulters or too few others.
    """
    for split in splits:
        defaulted = outcomes.defaulted[outcomes.splits == split]
        n_defaulted = int(defaulted.sum())
        if min(n_defaulted, len(defaulted) - n_defaulted) < MIN_DEFAULTS:
            raise InputDataError(
                f"The slice {split!r} has {len(defaulted)} applicants, of whom {n_defaulted} "
                f"defaulted; training needs at least {MIN_DEFAULTS} who did and "
                f"{MIN_DEFAULTS} who did not. Add applicants with known outcomes."
            )


def read_booster_rows(
    connection: duckdb.DuckDBPyConnection,
    contract: FeatureContract,
    outcomes: Outcomes,
    split: str,
    encoder: Encoder,
    n_threads: int,
    progress: Progress,
) -> BoosterRows:
    """Read a slice and encode it piece by piece, so that the products are never all in memory.

    The encoder's log-odds are as of the applicant's own application time; otherwise what is fitted on them would learn
    to distrust them for having drifted since. When the model scores, every applicant applies now.
    """
    rows = rows_of(outcomes, split)
    times = application_times(outcomes)[rows]
    tree_features = np.empty((len(rows), len(contract.tree_feature_names)), dtype=np.uint8)
    log_odds = np.empty(len(rows), dtype=np.float32)
    encoder = encoder.first_numbers(LOG_ODDS_CHANGE + 1)
    start = 0
    for batch in stream_features(connection, contract, outcomes.ids[rows]):
        piece = slice(start, start + len(batch))
        tree_features[piece] = batch.tree_features
        latent = encode(encoder, batch.recent, n_threads)
        log_odds[piece] = latent[:, LOG_ODDS] + (times[piece] - 1) * latent[:, LOG_ODDS_CHANGE]
        start += len(batch)
        progress.advance(len(batch))
    return BoosterRows(tree_features, log_odds, outcomes.defaulted[rows])


def data_facts(connection: duckdb.DuckDBPyConnection, outcomes: Outcomes) -> dict[str, Any]:
    """Fingerprint of the data: the raw files, and which applicants are in which slice."""
    parts = connection.execute(
        "select raw_part, n_rows, content_sha256 from raw_parts order by raw_part"
    ).fetchall()
    slices = {}
    for split in SPLITS:
        rows = rows_of(outcomes, split)
        ids, defaulted = outcomes.ids[rows], outcomes.defaulted[rows]
        slices[split] = {
            "applicants": len(rows),
            "defaulted": int(defaulted.sum()),
            "first_id": int(ids[0]),
            "last_id": int(ids[-1]),
            "sha256": hashlib.sha256(ids.tobytes() + defaulted.tobytes()).hexdigest(),
        }
    return {
        "raw_parts": {part: {"rows": rows, "sha256": sha256} for part, rows, sha256 in parts},
        "slices": slices,
    }
