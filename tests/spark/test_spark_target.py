"""The same project on Spark: features equal to DuckDB's in every column, scores equal to the last bit.

Two engines speak Spark's SQL here: Sail, a Spark Connect server without Java, and Spark itself (slow).
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.installation import LOCAL_SPARK, Installation, raw_columns, real_products, write_part
from support.small_model import SmallModel

from models_ml.features.contract import read_contract
from models_ml.registry.artifact import save_artifact
from models_ml.registry.pointers import champion_version, set_champion
from models_ml.warehouse.outcomes import OUTCOMES

pytest.importorskip("pyspark", reason="needs the extra spark: make test-spark")
pytestmark = pytest.mark.spark

N_APPLICANTS = 20_000
FIRST_NASTY_ID = 900_000
CODES = raw_columns()[2:]


def nasty_products() -> pd.DataFrame:
    """Applicants on whom two engines could differ; nulls and ties are quarantined on both."""
    rng = np.random.default_rng(11)
    rows = []

    def add(applicant: int, rns: list[int], **codes: int | None) -> None:
        for rn in rns:
            drawn = dict(zip(CODES, rng.integers(0, 3, len(CODES)).tolist(), strict=True))
            rows.append({"id": FIRST_NASTY_ID + applicant, "rn": rn, **drawn, **codes})

    add(0, [1, 2, 3])
    add(0, [4], pre_util=None)  # a NULL in the last row
    add(1, [1, 2, 2, 3])  # a tie in rn
    add(2, [1, 2, 3, 4])  # straddles two parts, see below
    add(3, [1, 2], pre_util=99, pre_loans5=4, enc_paym_11=0)  # codes nobody has seen
    add(4, [1])  # one product
    add(5, list(range(1, 59)))  # 58 products
    add(6, [7, 3, 250, 90])  # gaps in rn, any order
    add(7, [0, 256, 1], pre_pterm=300)  # rn and a code that are no bytes: nothing is left
    add(8, list(range(1, 256)), pclose_flag=1)  # the most products there can be
    return pd.DataFrame(rows)


def make_outcomes_odd(path: Path) -> None:
    """The same outcomes as another program would write them: two engines must still agree."""
    *lines, last = path.read_text().splitlines()
    quoted = ",".join(f'"{value}"' for value in last.split(","))
    path.write_bytes("\r\n".join(["\ufeff" + lines[0], "", *lines[1:], quoted, "", ""]).encode())


@dataclass(frozen=True)
class Bureau:
    """Raw files, and what DuckDB makes of them."""

    installation: Installation

    @property
    def raw(self) -> Path:
        return self.installation.raw


@pytest.fixture(scope="session")
def bureau(small_model: SmallModel, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    folder = tmp_path_factory.mktemp("bureau")
    # A folder that looks like a value of a partitioned table, which no engine may take it for.
    installation = Installation(folder / "pclose_flag=1" / "raw", folder / "home")
    installation.command(
        *("simulate", "--applicants", str(N_APPLICANTS), "--start-id", "10000"),
        *("--parts", "2", "--out", str(installation.raw)),
    )
    by_spark = installation.raw / "train_data_real.pq"
    by_spark.mkdir()
    write_part(real_products(), by_spark / "part-00000.snappy.parquet")
    (by_spark / "_SUCCESS").touch()
    make_outcomes_odd(installation.raw / OUTCOMES)
    nasty = nasty_products()[raw_columns()].astype("Int64")
    in_next_part = (nasty["id"] == FIRST_NASTY_ID + 2) & (nasty["rn"] > 2)
    unsigned = nasty[~in_next_part].astype("UInt64")
    unsigned.to_parquet(installation.raw / "train_data_nasty_a.pq", index=False)
    # Other order, width and case of the columns, and some that nobody needs.
    turned = nasty.loc[in_next_part, list(reversed(nasty.columns))]
    turned = turned.astype(dict.fromkeys(CODES, "Int16")).rename(columns=str.upper)
    turned = turned.assign(branch=1, raw_part="train_data_0.pq", raw_file="x", filename="y")
    turned.to_parquet(installation.raw / "TRAIN_DATA_nasty_b.PARQUET", index=False)
    # A model that needs no long training; what the summary of a run shows is all it lacks.
    metrics = {"out_of_time": {"auc": {"value": 0.5, "low": 0.5, "high": 0.5}}}
    facts = {**small_model.artifact.facts, "metrics": metrics}
    artifacts = installation.settings.artifacts
    saved = save_artifact(replace(small_model.artifact, facts=facts), artifacts)
    set_champion(artifacts, saved.name)
    installation.command("run")
    return Bureau(installation)


@pytest.fixture(scope="session")
def sail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a Sail server of its own process, and the folder with its tables."""
    folder = tmp_path_factory.mktemp("sail")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).parent / "sail"), "spark", "server", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"sc://127.0.0.1:{port}", folder
    finally:
        server.terminate()
        server.wait(timeout=30)


@dataclass(frozen=True)
class SparkRun:
    """A finished ``scorehouse run --target spark``, and where the engine keeps its tables."""

    installation: Installation
    tables: Path
    environment: dict[str, str]


def spark_run(bureau: Bureau, folder: Path, tables: Path | None, **environment: str) -> SparkRun:
    """The main job on Spark, on the same files, with the model that DuckDB's run trained."""
    installation = Installation(bureau.raw, folder / "home")
    shutil.copytree(bureau.installation.settings.artifacts, installation.settings.artifacts)
    installation.command("run", "--target", "spark", environment=environment)
    return SparkRun(installation, tables or installation.home / "spark_warehouse", environment)


@pytest.fixture(scope="session")
def on_sail(bureau: Bureau, sail, tmp_path_factory: pytest.TempPathFactory) -> SparkRun:
    address, tables = sail
    return spark_run(bureau, tmp_path_factory.mktemp("on_sail"), tables, SPARK_REMOTE=address)


@pytest.fixture(scope="session")
def on_spark(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> SparkRun:
    if shutil.which("java") is None:
        pytest.skip("Spark itself needs Java 17, and there is no java here")
    folder = tmp_path_factory.mktemp("on_spark")
    return spark_run(bureau, folder, None, PYSPARK_SUBMIT_ARGS=LOCAL_SPARK)


@pytest.fixture(
    params=["on_sail", "on_spark"],
)
def run(request: pytest.FixtureRequest) -> SparkRun:
    return request.getfixturevalue(request.param)


def differences(bureau: Bureau, run: SparkRun, table: str, columns: dict[str, str]) -> list[tuple]:
    """Rows of a table that only one of the engines has, read from the files of both."""
    # Spark names a folder after its table, Sail adds a dash and a random number.
    parquet = run.tables.rglob("*.parquet")
    files = [str(path) for path in parquet if path.parent.name.split("-")[0] == table]
    ours = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns.items())
    names = ", ".join(columns)
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{bureau.installation.settings.warehouse.path}' as duck (read_only);"
            f"create view found as select {ours} from read_parquet({files});"
            f"create view expected as select {names} from duck.{table}"
        )
        n_found, n_expected = (
            connection.execute(f"select count(*) from {view}").fetchall()[0][0]
            for view in ("found", "expected")
        )
        assert n_found == n_expected > 0
        return connection.execute(
            "(from expected except from found) union all (from found except from expected)"
        ).fetchall()


def test_features_are_equal_in_every_column(bureau: Bureau, run: SparkRun) -> None:
    contract = read_contract(bureau.installation.settings.dictionary)
    columns = {
        **contract.data_types,
        "features_hash": "varchar",
        "source_fingerprint": "varchar",
    }
    known = bureau.installation.query("select column_name from (describe applicant_features)")
    assert set(columns) <= set(known["column_name"])
    assert differences(bureau, run, "applicant_features", columns) == []


def test_nasty_applicants_are_among_them(bureau: Bureau) -> None:
    products = bureau.installation.query(
        f"select id - {FIRST_NASTY_ID} as id, n_products from applicant_features "
        f"where id between {FIRST_NASTY_ID} and {FIRST_NASTY_ID + 8} order by id"
    )
    expected = {0: 3, 1: 2, 2: 4, 3: 2, 4: 1, 5: 58, 6: 4, 8: 255}
    assert dict(zip(products["id"], products["n_products"], strict=True)) == expected


def test_quarantine_and_outcomes_are_equal(bureau: Bureau, run: SparkRun) -> None:
    quarantined = dict.fromkeys(("quarantine_reason", "raw_part"), "varchar")
    assert (
        differences(bureau, run, "quarantined_credit_products", {"id": "bigint", **quarantined})
        == []
    )
    outcomes = {"id": "bigint", "defaulted": "utinyint", "split": "varchar"}
    outcomes["application_slice"] = "utinyint"
    assert differences(bureau, run, "applicant_outcomes", outcomes) == []


def test_scores_are_equal_to_the_last_bit(bureau: Bureau, run: SparkRun) -> None:
    types = bureau.installation.query(
        "select column_name, column_type from (describe applicant_scores)"
    )
    columns = dict(zip(types["column_name"], types["column_type"], strict=True))
    of_the_run = {"scored_at", "run_id"}
    compared = {name: kind for name, kind in columns.items() if name not in of_the_run}
    assert {"pd", "score", "contributions", "reason_codes"} <= set(compared)
    assert differences(bureau, run, "applicant_scores", compared) == []


def test_published_files_are_those_of_duckdb(bureau: Bureau, run: SparkRun) -> None:
    expected = bureau.installation.settings.published / "credit_scores.duckdb"
    found = run.installation.settings.published / "credit_scores.duckdb"
    with duckdb.connect() as connection:
        for name, path in (("expected", expected), ("found", found)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        described = [
            connection.execute(f"describe {name}.applicant_scores").fetchall()
            for name in ("expected", "found")
        ]
        assert [row[:2] for row in described[0]] == [row[:2] for row in described[1]]
        scores = [
            connection.execute(f"select id, pd from {name}.applicant_scores order by id").fetchall()
            for name in ("expected", "found")
        ]
    assert scores[0] == scores[1]


def trained_version(installation: Installation, *arguments: str, **environment: str) -> str:
    """Version of a small model: a hash of every file of the artifact."""
    result = installation.command("train", "--sample", "9000", *arguments, environment=environment)
    return re.search(r"pd-[0-9a-f]{12}", result.stdout).group()


@pytest.fixture(scope="session")
def version_of_duckdb(bureau: Bureau) -> str:
    return trained_version(bureau.installation)


@pytest.mark.slow
def test_training_on_spark_makes_the_same_model(version_of_duckdb: str, on_spark: SparkRun) -> None:
    """On Spark alone: Sail's tables are gone with the session that made them."""
    installation = on_spark.installation
    found = trained_version(installation, "--target", "spark", **on_spark.environment)
    assert found == version_of_duckdb


@pytest.mark.slow
def test_a_second_run_appends_to_the_history(on_spark: SparkRun) -> None:
    """Nothing has changed but the model: the training above made another champion, or none and nothing is due."""
    installation = on_spark.installation
    history = "select model_version, count(*) as n from applicant_scores_history group by all"
    before = published(installation, history)
    installation.command("run", "--target", "spark", environment=on_spark.environment)
    champion = champion_version(installation.settings.artifacts)
    scored = published(installation, "select distinct model_version as v from applicant_scores")
    assert scored["v"].tolist() == [champion]
    after = published(installation, history)
    n_applicants = published(installation, "select count(*) as n from applicant_scores")["n"][0]
    known = set(before["model_version"])
    assert after["n"].sum() == before["n"].sum() + (0 if champion in known else n_applicants)


def published(installation: Installation, sql: str) -> pd.DataFrame:
    """Rows of the published file."""
    path = installation.settings.published / "credit_scores.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).df()
