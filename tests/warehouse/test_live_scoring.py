"""Records that are not in the warehouse: same scores as the table, and nothing left out silently."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.installation import Installation, raw_columns, real_products

from models_ml.features.contract import read_contract, record_columns
from models_ml.live.compiled_sql import FOLDER, read_live_sql
from models_ml.live.records import Records
from models_ml.live.scoring import LiveScoring
from models_ml.registry.loading import load_scorer
from models_ml.registry.pointers import champion_path
from models_ml.scoring.scorer import Scorer

OF_THE_CALL = ["run_id", "scored_at"]
SAMPLE = 300


@pytest.fixture(scope="module")
def scorer(finished_run: Installation) -> Scorer:
    settings = finished_run.settings
    return load_scorer(champion_path(settings.artifacts), read_contract(settings.dictionary))


@pytest.fixture(scope="module")
def live(finished_run: Installation) -> LiveScoring:
    settings = finished_run.settings
    return LiveScoring(read_live_sql(settings), read_contract(settings.dictionary))


@pytest.fixture(scope="module")
def products(finished_run: Installation) -> pd.DataFrame:
    """Raw rows of simulated applicants and of all real ones."""
    simulated = pd.concat(
        pd.read_parquet(path) for path in finished_run.raw.glob("train_data_[0-9]*.pq")
    )
    chosen = np.random.default_rng(5).choice(simulated["id"].unique(), SAMPLE, replace=False)
    chosen_rows = simulated[simulated["id"].isin(chosen)]
    return pd.concat([real_products()[raw_columns()], chosen_rows[raw_columns()]])


def to_records(products: pd.DataFrame, live: LiveScoring) -> Records:
    columns = list(record_columns(live.contract))
    return Records(np.ascontiguousarray(products[columns].to_numpy(np.int64).T))


def table_rows(run: Installation, ids: list[int]) -> pd.DataFrame:
    rows = run.query(f"from applicant_scores where id in ({', '.join(map(str, ids))})")
    return rows.set_index("id").loc[ids].reset_index().drop(columns=OF_THE_CALL)


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Equal to the last bit, arrays too."""
    assert list(left.columns) == list(right.columns)
    for name in left.columns:
        ours, theirs = left[name].tolist(), right[name].tolist()
        assert [np.asarray(value).tolist() for value in ours] == [
            np.asarray(value).tolist() for value in theirs
        ], name


@pytest.mark.fault("F44")
def test_scores_equal_the_table_in_every_column(
    finished_run: Installation, live: LiveScoring, scorer: Scorer, products: pd.DataFrame
) -> None:
    shuffled = products.sample(frac=1, random_state=3)
    result = live.score([to_records(shuffled, live)], scorer)[0]
    assert not result.broken
    scores = result.scores.to_pandas()
    # In the order of each id's first record.
    assert scores["id"].tolist() == shuffled["id"].drop_duplicates().tolist()
    same(scores.drop(columns=OF_THE_CALL), table_rows(finished_run, scores["id"].tolist()))


@pytest.mark.fault("F44")
@pytest.mark.parametrize("n_applicants", [1, 2047, 2048, 2049])
def test_a_request_about_as_long_as_a_vector_scores_as_the_table(
    finished_run: Installation, live: LiveScoring, scorer: Scorer, n_applicants: int
) -> None:
    """DuckDB computes vectors of 2,048 rows."""
    parts = (pd.read_parquet(path) for path in finished_run.raw.glob("train_data_[0-9]*.pq"))
    everyone = pd.concat(parts)
    chosen = np.sort(everyone["id"].unique())[:n_applicants]
    records = to_records(everyone[everyone["id"].isin(chosen)].sort_values("id"), live)
    scores = live.score([records], scorer)[0].scores.to_pandas()
    assert len(scores) == n_applicants
    same(scores.drop(columns=OF_THE_CALL), table_rows(finished_run, chosen.tolist()))


def test_gathered_requests_score_as_each_alone(
    live: LiveScoring, scorer: Scorer, products: pd.DataFrame
) -> None:
    ids = products["id"].unique()
    # The same id in two requests with other products: two applicants.
    parts = [products[products["id"].isin(ids[i : i + 3])] for i in range(0, 30, 2)]
    parts.append(products[products["id"] == ids[0]].head(1))
    requests = [to_records(part, live) for part in parts]
    together = live.score(requests, scorer)
    for request, result in zip(requests, together, strict=True):
        alone = live.score([request], scorer)[0]
        assert result.broken == alone.broken == ()
        same(
            result.scores.to_pandas().drop(columns=OF_THE_CALL),
            alone.scores.to_pandas().drop(columns=OF_THE_CALL),
        )


def test_a_plan_made_for_some_records_is_right_for_others(
    finished_run: Installation, scorer: Scorer, products: pd.DataFrame
) -> None:
    """A plan must not rest on the values that were there first: one applicant, then many others, then none."""
    settings = finished_run.settings
    live = LiveScoring(read_live_sql(settings), read_contract(settings.dictionary))
    ids = products["id"].unique().tolist()
    for chosen in (ids[:1], ids[1:], ids[:1], []):
        records = to_records(products[products["id"].isin(chosen)], live)
        scores = live.score([records], scorer)[0].scores.to_pandas()
        assert scores["id"].tolist() == chosen
        if chosen:
            same(scores.drop(columns=OF_THE_CALL), table_rows(finished_run, chosen))


def test_broken_records_are_named_and_spoil_nothing_else(
    live: LiveScoring, scorer: Scorer, products: pd.DataFrame
) -> None:
    id_ = products["id"].iloc[0]
    good = to_records(products[products["id"] == id_], live)
    columns = record_columns(live.contract)
    n = len(good)
    bad = Records(np.hstack([good.values, good.values[:, :1], good.values[:, :4]]))
    values = bad.values
    values[1, n + 1 :] = 200 + np.arange(4)  # products of their own
    values[columns.index("pre_util"), n + 1] = 256
    values[columns.index("rn"), n + 2] = 0
    values[columns.index("id"), n + 3] = -5
    values[columns.index("pre_loans5"), n + 4] = 10**12
    other, mixed = live.score([good, bad], scorer)
    assert [(item.position, item.column) for item in mixed.broken] == [
        (0, "id, rn"),
        (n, "id, rn"),
        (n + 1, "pre_util"),
        (n + 2, "rn"),
        (n + 3, "id"),
        (n + 4, "pre_loans5"),
    ]
    assert all(item.problem for item in mixed.broken)
    # The other request is as alone; the applicant is scored by the records that are left.
    assert other.broken == ()
    assert other.scores["id"].to_pylist() == [id_]
    rest = Records(np.ascontiguousarray(good.values[:, 1:]))
    same(
        mixed.scores.to_pandas().drop(columns=OF_THE_CALL),
        live.score([rest], scorer)[0].scores.to_pandas().drop(columns=OF_THE_CALL),
    )


def test_an_applicant_without_usable_record_is_reported(live: LiveScoring, scorer: Scorer) -> None:
    values = np.zeros((len(record_columns(live.contract)), 1), np.int64)
    values[0] = 7
    result = live.score([Records(values)], scorer)[0]
    assert [item.column for item in result.broken] == ["rn"]
    assert len(result.scores) == 0


def test_compiled_sql_is_kept_until_the_project_changes(
    finished_run: Installation, live: LiveScoring
) -> None:
    kept = list((finished_run.home / FOLDER).iterdir())
    assert len(kept) == 1
    written = kept[0].stat().st_mtime_ns
    sql = read_live_sql(finished_run.settings)
    assert kept[0].stat().st_mtime_ns == written
    names = [name for name, _ in sql.views]
    assert len(names) == len(set(names))
    assert names.index("base_bureau__credit_products") < names.index("quarantined_credit_products")
    assert names[-1] == "applicant_features"
    # Of files only the raw parts are read, and live records take their place.
    assert not any("read_" in query.replace(sql.products, "") for _, query in sql.views)


@pytest.mark.fault("F49")
def test_sql_in_memory_reads_no_file(live: LiveScoring) -> None:
    plans = (live._any_records, live._unique_records)
    for connection in (live._scores, *(plan._connection for plan in plans)):
        with pytest.raises(Exception, match="disabled"):
            connection.execute("select * from read_csv('/etc/passwd')")
        with pytest.raises(Exception, match="locked"):
            connection.execute("set enable_external_access = true")
