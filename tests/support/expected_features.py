"""The features of hand-made applicants, computed the slow and obvious way."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from support.installation import raw_columns, real_products

from models_ml.features.contract import N_RECENT, PADDING, FeatureContract

CODE_COLUMNS = raw_columns()[2:]


def product(id_: int, rn: int, **codes: int) -> dict[str, int]:
    """A credit product with the commonest codes, unless said otherwise."""
    usual = real_products()[CODE_COLUMNS].mode().iloc[0].astype(int).to_dict()
    return {"id": id_, "rn": rn, **usual, **codes}


def expected_features(
    products: list[dict[str, int]], contract: FeatureContract
) -> dict[int, dict[str, object]]:
    """The same features, computed the slow and obvious way."""
    result: dict[int, dict[str, object]] = {}
    for id_ in {row["id"] for row in products}:
        rows = sorted((r for r in products if r["id"] == id_), key=lambda row: -row["rn"])
        counts: dict[str, list[int]] = {}
        positions: list[list[int]] = []
        for row in rows:
            positions.append(
                [
                    row[c.name]
                    if row[c.name] < c.n_codes and row[c.name] not in c.absent_codes
                    else c.n_codes
                    for c in contract.columns
                ]
            )
        for i, column in enumerate(contract.columns):
            found = Counter(position[i] for position in positions)
            counts[column.name] = [found[k] for k in range(column.n_positions)]
        latest = [code for position in positions[:N_RECENT] for code in position]
        padding = [PADDING] * (N_RECENT * len(contract.columns) - len(latest))
        result[id_] = {"n_products": len(rows), "recent_products": latest + padding, **counts}
    return result


def assert_equal_features(found: pd.DataFrame, expected: dict[int, dict[str, object]]) -> None:
    assert set(found.index) == set(expected)
    for id_, values in expected.items():
        for name, value in values.items():
            assert np.array_equal(found.loc[id_, name], value), (id_, name)
