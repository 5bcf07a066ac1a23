"""No Java, an old Java or Spark, nobody at the remote, unfit workers: said clearly, before anything is written."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
from support.installation import LOCAL_SPARK, Installation

from models_ml.errors import EngineError
from models_ml.jobs.run_log import RUN_LOG
from udf.spark.session import check_java, check_remote, check_version
from udf.spark.workers import explain_worker_failure


def fake_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
    java.chmod(0o755)
    return home


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=r"needs Java 17 or later.*found no java in JAVA_HOME"):
        check_java()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="found no java"):
        check_java()


@pytest.mark.parametrize(("version", "number"), [("1.8.0_412", "8"), ("11.0.23", "11")])
def test_old_java(tmp_path: Path, monkeypatch, version: str, number: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "jdk", version)))
    with pytest.raises(EngineError, match=f"is Java {number}"):
        check_java()


def test_java_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "jdk", "17.0.15")))
    check_java()


def test_nobody_at_the_remote() -> None:
    with socket.socket() as taken:  # bound and not listening, so the connection is refused
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=f"No Spark Connect server answers at .*:{port}"):
            check_remote(f"sc://127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["spark://host:7077", "host:15002", "sc://"])
def test_no_address_of_a_remote(address: str) -> None:
    with pytest.raises(EngineError, match="expected sc://host:port"):
        check_remote(address)


def test_old_spark() -> None:
    with pytest.raises(EngineError, match=r"needs Spark 4\.0 or later, found 3\.5\.4"):
        check_version("3.5.4")
    check_version("4.2.0")


def test_unfit_workers_are_explained() -> None:
    # Texts of Spark 4.2, shortened.
    python = "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.10 than that in driver: 3.11, ..."
    assert "have Python 3.10, expected 3.11" in str(explain_worker_failure(python))
    package = "File worker.py\nModuleNotFoundError: No module named 'models_ml'\n"
    assert "lack the Python package models_ml" in str(explain_worker_failure(package))
    program = 'java.io.IOException: Cannot run program "/opt/env/bin/python": error=2'
    assert "have no /opt/env/bin/python" in str(explain_worker_failure(program))


def test_the_command_says_so_and_writes_nothing(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("pyspark", reason="needs the extra spark: make test-spark")
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    result = installation.command("run", "--target", "spark", check=False)
    assert result.returncode == 69
    assert "needs Java 17" in result.stderr
    # The failed run is on record, and nothing else is there.
    assert {path.name for path in installation.home.iterdir()} == {".lock", RUN_LOG}
    *_, last = (installation.home / RUN_LOG).read_text().splitlines()
    assert json.loads(last)["exit_code"] == 69


@pytest.mark.spark
@pytest.mark.slow
def test_workers_without_their_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="needs the extra spark: make test-spark")
    if shutil.which("java") is None:
        pytest.skip("Spark itself needs Java 17, and there is no java here")
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", LOCAL_SPARK)
    monkeypatch.setenv("PYSPARK_PYTHON", str(tmp_path / "python"))
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    installation.command("simulate", "--applicants", "50", "--out", str(installation.raw))
    result = installation.command("run", "--target", "spark", check=False)
    assert result.returncode == 69, result.stderr[-2000:]
    assert f"The workers have no {tmp_path / 'python'}" in result.stderr
    assert not list(installation.home.glob("spark_warehouse/**/*.parquet"))
