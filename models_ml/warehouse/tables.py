"""Reading outcomes and features from the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from models_ml.errors import InputDataError, MissingInputError
from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract

READ_ROWS = 50_000
SPLITS = ("train", "early_stopping", "calibration", "out_of_time")


@dataclass(frozen=True)
class Outcomes:
    """How N applicants with features turned out, oldest first.

    Attributes:
        ids: Ascending application numbers, int64 of shape (N,).
        defaulted: 0 or 1, uint8 of shape (N,).
        splits: Name of the slice, one of `SPLITS`, str of shape (N,).
    """

    ids: np.ndarray
    defaulted: np.ndarray
    splits: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def read_outcomes(connection: duckdb.DuckDBPyConnection) -> Outcomes:
    """Read who defaulted and who belongs to which slice, oldest applicant first.

    Raises:
        MissingInputError: The tables are not built yet.
        InputDataError: A flag is not 0 or 1, an applicant occurs twice, or has no features.
    """
    try:
        table = connection.execute(
            """
            select outcomes.id, outcomes.defaulted, outcomes.split, features.id is not null as known
            from applicant_outcomes as outcomes
            left join (select id from applicant_features) as features on outcomes.id = features.id
            order by outcomes.id
            """
        ).fetchnumpy()
    except duckdb.CatalogException as error:
        raise MissingInputError(
            "The warehouse has no table applicant_features or applicant_outcomes yet; build them "
            "with: scorehouse run"
        ) from error
    ids, flags = np.ma.getdata(table["id"]), np.ma.filled(table["defaulted"].astype(float), np.nan)
    wrong = np.flatnonzero(~np.isin(flags, (0, 1)))
    if len(wrong):
        raise InputDataError(
            f"Applicant {ids[wrong[0]]} has the outcome {flags[wrong[0]]:g}, expected 0 or 1; fix "
            "train_target.csv and build again with: scorehouse run"
        )
    twice = np.flatnonzero(np.diff(ids) == 0)
    if len(twice):
        raise InputDataError(
            f"Applicant {ids[twice[0]]} has two outcomes or two feature rows; fix "
            "train_target.csv and build again with: scorehouse run"
        )
    known = np.ma.getdata(table["known"]).astype(bool)
    splits = np.ma.getdata(table["split"]).astype(str)
    return Outcomes(ids[known], flags[known].astype(np.uint8), splits[known])


def stream_features(
    connection: duckdb.DuckDBPyConnection, contract: FeatureContract, ids: np.ndarray
) -> Iterator[FeatureBatch]:
    """Read the features of given applicants in batches, so that memory does not grow with their number.

    Args:
        connection: The warehouse.
        contract: The contract the table must follow.
        ids: Ascending application numbers, int64 of shape (N,).

    Yields:
        Features in the order of ``ids``, at most `READ_ROWS` applicants at a time.

    Raises:
        InputDataError: The table has other columns than the contract, or a value is missing.
    """
    check_feature_table(connection, contract)
    columns = ", ".join(f"features.{name}" for name in contract.data_types)
    query = f"""
        select {columns}
        from applicant_features as features
        inner join wanted on features.id = wanted.id
        where features.id between ? and ?
        order by features.id
    """  # noqa: S608  column names come from the contract, not from a user
    for start in range(0, len(ids), READ_ROWS):
        piece = ids[start : start + READ_ROWS]
        connection.register("wanted", pa.table({"id": piece}))
        table = connection.execute(query, [int(piece[0]), int(piece[-1])]).to_arrow_table()
        connection.unregister("wanted")
        yield features_from_arrow(table.combine_chunks().to_batches()[0], contract)


def read_features(
    connection: duckdb.DuckDBPyConnection, contract: FeatureContract, ids: np.ndarray
) -> FeatureBatch:
    """As `stream_features`, in one piece."""
    batches = list(stream_features(connection, contract, ids))
    return FeatureBatch(
        ids=np.concatenate([batch.ids for batch in batches]),
        tree_features=np.concatenate([batch.tree_features for batch in batches]),
        recent=np.concatenate([batch.recent for batch in batches]),
    )


def check_feature_table(connection: duckdb.DuckDBPyConnection, contract: FeatureContract) -> None:
    """Refuse a feature table that has other columns or types than the contract.

    Raises:
        InputDataError: It has; the message names the columns.
    """
    found = dict(
        connection.execute(
            "select column_name, lower(data_type) from duckdb_columns() "
            "where table_name = 'applicant_features'"
        ).fetchall()
    )
    wrong = [
        f"{name}: {expected} / {found.get(name, 'missing')}"
        for name, expected in contract.data_types.items()
        if found.get(name) != expected
    ]
    if wrong:
        raise InputDataError(
            "The table applicant_features does not follow the feature contract "
            f"(expected / found: {'; '.join(wrong)}). Rebuild it with: scorehouse run --full-refresh"
        )
