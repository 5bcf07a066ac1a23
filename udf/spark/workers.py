"""Checks that the workers can score, before anything is written.

If some machines of a cluster could not score, a run would fail halfway. Each worker that the probe reaches reports its
Python and loads the model as scoring would, so a missing, unreadable or damaged artifact is found.
"""

from __future__ import annotations

import platform
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from models_ml.errors import ArtifactError, EngineError, ScorehouseError
from models_ml.features.contract import FeatureContract
from udf.spark.function import worker_scorer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROBES = 16
"""Tasks of the probe: more than small clusters have workers. Spark assigns them to workers."""

ANSWER = "host string, python string, numpy string, problem string"

Probe = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def probe(artifact: Path | None, contract: FeatureContract) -> Probe:
    """The function that Spark runs on its workers."""

    def answer(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            problem = ""
            try:
                if artifact is not None:
                    worker_scorer(artifact, contract)
            except (ScorehouseError, OSError) as error:
                problem = str(error)
            facts = (socket.gethostname(), platform.python_version(), np.__version__, problem)
            names = ["host", "python", "numpy", "problem"]
            yield pa.RecordBatch.from_arrays([pa.array([fact]) for fact in facts], names)

    return answer


def check_workers(session: SparkSession, artifact: Path | None, contract: FeatureContract) -> None:
    """Refuse workers that cannot score.

    Args:
        session: The cluster.
        artifact: Folder of the model that will score; None when no model exists yet.
        contract: Contract of the feature table.

    Raises:
        EngineError: A worker has a different Python or numpy, or lacks packages.
        ArtifactError: A worker cannot read the model, or the model is damaged there.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    tasks = session.range(0, PROBES, 1, PROBES)
    try:
        answers = tasks.mapInArrow(probe(artifact, contract), ANSWER).collect()
    except (PySparkException, Py4JError) as error:  # Spark translates only some failures of tasks
        raise explain_worker_failure(str(error)) from error
    for row in answers:
        if row.problem:
            raise ArtifactError(
                f"Worker {row.host} cannot use the model: {row.problem} Workers read {artifact}: "
                "SCOREHOUSE_HOME must be on storage that every worker can read."
            )
    expected = (_minor(platform.python_version()), np.__version__)
    for row in answers:
        if (_minor(row.python), row.numpy) != expected:
            raise EngineError(
                f"Worker {row.host} has Python {row.python} and numpy {row.numpy}, expected "
                f"Python {expected[0]} and numpy {expected[1]} as on this machine, because scores might "
                "differ. Install the versions of constraints.txt on the workers. Nothing was changed."
            )


def explain_worker_failure(text: str) -> EngineError:
    """Turn Spark's message about a failed task into one with a remedy."""
    python = re.search(
        r"worker has different version: ([\d.]+) than that in driver: ([\d.]+)", text
    )
    if python:
        return EngineError(
            f"The workers have Python {python[1]}, expected {python[2]} as on this machine. Point "
            "PYSPARK_PYTHON to that version on the workers. Nothing was changed."
        )
    missing = re.search(r"No module named '([\w.]+)'", text)
    if missing:
        return EngineError(
            f"The workers lack the Python package {missing[1]}. Install scorehouse with "
            "constraints.txt there, or point PYSPARK_PYTHON to an environment that has it. Nothing was "
            "changed."
        )
    started = re.search(r'Cannot run program "([^"]+)"', text)
    if started:
        return EngineError(
            f"The workers have no {started[1]}; point PYSPARK_PYTHON to their Python "
            f"{_minor(platform.python_version())}. Nothing was changed."
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return EngineError(f"The workers cannot run Python: {' '.join(lines)[:600]}")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
