"""Are the workers able to score? Asked before anything is written.

A cluster that half its machines cannot score on would fail in the middle of a run. Each worker that the probe reaches
says which Python it is and loads the model as scoring would, so a missing, unreadable or damaged artifact is noticed.
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
"""Tasks of the probe; more than most small clusters have workers. Spark decides which worker takes which."""

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
            names = ("host", "python", "numpy", "problem")
            yield pa.RecordBatch.from_pydict(
                {name: pa.array([fact]) for name, fact in zip(names, facts, strict=True)}
            )

    return answer


def check_workers(session: SparkSession, artifact: Path | None, contract: FeatureContract) -> None:
    """Refuse workers that cannot score.

    Args:
        session: The cluster.
        artifact: Folder of the model that will score; None when there is none yet.
        contract: Contract of the feature table.

    Raises:
        EngineError: A worker has another Python, or lacks the packages.
        ArtifactError: A worker does not see the model, or the model is damaged there.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    tasks = session.range(0, PROBES, 1, PROBES)
    try:
        answers = tasks.mapInArrow(probe(artifact, contract), ANSWER).collect()
    except (PySparkException, Py4JError) as error:  # not every failure of a task is translated
        raise explain_worker_failure(str(error)) from error
    for row in answers:
        if row.problem:
            raise ArtifactError(
                f"Worker {row.host} cannot use the model: {row.problem} Workers read {artifact}: "
                "SCOREHOUSE_HOME must be on storage that every worker sees and may read."
            )
    expected = (_minor(platform.python_version()), np.__version__)
    for row in answers:
        if (_minor(row.python), row.numpy) != expected:
            raise EngineError(
                f"Worker {row.host} has Python {row.python} and numpy {row.numpy}, expected "
                f"Python {expected[0]} and numpy {expected[1]} as here, or scores might differ. "
                "Give the workers the environment of constraints.txt. Nothing was changed."
            )


def explain_worker_failure(text: str) -> EngineError:
    """Turn Spark's message about a task that failed into one with a remedy."""
    python = re.search(
        r"worker has different version: ([\d.]+) than that in driver: ([\d.]+)", text
    )
    if python:
        return EngineError(
            f"The workers have Python {python[1]}, expected {python[2]} as here. Point "
            "PYSPARK_PYTHON to that Python on the workers. Nothing was changed."
        )
    missing = re.search(r"No module named '([\w.]+)'", text)
    if missing:
        return EngineError(
            f"The workers lack the Python package {missing[1]}. Install scorehouse with its "
            "constraints there, or point PYSPARK_PYTHON to an environment that has it. Nothing was "
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
