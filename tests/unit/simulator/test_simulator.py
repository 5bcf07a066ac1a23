"""The simulated bureau: layout, structural rules, determinism, and the table of published facts."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score
from support.installation import SCOREHOUSE

from models_ml.errors import InputDataError, MissingInputError, OutputError, UsageError
from models_ml.simulator import SimulationSettings, check, simulate
from models_ml.simulator.dependence import cramers_v, repeats
from models_ml.simulator.facts import LATER_CODES, load_facts, load_real_rows
from models_ml.simulator.population import tail_filled

SMALL = 20_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bureau")
    simulate(SimulationSettings(SMALL, seed=11, parts=4), folder)
    return folder


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("train_data_*.pq"), key=lambda path: int(path.stem.split("_")[-1]))


def digest(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def rows_of(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in parts_of(folder)])


def test_layout_is_the_published_one(small):
    paths = parts_of(small)
    assert [path.name for path in paths] == [f"train_data_{part}.pq" for part in range(4)]
    before = -1
    for path in paths:
        reader = pq.ParquetFile(path)
        assert reader.schema_arrow.names == ["id", "rn", *load_facts().columns]
        assert {str(kind) for kind in reader.schema_arrow.types} == {"int64"}
        assert reader.metadata.row_group(0).column(5).compression == "ZSTD"
        table = reader.read(["id", "rn"])
        ids, rn = table["id"].to_numpy(), table["rn"].to_numpy()
        assert ids.min() > before
        before = ids.max()
        new = np.diff(ids) > 0
        assert (np.diff(ids) >= 0).all()
        assert rn[0] == 1
        assert (rn[1:][new] == 1).all()
        assert (np.diff(rn)[~new] == 1).all()
    lines = (small / "train_target.csv").read_text().splitlines()
    assert lines[0] == "id,flag"
    assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(SMALL))
    assert {line.split(",")[1] for line in lines[1:]} == {"0", "1"}


def test_only_known_codes_and_later_codes_only_late(small):
    table, facts = rows_of(small), load_facts()
    ids = table["id"].to_numpy()
    for column in facts.columns:
        codes = table[column].to_numpy()
        later = np.isin(codes, LATER_CODES.get(column, ()))
        assert set(np.unique(codes[~later])) <= set(facts.share[column])
        assert (ids[later] >= SMALL * 4 // 5).all()


def test_facts_that_20_000_applicants_can_show(small):
    failing = [row for row in check(small) if not row.ok]
    # A twentieth of the applicants of the full table: only the exact facts must hold.
    exact = {"rows that break a structural rule", "largest number of products"}
    assert not [row for row in failing if row.fact in exact]
    rate = np.loadtxt(small / "train_target.csv", delimiter=",", skiprows=1)[:, 1].mean()
    assert abs(rate - 0.0355) < 0.006


def test_closed_flags_fix_the_dates(small):
    table = rows_of(small).to_pandas()
    assert set(table.loc[table.pclose_flag == 1, "pre_pterm"]) == {4}
    assert set(table.loc[table.fclose_flag == 1, "pre_till_fclose"]) == {11}
    assert set(table.loc[table.is_zero_loans90 == 1, "pre_loans90"]) == {8}


def test_same_seed_same_bytes_whatever_the_workers(tmp_path):
    for workers in (1, 2):
        settings = SimulationSettings(5_000, seed=3, parts=3, workers=workers)
        simulate(settings, tmp_path / str(workers))
    assert digest(tmp_path / "1") == digest(tmp_path / "2")
    simulate(SimulationSettings(5_000, seed=4, parts=3, workers=1), tmp_path / "other")
    assert digest(tmp_path / "other") != digest(tmp_path / "1")


def test_the_number_of_parts_moves_no_applicant(tmp_path):
    for parts in (1, 3):
        simulate(SimulationSettings(3_000, parts=parts, workers=1), tmp_path / str(parts))
    assert rows_of(tmp_path / "1").equals(rows_of(tmp_path / "3"))
    targets = [(tmp_path / name / "train_target.csv").read_bytes() for name in ("1", "3")]
    assert targets[0] == targets[1]


def test_start_id_continues_the_application_time(tmp_path):
    settings = SimulationSettings(4_000, parts=2, start_id=16_000, workers=1)
    simulate(settings, tmp_path)
    ids = rows_of(tmp_path)["id"].to_numpy()
    assert (ids.min(), ids.max()) == (16_000, 19_999)


def test_the_oracle_stays_out_of_the_data(small):
    oracle = pq.read_table(small / "oracle.parquet")
    assert oracle.schema.names == ["id", "probability"]
    probability = oracle["probability"].to_numpy()
    assert ((probability > 0) & (probability < 1)).all()
    flag = np.loadtxt(small / "train_target.csv", delimiter=",", skiprows=1)[:, 1]
    # Flags are drawn with these probabilities, so their sum lies within 4 standard deviations.
    spread = np.sqrt((probability * (1 - probability)).sum())
    assert abs(flag.sum() - probability.sum()) < 4 * spread
    assert "probability" not in pq.ParquetFile(parts_of(small)[0]).schema_arrow.names


def test_progress_counts_applicants(tmp_path):
    seen = []
    simulate(SimulationSettings(2_000, parts=4, workers=1), tmp_path, progress=seen.append)
    assert seen == [500, 1_000, 1_500, 2_000]


def test_a_second_run_replaces_the_first(tmp_path):
    simulate(SimulationSettings(2_000, parts=4, workers=1), tmp_path)
    simulate(SimulationSettings(1_000, parts=2, workers=1), tmp_path)
    assert len(parts_of(tmp_path)) == 2
    assert len(set(rows_of(tmp_path)["id"].to_pylist())) == 1_000
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "wrong", [{"applicants": 0}, {"seed": -1}, {"workers": 0}, {"parts": 11}, {"start_id": -5}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match="Expected"):
        SimulationSettings(**{"applicants": 10, "parts": 2, **wrong})


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="Choose another folder"):
        simulate(SimulationSettings(10, parts=1, workers=1), tmp_path / "taken")


def test_an_interrupted_run_leaves_no_targets(tmp_path):
    simulate(SimulationSettings(2_000, parts=2, workers=1), tmp_path)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SimulationSettings(2_000, seed=8, parts=2, workers=1), tmp_path, progress=stop)
    assert not (tmp_path / "train_target.csv").exists()
    assert not list(tmp_path.glob(".*"))


def test_check_says_what_is_missing(tmp_path):
    with pytest.raises(MissingInputError, match=r"train_target\.csv"):
        check(tmp_path)
    (tmp_path / "train_target.csv").write_text("id,flag\n0,1\n")
    with pytest.raises(MissingInputError, match="train_data"):
        check(tmp_path)
    pq.write_table(pa.table({"id": [0], "rn": [1]}), tmp_path / "train_data_0.pq")
    with pytest.raises(InputDataError, match="61 published columns"):
        check(tmp_path)


def test_check_notices_a_broken_rule(small, tmp_path):
    table = pq.read_table(parts_of(small)[0])
    flags = table["fclose_flag"].to_numpy().copy()
    flags[table["pre_fterm"].to_numpy() != 8] = 1
    place = table.schema.get_field_index("fclose_flag")
    pq.write_table(
        table.set_column(place, "fclose_flag", pa.array(flags)), tmp_path / "train_data_0.pq"
    )
    (tmp_path / "train_target.csv").write_bytes((small / "train_target.csv").read_bytes())
    bad = {row.fact for row in check(tmp_path) if not row.ok}
    assert "rows that break a structural rule" in bad
    assert "share of each code, worst column" in bad


def test_the_command_compares_with_the_published_facts(tmp_path):
    """1,000 applicants are too few to hold every fact: the table says which, and so does the exit code."""
    command = ["simulate", "--applicants", "1000", "--parts", "2", "--check", "--out"]
    result = subprocess.run(
        [str(SCOREHOUSE), *command, str(tmp_path / "raw")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert result.returncode == 65
    assert re.search(r"rows that break a structural rule +0 +0 +yes", result.stdout)
    assert " NO" in result.stdout
    assert "facts are missed" in result.stderr


def test_statistics_of_dependence():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 4_000)
    codes = np.column_stack([first, 3 - first, rng.integers(0, 4, 4_000), np.zeros(4_000, int)])
    same, apart, constant, *_ = cramers_v(codes)
    assert same == pytest.approx(1.0)
    assert apart < 0.05
    assert constant == 0.0
    owner = np.repeat([0, 1], 2)
    assert repeats(np.array([[1, 1], [1, 2], [5, 3], [5, 4]]), owner).tolist() == [1.0, 0.0]


def test_facts_are_read_whole():
    facts = load_facts()
    assert len(facts.columns) == 59
    assert sum(len(codes) for codes in facts.share.values()) == 419
    assert all(sum(codes.values()) == pytest.approx(1.0) for codes in facts.share.values())
    assert len(load_real_rows()["id"]) == 254
    filled = tail_filled(facts.survival)
    assert (np.diff(filled) <= 0).all()
    assert filled.sum() == pytest.approx(8.72089, abs=1e-4)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    simulate(SimulationSettings(300_000), folder)
    return folder


@pytest.mark.slow
def test_every_published_fact_holds_at_300_000_applicants(large):
    failing = [row for row in check(large) if not row.ok]
    assert not failing


@pytest.mark.slow
def test_the_oracle_is_as_hard_as_asked(large):
    probability = pq.read_table(large / "oracle.parquet")["probability"].to_numpy()
    flag = np.loadtxt(large / "train_target.csv", delimiter=",", skiprows=1)[:, 1]
    assert 0.80 <= roc_auc_score(flag, probability) <= 0.82


def held_out_auc(features: np.ndarray, flag: np.ndarray) -> float:
    """AUC of LightGBM on the half of the applicants it was not trained on."""
    half = np.random.default_rng(5).random(len(flag)) < 0.5
    model = lgb.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 2, "learning_rate": 0.05},
        lgb.Dataset(features[half], flag[half]),
        50,
    )
    return roc_auc_score(flag[~half], model.predict(features[~half]))


@pytest.mark.slow
def test_ids_files_and_row_positions_say_nothing(large):
    """The number of products is a published fact (8.27 against 8.74), so rn may say that much.

    Id, file, place in the file and parity of the id must say nothing; rn must add no more to them
    than the number of products does by itself.
    """
    flag = np.loadtxt(large / "train_target.csv", delimiter=",", skiprows=1)[:, 1]
    ids, files, places, sizes, count = [], [], [], [], []
    for number, path in enumerate(parts_of(large)):
        own = pq.read_table(path, columns=["id"])["id"].to_numpy()
        id_, products = np.unique(own, return_counts=True)
        ids.append(id_)
        files.append(np.full(len(id_), number))
        places.append(np.arange(len(id_)))
        sizes.append(np.full(len(id_), len(own)))
        count.append(products)
    keys = np.column_stack([np.concatenate(x) for x in (ids, files, places, sizes)])
    keys = np.column_stack([keys, keys[:, 0] % 2])
    number = np.concatenate(count)[:, None]
    assert held_out_auc(keys, flag) == pytest.approx(0.5, abs=0.01)
    alone = held_out_auc(number, flag)
    assert held_out_auc(np.column_stack([keys, number]), flag) <= alone + 0.01
