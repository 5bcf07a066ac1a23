"""The monitoring marts against scikit-learn, scipy and plain counting."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
    roc_curve,
)
from support.installation import Installation

from models_ml.errors import ScorehouseError
from models_ml.evaluation.metrics import measure
from models_ml.features.contract import read_contract
from models_ml.registry.manifest import MANIFEST
from models_ml.registry.pointers import champion_path
from models_ml.warehouse.dbt import run_dbt

EXACT = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def applicants(finished_run: Installation) -> pd.DataFrame:
    """Scores, outcomes and application order, put together without the marts."""
    table = finished_run.query(
        "select s.id, s.pd, s.score, s.risk_band, s.expected_loss, o.defaulted, f.n_products "
        "from applicant_scores as s join applicant_features as f using (id) "
        "left join applicant_outcomes as o using (id) order by s.id"
    )
    slices = manifest(finished_run)["data"]["slices"]
    order = np.arange(len(table)) / len(table)
    last = [slices[split]["last_id"] for split in ("train", "early_stopping", "calibration")]
    names = np.array(["train", "early_stopping", "calibration", "out_of_time"])
    return table.assign(
        time_slice=np.floor(order * 20).astype(int) + 1,
        split=names[np.searchsorted(last, table["id"])],
    )


def manifest(installation: Installation) -> dict:
    return json.loads((champion_path(installation.settings.artifacts) / MANIFEST).read_bytes())


def frozen(installation: Installation) -> dict:
    return json.loads((champion_path(installation.settings.artifacts) / "drift.json").read_bytes())


def test_performance_equals_scikit_learn(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    found = finished_run.query("from model_performance")
    assert (found["scope"] == "split").sum() == 4
    known = applicants.dropna(subset="defaulted")
    assert len(found) == 4 + len(known.groupby(["split", "time_slice"]))
    for row in found.itertuples():
        rows = known[known["split"] == row.split]
        if row.scope == "time_slice":
            rows = rows[rows["time_slice"] == row.time_slice]
        bad, scores = rows["defaulted"].astype(int).to_numpy(), rows["pd"].to_numpy()
        assert (row.n_applicants, row.n_defaulted) == (len(rows), bad.sum())
        assert row.is_unseen_by_model == (row.split == "out_of_time")
        if bad.sum() in (0, len(bad)):
            assert np.isnan(row.auc)
            continue
        false_positive, true_positive, _ = roc_curve(bad, scores)
        auc = roc_auc_score(bad, scores)
        np.testing.assert_allclose(
            [row.auc, row.gini, row.ks, row.average_precision, row.log_loss, row.brier],
            [
                auc,
                2 * auc - 1,
                np.abs(true_positive - false_positive).max(),
                average_precision_score(bad, scores),
                log_loss(bad, scores, labels=[0, 1]),
                brier_score_loss(bad, scores),
            ],
            **EXACT,
        )
        np.testing.assert_allclose(row.mean_pd, scores.mean(), **EXACT)


def test_performance_is_that_of_the_training_job(finished_run: Installation) -> None:
    recorded = manifest(finished_run)["metrics"]["out_of_time"]
    row = finished_run.query(
        "from model_performance where scope = 'split' and split = 'out_of_time'"
    ).iloc[0]
    for figure in ("auc", "gini", "ks", "log_loss", "brier"):
        np.testing.assert_allclose(row[figure], recorded[figure]["value"], **EXACT)
    # Two ways to the same interval: bootstrap there, DeLong's here.
    width = recorded["auc"]["high"] - recorded["auc"]["low"]
    assert row["auc_high"] - row["auc_low"] == pytest.approx(width, rel=0.35)


def test_ks_interval_is_binomial_at_its_own_cutoff(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    rows = applicants[applicants["split"] == "out_of_time"].dropna(subset="defaulted")
    bad = rows.loc[rows["defaulted"] == 1, "pd"].to_numpy()
    good = rows.loc[rows["defaulted"] == 0, "pd"].to_numpy()
    cutoffs = np.unique(rows["pd"])
    bad_above = (bad[:, None] >= cutoffs).mean(axis=0)
    good_above = (good[:, None] >= cutoffs).mean(axis=0)
    at = np.argmax(np.abs(bad_above - good_above))
    p, q = bad_above[at], good_above[at]
    error = np.sqrt(p * (1 - p) / len(bad) + q * (1 - q) / len(good))
    low, high = stats.norm.interval(0.95, abs(p - q), error)
    found = finished_run.query(
        "select ks_low, ks_high from model_performance "
        "where scope = 'split' and split = 'out_of_time'"
    ).to_numpy()[0]
    np.testing.assert_allclose(found, [max(low, 0), min(high, 1)], **EXACT)


def test_auc_interval_is_delongs(finished_run: Installation, applicants: pd.DataFrame) -> None:
    rows = applicants[applicants["split"] == "out_of_time"].dropna(subset="defaulted")
    bad = rows.loc[rows["defaulted"] == 1, "pd"].to_numpy()
    good = rows.loc[rows["defaulted"] == 0, "pd"].to_numpy()
    wins = (bad[:, None] > good) + 0.5 * (bad[:, None] == good)
    error = np.sqrt(
        wins.mean(axis=1).var(ddof=1) / len(bad) + wins.mean(axis=0).var(ddof=1) / len(good)
    )
    low, high = stats.norm.interval(0.95, wins.mean(), error)
    found = finished_run.query(
        "select auc_low, auc_high, gini_low, gini_high from model_performance "
        "where scope = 'split' and split = 'out_of_time'"
    ).to_numpy()[0]
    np.testing.assert_allclose(found, [low, high, 2 * low - 1, 2 * high - 1], **EXACT)


def psi(expected: np.ndarray, n_expected: float, counts: np.ndarray, n_actual: float) -> float:
    actual = np.maximum(counts, 0.5) / n_actual
    smooth = np.maximum(expected, 0.5 / n_expected)
    used = (expected > 0) | (counts > 0)
    return float(((actual - smooth) * np.log(actual / smooth))[used].sum())


def test_score_stability_is_the_psi_over_the_frozen_bins(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    drift = frozen(finished_run)
    expected = np.array(drift["score_shares"])
    assert expected.sum() == pytest.approx(1)
    n_expected = manifest(finished_run)["data"]["slices"]["calibration"]["applicants"]
    found = finished_run.query("from score_stability").set_index(["scope", "member"])
    assert len(found.loc["time_slice"]) == 20
    assert len(found.loc["raw_part"]) == 4
    for scope, member in found.index:
        if scope == "raw_part":
            continue
        rows = applicants if scope == "all" else applicants[applicants["time_slice"] == int(member)]
        bins = np.searchsorted(drift["score_quantiles"], rows["score"], side="right")
        counts = np.bincount(bins, minlength=len(expected))
        row = found.loc[(scope, member)]
        assert row["n_applicants"] == len(rows)
        np.testing.assert_allclose(
            row["psi"], psi(expected, n_expected, counts, len(rows)), **EXACT
        )
        degrees = (expected > 0).sum() - 1
        critical = (1 / len(rows) + 1 / n_expected) * stats.chi2.ppf(0.95, degrees)
        np.testing.assert_allclose(row["critical_value"], critical, **EXACT)


def test_the_critical_value_is_what_chance_exceeds_once_in_twenty() -> None:
    random = np.random.default_rng(4)
    shares, n, m = np.full(20, 0.05), 600, 1500
    drawn = [
        psi(random.multinomial(m, shares) / m, m, random.multinomial(n, shares), n)
        for _ in range(4000)
    ]
    critical = (1 / n + 1 / m) * stats.chi2.ppf(0.95, 19)
    assert np.mean(np.array(drawn) > critical) == pytest.approx(0.05, abs=0.02)


@pytest.mark.fault("F27")
def test_feature_stability_and_unseen_codes_count_the_features(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    shares = frozen(finished_run)["code_shares"]
    n_train = manifest(finished_run)["data"]["slices"]["train"]["applicants"]
    found = finished_run.query("from feature_stability").set_index(["column_name", "time_slice"])
    unseen = finished_run.query("from unseen_codes").set_index(["column_name", "time_slice"])
    contract = read_contract(finished_run.settings.dictionary)
    assert len(found) == len(unseen) == 20 * len(contract.columns)
    for column in ("pre_util", "pre_loans5", "enc_paym_0"):
        counts = finished_run.query(
            f"select {column} as counts from applicant_features order by id"
        )
        matrix = np.stack(counts["counts"].to_list()).astype(int)
        for number in (1, 14, 20):
            rows = matrix[applicants["time_slice"] == number]
            total = rows.sum(axis=0)
            scale = len(rows) / total.sum()
            expected = psi(np.array(shares[column]), n_train, total * scale, len(rows))
            np.testing.assert_allclose(found.loc[(column, number), "csi"], expected, **EXACT)
            row = unseen.loc[(column, number)]
            assert row["n_unseen_products"] == total[-1]
            assert row["n_applicants_with_unseen"] == (rows[:, -1] > 0).sum()


def test_calibration_has_jeffreys_intervals(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    found = finished_run.query("from calibration_by_band")
    known = applicants.dropna(subset="defaulted")
    assert len(found) == len(known.groupby(["split", "risk_band"]))
    for row in found.itertuples():
        rows = known[(known["split"] == row.split) & (known["risk_band"] == row.risk_band)]
        n, bad = len(rows), int(rows["defaulted"].sum())
        assert (row.n_applicants, row.n_defaulted) == (n, bad)
        low, high = stats.beta.ppf([0.025, 0.975], bad + 0.5, n - bad + 0.5)
        expected = [rows["pd"].mean(), bad / n, low if bad else 0, high if bad < n else 1]
        np.testing.assert_allclose(
            [
                row.expected_default_rate,
                row.observed_default_rate,
                row.observed_low,
                row.observed_high,
            ],
            expected,
            **EXACT,
        )
        inside = expected[2] <= expected[0] <= expected[3]
        assert (row.pd_is == "within the interval") == inside
        assert row.traffic_light == "green" or not inside


def test_gains_are_those_of_the_metrics_module(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    found = finished_run.query("from gains_by_decile order by split, decile")
    for split, rows in applicants.dropna(subset="defaulted").groupby("split"):
        bad = rows["defaulted"].to_numpy(dtype=np.uint8)
        deciles = measure(rows["pd"].to_numpy(), bad, n_bootstrap=2).deciles
        of_split = found[found["split"] == split]
        for name in ("n_applicants", "mean_pd", "default_rate", "lift", "cumulative_gain"):
            expected = [getattr(decile, name) for decile in deciles]
            np.testing.assert_allclose(of_split[name], expected, **EXACT)


def test_cutoff_table_counts_applicants(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    found = finished_run.query("from cutoff_table").set_index(["split", "cutoff"])
    lowest, highest = applicants["score"].min(), applicants["score"].max()
    assert len(found.loc["all"]) == highest - lowest + 2
    assert found.loc[("all", lowest), "approval_rate"] == 1
    assert found.loc[("all", highest + 1), "n_approved"] == 0
    for split in ("all", "out_of_time"):
        rows = applicants if split == "all" else applicants[applicants["split"] == split]
        known = rows.dropna(subset="defaulted")
        for cutoff in (lowest + 3, 560, 580, highest - 3):
            row, approved = found.loc[(split, cutoff)], rows[rows["score"] >= cutoff]
            known_approved, bad = known[known["score"] >= cutoff], known[known["defaulted"] == 1]
            expected = {
                "approval_rate": len(approved) / len(rows),
                "expected_bad_rate": approved["pd"].mean(),
                "expected_loss": approved["expected_loss"].sum(),
                "bad_rate": known_approved["defaulted"].mean(),
                "share_of_bad_declined": (bad["score"] < cutoff).mean(),
            }
            np.testing.assert_allclose(
                row[list(expected)].astype(float), list(expected.values()), **EXACT
            )


def test_vintages_add_up_to_everyone(finished_run: Installation, applicants: pd.DataFrame) -> None:
    found = finished_run.query(
        "select time_slice, sum(n_applicants) as n, sum(n_known) as known, sum(n_defaulted) as bad, "
        "sum(share_of_slice) as share from vintage_performance group by 1 order by 1"
    )
    by_slice = applicants.groupby("time_slice")["defaulted"]
    np.testing.assert_array_equal(found["n"], by_slice.size())
    np.testing.assert_array_equal(found["known"], by_slice.count())
    np.testing.assert_array_equal(found["bad"], by_slice.sum())
    np.testing.assert_allclose(found["share"], 1, **EXACT)


def test_registry_and_run_log_tell_what_happened(finished_run: Installation) -> None:
    facts = manifest(finished_run)
    champion = finished_run.query("from model_registry where is_champion").iloc[0]
    assert champion["model_version"] == facts["version"]
    assert champion["auc"] == facts["metrics"]["out_of_time"]["auc"]["value"]
    assert champion["last_seen_id"] == facts["data"]["slices"]["calibration"]["last_id"]
    assert champion["is_as_trained"]
    assert champion["n_promotions"] >= 1
    runs = finished_run.query("from run_log order by started_at")
    assert runs["outcome"].isna().sum() >= 1  # the run that built the table had not ended
    lines = (finished_run.home / "runs.jsonl").read_text().splitlines()
    ended = [json.loads(line) for line in lines if json.loads(line)["event"] == "end"]
    assert ended[0]["outcome"] == "done"
    assert ended[0]["model_version"] == facts["version"]
    assert {"features", "scoring", "publishing"} <= set(ended[0]["seconds"])


def test_exploration_counts_the_raw_files(
    finished_run: Installation, applicants: pd.DataFrame
) -> None:
    raw = pd.concat(
        pd.read_parquet(part, columns=["id", "pre_util", "enc_paym_11"])
        for part in finished_run.raw.glob("train_data_*.pq")
    ).merge(applicants, on="id")
    for column in ("pre_util", "enc_paym_11"):
        marginals = finished_run.query(
            f"select code, time_slice, n_products, n_applicants, share_of_products from code_marginals "
            f"where column_name = '{column}' and n_products > 0"
        )
        assert marginals["n_products"].sum() == len(raw)
        by_code = raw.astype({column: str}).groupby([column, "time_slice"])["id"]
        known_codes = marginals[marginals["code"] != "other"].set_index(["code", "time_slice"])
        pd.testing.assert_series_equal(
            known_codes["n_products"].sort_index(),
            by_code.size().reindex(known_codes.index).sort_index(),
            check_names=False,
        )
        pd.testing.assert_series_equal(
            known_codes["n_applicants"].sort_index(),
            by_code.nunique().reindex(known_codes.index).sort_index(),
            check_names=False,
        )
        np.testing.assert_allclose(
            marginals.groupby("time_slice")["share_of_products"].sum(), 1, **EXACT
        )
        rates = finished_run.query(f"from code_default_rates where column_name = '{column}'")
        outcomes = raw.dropna(subset="defaulted").astype({column: str})
        bad = outcomes.groupby(column)["defaulted"].sum()
        good = outcomes.groupby(column)["defaulted"].count() - bad
        share_bad, share_good = np.maximum(bad, 0.5) / bad.sum(), np.maximum(good, 0.5) / good.sum()
        value = (share_good - share_bad) * np.log(share_good / share_bad)
        table = rates[rates["n_products"] > 0].set_index("code")
        for code in value.index.intersection(table.index):
            assert table.loc[code, "information_value"] == pytest.approx(value[code], abs=1e-9)
            of_code = outcomes[outcomes[column] == code].drop_duplicates("id")
            assert table.loc[code, "default_rate"] == pytest.approx(of_code["defaulted"].mean())
        total = finished_run.query(
            f"select information_value from column_information_values where column_name = '{column}'"
        )
        assert total.iloc[0, 0] == pytest.approx(table["information_value"].sum())
    products = finished_run.query(
        "select n_products, sum(n_applicants) as n from products_per_applicant group by 1"
    ).set_index("n_products")["n"]
    expected = applicants["n_products"].value_counts()
    assert products.to_dict() == {int(k): v for k, v in expected.items()}


@pytest.mark.parametrize(
    ("model", "limit", "value", "word"),
    [
        ("model_performance", "lowest_auc", "1", "accepted_range_model_performance"),
        ("score_stability", "unacceptable_shift", "'0 or true'", "unacceptable_shift"),
    ],
)
def test_a_threshold_is_obeyed_and_checked(
    finished_run: Installation, model: str, limit: str, value: str, word: str
) -> None:
    select = ("test", "--select", model)
    run_dbt(finished_run.settings, select)
    with pytest.raises(ScorehouseError, match=word):
        run_dbt(finished_run.settings, (*select, "--vars", f"{{{limit}: {value}}}"))
