"""The Spark session of a run: local, on a cluster through ``spark-submit``, or remote through Spark Connect.

Spark's own settings decide where it runs: ``SPARK_REMOTE=sc://host:15002``, the options of ``spark-submit``, or
``spark-defaults.conf``; without any, all cores of this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from models_ml.errors import EngineError
from models_ml.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
OLDEST_SPARK = (4, 0)
CONNECT_PORT = 15002
CONNECT_SECONDS = 5.0
"""Seconds a remote may take to answer; Spark's own client tries for minutes."""


@contextmanager
def spark_session(settings: Settings) -> Iterator[SparkSession]:
    """Open the session that dbt, the scorer and the extract share.

    Raises:
        EngineError: PySpark or Java is missing, the remote cannot be reached, or Spark is too old.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            "The target spark needs PySpark and dbt-spark, which are not installed; install them "
            "with: pip install --constraint constraints.txt '.[spark]'"
        ) from error
    remote = os.environ.get("SPARK_REMOTE")
    if remote:
        check_remote(remote)
        builder = SparkSession.builder.remote(remote)
    else:
        check_java()
        builder = _local_builder(settings)
    session = builder.getOrCreate()
    try:
        check_version(session.version)
        session.conf.set("spark.sql.session.timeZone", "UTC")
        # With the conditions on every raw column, this inference of Spark grows until planning never finishes.
        session.conf.set("spark.sql.constraintPropagation.enabled", "false")
        yield session
    finally:
        session.stop()


def check_java() -> None:
    """Refuse a machine without a suitable Java.

    Raises:
        EngineError: Java is missing or too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    wanted = (
        f"The target spark needs Java {OLDEST_JAVA} or later on this machine, or SPARK_REMOTE "
        "naming a Spark Connect server elsewhere"
    )
    if java is None:
        raise EngineError(f"{wanted}; found no java{f' in JAVA_HOME={home}' if home else ''}.")
    found = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r'version "(?:1\.)?(\d+)', found.stderr + found.stdout)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise EngineError(f"{wanted}; {java} is Java {version[1] if version else 'unknown'}.")


def check_remote(remote: str) -> None:
    """Refuse a Spark Connect address where no server answers.

    Raises:
        EngineError: It is not an ``sc://`` address, or no server answers.
    """
    address = urlsplit(remote)
    if address.scheme != "sc" or not address.hostname:
        raise EngineError(
            f"SPARK_REMOTE: expected sc://host:port, found {remote!r}. Correct the variable."
        )
    place = (address.hostname, address.port or CONNECT_PORT)
    try:
        socket.create_connection(place, timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise EngineError(
            f"No Spark Connect server answers at {place[0]}:{place[1]} ({error}). Nothing was "
            "changed; start the server or correct SPARK_REMOTE, then run again."
        ) from error


def check_version(version: str) -> None:
    """Refuse a Spark release that the project was not tested on.

    Raises:
        EngineError: The release is too old.
    """
    numbers = spark_release(version)
    if numbers < OLDEST_SPARK:
        raise EngineError(
            f"The target spark needs Spark {'.'.join(map(str, OLDEST_SPARK))} or later, found "
            f"{version}; run it on a newer cluster. Nothing was changed."
        )


def spark_release(version: str) -> tuple[int, int]:
    """Major and minor number of a release such as ``4.2.0-SNAPSHOT``."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _local_builder(settings: Settings) -> SparkSession.Builder:
    """A session in this process; ``spark-submit`` and ``spark-defaults.conf`` take precedence."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    settings.home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("SPARK_LOCAL_DIRS", str(settings.home / "spark_scratch"))
    # SparkConf knows the options of spark-submit and PYSPARK_SUBMIT_ARGS only once Java runs.
    SparkContext._ensure_initialized()
    conf = SparkConf()
    conf.setIfMissing("spark.master", "local[*]")
    conf.setIfMissing("spark.app.name", "scorehouse")
    conf.setIfMissing("spark.log.level", "ERROR")
    conf.setIfMissing("spark.ui.enabled", "false")
    conf.setIfMissing("spark.sql.warehouse.dir", str(settings.home / "spark_warehouse"))
    conf.setIfMissing(
        "spark.hadoop.javax.jdo.option.ConnectionURL",
        f"jdbc:derby:;databaseName={settings.home / 'spark_metastore'};create=true",
    )
    if str(conf.get("spark.master")).startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        for name in ("spark.driver.host", "spark.driver.bindAddress"):
            conf.setIfMissing(name, "127.0.0.1")
    return SparkSession.builder.config(conf=conf).enableHiveSupport()
