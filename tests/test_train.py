"""The whole job on a small warehouse: nothing fitted sees later outcomes; threads and row order do not matter."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from small_model import take, to_arrow

from models_ml.artifact import champion_version
from models_ml.booster import BoosterSettings
from models_ml.encoder_training import EncoderTraining
from models_ml.errors import InputDataError
from models_ml.settings import Settings
from models_ml.train import train
from models_ml.training_settings import TrainingSettings


@pytest.fixture
def build(small_model, tmp_path: Path):
    def build(name: str, change: str = "", order: int = 0) -> Settings:
        settings = Settings(raw=tmp_path, home=tmp_path / name)
        settings.home.mkdir()
        rows = np.random.default_rng(order).permutation(2500) if order else np.arange(2500)
        features = take(small_model.features, rows)
        table = pa.Table.from_struct_array(to_arrow(features, small_model.contract))
        flags = (np.random.default_rng(4).random(2500) < 0.2).astype(np.uint8)[rows]
        place = rows / 2500
        splits = np.select(
            [place < 0.6, place < 0.7, place < 0.8], ["train", "early_stopping", "calibration"],
            "out_of_time",
        )  # fmt: skip
        outcomes = pa.table({"id": features.ids, "defaulted": flags, "split": splits})
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.register("f", table)
            connection.register("o", outcomes)
            connection.execute("create table applicant_features as from f")
            connection.execute("create table applicant_outcomes as from o")
            connection.execute(
                "create table raw_parts as select 'a' raw_part, 1 n_rows, 'b' content_sha256"
            )
            if change:
                connection.execute(change)
        return settings

    return build


def quick(n_threads: int = 1) -> TrainingSettings:
    return TrainingSettings(
        n_threads=n_threads,
        encoder=EncoderTraining(reconstruction_epochs=1, outcome_epochs=1),
        booster=BoosterSettings(n_trees=20, n_leaves=8),
    )


def test_later_outcomes_threads_and_row_order_do_not_change_the_model(build) -> None:
    plain = train(build("plain"), quick())
    flipped = "update applicant_outcomes set defaulted = 1 - defaulted where split = 'out_of_time'"
    other = train(build("other", flipped, order=3), quick(n_threads=2))
    earlier = train(build("earlier", flipped.replace("out_of_time", "train")), quick())
    assert other.version == plain.version != earlier.version
    assert other.out_of_time.auc.value == pytest.approx(1 - plain.out_of_time.auc.value)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("update applicant_outcomes set defaulted = 2 where id = 1007", "1007"),
        ("insert into applicant_outcomes from applicant_outcomes where id = 1007", "1007"),
        ("update applicant_outcomes set defaulted = 0", "'train'"),
        ("alter table applicant_features drop column pre_util", "pre_util"),
    ],
    ids=["F38-label", "F38-twice", "F38-F39-one-class", "F20-contract"],
)
def test_unusable_data_is_refused_before_training(build, change: str, named: str) -> None:
    settings = build("bad", change)
    with pytest.raises(InputDataError, match=named):
        train(settings, quick())
    assert champion_version(settings.artifacts) is None
