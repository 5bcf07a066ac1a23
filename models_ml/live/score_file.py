"""``scorehouse score``: raw records in, scores out, broken records named."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from models_ml.errors import InputDataError, UsageError
from models_ml.features.contract import read_contract
from models_ml.live.compiled_sql import read_live_sql
from models_ml.live.record_files import FORMATS, read_records, write_scores
from models_ml.live.scoring import LiveScoring
from models_ml.registry.loading import load_scorer
from models_ml.registry.pointers import champion_path
from models_ml.runtime.console import Progress, console
from models_ml.settings import Settings

APPLICANTS_AT_ONCE = 20_000
"""Scored by one query, so that memory stays bounded."""

NAMED_RECORDS = 20
"""Most broken records that are named one by one."""


def score_records(settings: Settings, source: str, form: str, target: Path | None) -> None:
    """Score the records of a file, and write what the table ``applicant_scores`` would hold for them.

    As in a run, a record that breaks a rule is left out and named on standard error; the others are used.

    Args:
        settings: Folders; the model is taken from there.
        source: A file, or ``-``.
        form: How to write.
        target: Where to write; None for standard output.

    Raises:
        UsageError: There is no such format.
        InputDataError: Records break a rule: the scores of the others are written nevertheless.
        ArtifactError: There is no usable model.
    """
    if form not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}, found {form!r}.")
    contract = read_contract(settings.dictionary)
    records = read_records(source, contract)
    scorer = load_scorer(champion_path(settings.artifacts), contract)
    scoring = LiveScoring(read_live_sql(settings), contract, threads=2)
    n_applicants = len(records.applicants[0])
    parts, broken = [], []
    with Progress("scoring applicants", n_applicants) as progress:
        for start in range(0, max(n_applicants, 1), APPLICANTS_AT_ONCE):
            part, positions = records.of_applicants(start, start + APPLICANTS_AT_ONCE)
            result = scoring.score([part], scorer)[0]
            parts.append(result.scores)
            broken += [
                (int(positions[item.position]), item.column, item.problem) for item in result.broken
            ]
            progress.set_done(min(start + APPLICANTS_AT_ONCE, n_applicants))
    scores = pa.concat_tables(parts)
    write_scores(scores, form, target)
    for position, column, problem in broken[:NAMED_RECORDS]:
        console.print(f"  record {position} is not used: {column}: {problem}", soft_wrap=True)
    if broken:
        raise InputDataError(
            f"{len(broken)} of {len(records)} records break a rule and are not used; "
            f"{len(scores)} of {n_applicants} applicants are scored, by their other records. "
            "Fix those records and score again."
        )
