"""Rows scored per CPU second from the feature table of a finished installation: our SQL function and the alternatives.

Ours is the whole way inside DuckDB: reading the feature table, hand-over to the function, encoder, trees, calibration,
points, result. The contenders get a float matrix that is ready in memory and compute the trees alone. Two sets of
trees: the champion's own, and 400 trees of 63 leaves on the same counts, with which the design was chosen. One thread.

    SCOREHOUSE_HOME=data python benchmarks/scoring.py --rows 20000
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import lightgbm as lgb
import numpy as np
import onnxruntime
import pandas as pd
from harness import Row, report
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

from models_ml.features.batch import FeatureBatch, features_from_arrow
from models_ml.features.contract import FeatureContract
from models_ml.registry.artifact import Artifact, load_artifact, save_artifact
from models_ml.registry.golden_rows import golden_rows
from models_ml.registry.pointers import champion_path, set_champion
from models_ml.scoring.blend import Blend
from models_ml.settings import Settings
from udf.registration import ScoreFunction, register

LARGE = {"num_leaves": 63, "max_bin": 63, "feature_fraction": 0.3, "learning_rate": 0.05}
LARGE_TREES = 400
FEW_ROWS = 500
"""Rows for contenders that score row by row."""


def with_large_trees(artifact: Artifact, counts: np.ndarray, defaulted: np.ndarray) -> Artifact:
    """The champion with 400 trees of 63 leaves on the same counts."""
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 2, "seed": 1, **LARGE}
    booster = lgb.train(parameters, lgb.Dataset(counts, defaulted), LARGE_TREES)
    return replace(
        artifact, booster=booster.model_to_string(), blend=Blend(1.0, 0.1), version="", golden={}
    )


def cost(function: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median wall and CPU seconds, after a warm-up call."""
    function()
    found = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return statistics.median(f[0] for f in found), statistics.median(f[1] for f in found)


def measure(
    name: str,
    artifact: Artifact,
    function: ScoreFunction,
    connection: duckdb.DuckDBPyConnection,
    counts: np.ndarray,
    runs: int,
) -> list[Row]:
    """Rows of the results table for one set of trees."""
    booster = lgb.Booster(model_str=artifact.booster)
    matrix = counts.astype(np.float32)
    onnx = convert_lightgbm(
        booster,
        initial_types=[("features", FloatTensorType([None, matrix.shape[1]]))],
        zipmap=False,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), options)
    frame = pd.DataFrame(matrix[:FEW_ROWS])
    few = matrix[: FEW_ROWS * 4]

    def in_sql(function: str) -> Callable[[], object]:
        query = f"select sum(scored.pd) from (select {function}(piece) as scored from piece)"
        return lambda: connection.execute(query).fetchall()

    contenders: dict[str, tuple[int, Callable[[], object]]] = {
        "LightGBM.predict, ready matrix": (
            len(matrix),
            lambda: booster.predict(matrix, num_threads=1),
        ),
        "score_applicant_pd in DuckDB": (len(matrix), in_sql("score_applicant_pd")),
        "score_applicant in DuckDB, with reasons": (len(matrix), in_sql("score_applicant")),
        "ONNX Runtime, ready matrix": (
            len(matrix),
            lambda: session.run(None, {"features": matrix}),
        ),
        "LightGBM TreeSHAP, ready matrix": (
            len(few),
            lambda: booster.predict(few, pred_contrib=True, num_threads=1),
        ),
        "LightGBM, pandas row by row": (
            FEW_ROWS,
            lambda: [
                booster.predict(row.to_frame().T, num_threads=1) for _, row in frame.iterrows()
            ],
        ),
    }
    golden = golden_rows(artifact, features_of(connection, artifact.contract, 100))
    set_champion(
        function.artifacts, save_artifact(replace(artifact, golden=golden), function.artifacts).name
    )
    function.refresh()
    costs = {label: cost(run, runs) for label, (_, run) in contenders.items()}
    first = costs["LightGBM.predict, ready matrix"][1] / len(matrix)
    return [
        Row(
            question=f"scoring, {name}",
            contender=label,
            rows=n_rows,
            seconds=round(costs[label][0], 3),
            cpu_seconds=round(costs[label][1], 3),
            peak_mb=0.0,
            ratio=round(costs[label][1] / n_rows / first, 3),
            figures={"rows_per_cpu_second": round(n_rows / costs[label][1])},
        )
        for label, (n_rows, _) in contenders.items()
    ]


def features_of(
    connection: duckdb.DuckDBPyConnection, contract: FeatureContract, n_rows: int
) -> FeatureBatch:
    """Some rows of the piece as matrices."""
    table = connection.execute("from piece limit ?", [n_rows]).to_arrow_table()
    return features_from_arrow(table.combine_chunks().to_batches()[0], contract)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    settings = Settings.from_environment()
    artifact = load_artifact(champion_path(settings.artifacts))
    contract = artifact.contract
    columns = ", ".join(f"features.{name}" for name in contract.data_types)
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"attach '{settings.warehouse.path}' as warehouse (read_only)")
    connection.execute(
        f"create table piece as select {columns} from warehouse.applicant_features as features "
        "order by hash(id) limit ?",
        [options.rows],
    )
    defaulted = connection.execute(
        "select coalesce(outcomes.defaulted, 0) from piece "
        "left join warehouse.applicant_outcomes as outcomes on piece.id = outcomes.id "
        "order by piece.rowid"
    ).fetchnumpy()
    counts = features_of(connection, contract, options.rows).tree_features
    flags = next(iter(defaulted.values()))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        function = ScoreFunction(Path(folder), contract)
        register(connection, function)
        for name, model in (
            ("the champion's trees", artifact),
            ("400 trees x 63 leaves", with_large_trees(artifact, counts, flags)),
        ):
            rows += measure(name, model, function, connection, counts, options.runs)
    report("scoring", rows)


if __name__ == "__main__":
    main()
