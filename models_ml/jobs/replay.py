"""Replay: recomputes a past score from the archived model and the stored features, and compares it bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from models_ml.errors import BuildError, MissingInputError, UsageError
from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract
from models_ml.features.packing import feature_hashes, unpack
from models_ml.registry.catalog import folder_of
from models_ml.registry.loading import load_scorer
from models_ml.scoring.decision_policy import recorded_policy
from models_ml.settings import Settings
from models_ml.warehouse.connection import open_warehouse


@dataclass(frozen=True)
class Replay:
    """A past score, as recorded and as recomputed.

    Attributes:
        fields: Name, recorded and recomputed value of each column of the score.
        note: What the history cannot tell about this score, a sentence; None when there is nothing.
    """

    fields: tuple[tuple[str, Any, Any], ...]
    note: str | None = None

    @property
    def differences(self) -> list[str]:
        """Columns whose values differ, with both."""
        return [f"{name}: {was} / {now}" for name, was, now in self.fields if was != now]

    def check(self) -> None:
        """Raise when the two scores differ.

        Raises:
            BuildError: They differ; the message names the columns.
        """
        if self.differences:
            raise BuildError(
                "The recomputed score differs from the recorded one (recorded / recomputed): "
                f"{'; '.join(self.differences)}. Install the library versions in the model's manifest "
                "(scorehouse models show VERSION) and replay again; if it still differs, the history "
                "was changed."
            )


def parse_time(text: str) -> datetime:
    """A time given as ISO 8601; without a zone it is UTC.

    Returns:
        The time in UTC, without zone, as the warehouse stores it.

    Raises:
        UsageError: It is not a time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--at: expected a time like 2026-01-31T12:00, found {text!r}.") from error
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def replay_score(settings: Settings, id_: int, at: datetime | None = None) -> Replay:
    """Recompute the score that an applicant had at a given time.

    Args:
        settings: Folders.
        id_: Application number.
        at: Time in UTC, of the last score given by then; the score that `applicant_scores` holds when None.

    Raises:
        MissingInputError: There was no such score, or its features are no longer stored.
        ArtifactError: Its model is not there or damaged.
        BuildError: The stored features are not those that were scored.
    """
    with open_warehouse(settings.warehouse) as connection:
        recorded = _recorded_score(connection, id_, at)
        note = None if at is None else _came_back(connection, recorded)
        scorer = load_scorer(folder_of(settings.artifacts, recorded["model_version"]))
        features = _stored_features(connection, recorded, scorer.contract)
    if feature_hashes(features, scorer.contract) != [recorded["features_hash"]]:
        raise BuildError(
            f"The stored features of applicant {id_} are not the ones that were scored: expected the hash "
            f"{recorded['features_hash']}, found another. The warehouse was changed by hand; restore it from a backup."
        )
    recomputed = scorer.score_batch(features).to_pylist()[0]
    policy = recorded_policy(recorded)
    if policy is None:
        raise BuildError(
            f"The score of applicant {id_} at {recorded['scored_at']} has no policy numbers, and its decision_policy "
            f"is worded in an unknown way: {recorded['decision_policy']!r}. The warehouse was changed by hand; "
            "restore it from a backup."
        )
    recomputed |= {
        "decision": policy.decision(recomputed["pd"]),
        "expected_loss": policy.expected_loss(recomputed["pd"]),
    }
    return Replay(
        tuple((name, value, recomputed.get(name, value)) for name, value in recorded.items()),
        note,
    )


def _recorded_score(
    connection: duckdb.DuckDBPyConnection, id_: int, at: datetime | None
) -> dict[str, Any]:
    """The last score given by then; the one in `applicant_scores` when None.

    A score that came back (a rollback, features or cutoffs that change back) has no new row in the history, and a run
    that failed may have left rows there that never counted.
    """
    try:
        found = connection.execute(
            "select given.* from applicant_scores_history as given "
            "left join applicant_scores as present using (id, features_hash, model_version, decision_policy) "
            "where given.id = $id and given.scored_at <= $at "
            "order by ($present and present.scored_at is not null) desc, given.scored_at desc limit 1",
            {"id": id_, "at": at or datetime.max, "present": at is None},
        ).to_arrow_table()
    except duckdb.CatalogException as error:
        raise MissingInputError(
            "Nothing has been scored yet, so there is nothing to replay; score with: scorehouse run"
        ) from error
    if not found.num_rows:
        when = f" at {at} UTC" if at else ""
        raise MissingInputError(
            f"Applicant {id_} had no score{when}; the table applicant_scores_history of the warehouse "
            "contains every score ever given. Check the id and the time."
        )
    row: dict[str, Any] = found.to_pylist()[0]
    return row


def _came_back(connection: duckdb.DuckDBPyConnection, recorded: dict[str, Any]) -> str | None:
    """A note where an older score than the recorded one counts now: nobody knows since when."""
    present = connection.execute(
        "select scored_at, model_version from applicant_scores where id = ? and scored_at < ?",
        [recorded["id"], recorded["scored_at"]],
    ).fetchall()
    if not present:
        return None
    scored_at, version = present[0]
    return (
        f"the score of {scored_at} by {version} has replaced this one since (a rollback, or features or cutoffs that "
        "changed back) or counted all the time; the history does not say from when on"
    )


def _stored_features(
    connection: duckdb.DuckDBPyConnection, recorded: dict[str, Any], contract: FeatureContract
) -> FeatureBatch:
    """From the feature table if the row is unchanged, else from the archive; equal hashes mean equal contracts."""
    key = [recorded["features_hash"], recorded["id"]]
    where = "from applicant_features where features_hash = ? and id = ?"
    if connection.execute(f"select 1 {where}", key).fetchall():
        columns = ", ".join(contract.data_types)
        rows = connection.execute(f"select {columns} {where}", key).to_arrow_table()
        return features_from_arrow(rows.combine_chunks().to_batches()[0], contract)
    archived = connection.execute(
        "select packed_features from applicant_features_archive where features_hash = ?", key[:1]
    ).fetchall()
    if not archived:
        raise MissingInputError(
            f"The features behind the score of applicant {recorded['id']} at {recorded['scored_at']} are "
            f"no longer stored (features_hash {recorded['features_hash']}): the feature contract changed "
            "since then, or the archive was emptied. Restore a backup of the warehouse from that time."
        )
    return unpack(archived[0][0], recorded["id"], contract)
