"""Replay: recompute a past score from the archived model and the stored features, and compare it to the last bit."""

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
    """

    fields: tuple[tuple[str, Any, Any], ...]

    @property
    def differences(self) -> list[str]:
        """Columns whose values differ, with both."""
        return [f"{name}: {was} / {now}" for name, was, now in self.fields if was != now]

    def check(self) -> None:
        """Raise when the two scores are not equal.

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
        at: Time in UTC; the latest score when None.

    Raises:
        MissingInputError: There was no such score, or its features are no longer stored.
        ArtifactError: Its model is not there or damaged.
        BuildError: The stored features are not those that were scored.
    """
    with open_warehouse(settings) as connection:
        recorded = _recorded_score(connection, id_, at)
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
        tuple((name, value, recomputed.get(name, value)) for name, value in recorded.items())
    )


def _recorded_score(
    connection: duckdb.DuckDBPyConnection, id_: int, at: datetime | None
) -> dict[str, Any]:
    try:
        found = connection.execute(
            "select * from applicant_scores_history where id = ? and scored_at <= ? "
            "order by scored_at desc limit 1",
            [id_, at or datetime.max],
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
