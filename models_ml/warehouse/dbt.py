"""Runs dbt as a child process, shows its progress and turns its failures into one clear sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from models_ml.errors import ArtifactError, BuildError, ScorehouseError
from models_ml.runtime.console import console
from models_ml.settings import Settings
from models_ml.warehouse.connection import explain_connection_error

TARGET_FOLDER = "dbt_target"
"""Below the home: what dbt writes, so that the project itself can be read-only."""

SLOW_SECONDS = 3.0
"""Nodes faster than this are counted, not listed."""

DBT_ERROR = re.compile(r"\b(Runtime|Compilation|Database|Parsing) Error\b")
CANNOT_OPEN = re.compile(
    r"Could not set lock on file|not a valid DuckDB database file|does not match stored checksum|"
    r"attempted to read \d+ bytes from location"
)
OUTSIDE = re.compile(r'Cannot access file "([^"]+)" - file system operations are disabled')
NO_MODEL = re.compile(r"No usable model: (.+)")
"""Said by the macro `model_version_literal`."""
WORKER_ERROR = re.compile(r"models_ml\.errors\.(\w+): (.+)")
"""Raised by the scorer in a Python worker of Spark."""
UDF_ERROR = re.compile(r"\b(\w+Error): (.+?)(?:\n|\s*At:|$)")
BATCH_LINE = re.compile(r"^\w+: batch \d+ of \d+$")


@dataclass
class DbtOutcome:
    """What one dbt invocation did.

    Attributes:
        warnings: Messages of warnings.
        errors: Messages of failures, in order.
        other_lines: Lines that are not events of dbt, for when Python itself failed.
    """

    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    other_lines: list[str] = field(default_factory=list)


def run_dbt(settings: Settings, arguments: Sequence[str], target: str = "duckdb") -> DbtOutcome:
    """Run ``dbt`` with our project and profile.

    Args:
        settings: Folders; the child gets them through its environment.
        arguments: For example ``("build", "--select", "tag:features")``.
        target: Of the profile.

    Returns:
        Its warnings.

    Raises:
        ScorehouseError: dbt failed; the message is the first failure, with its remedy where known.
    """
    command = [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
        *("--log-format", "json"),
        *dbt_arguments(settings, arguments, target),
    ]
    settings.home.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(  # noqa: S603  arguments are a list, no shell reads them
        command,
        cwd=settings.project,
        env={**os.environ, **settings.environment(), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",  # whatever the locale of this process
        errors="backslashreplace",
        umask=0o077,  # its files may contain data of applicants
    )
    try:
        outcome = _follow(child.stdout or ())
    finally:
        if child.poll() is None:
            child.terminate()
        exit_code = child.wait()
    if exit_code != 0 or outcome.errors:
        raise explain(outcome, settings, exit_code)
    return outcome


def dbt_arguments(settings: Settings, arguments: Sequence[str], target: str) -> list[str]:
    """Arguments of ``dbt`` that name our project, profile and target, and keep its files below our home."""
    return [
        *("--log-level-file", "none", "--no-use-colors", "--no-send-anonymous-usage-stats"),
        *arguments,
        *("--target", target),
        *("--project-dir", str(settings.dbt_project)),
        *("--profiles-dir", str(settings.profiles)),
        *("--target-path", str(settings.home / TARGET_FOLDER)),
        *("--log-path", str(settings.home / TARGET_FOLDER)),  # dbt makes it, also to write nothing
    ]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables that give plain ``dbt`` our folders; it writes nothing into the project."""
    return {
        **settings.environment(),
        "DBT_PROJECT_DIR": str(settings.dbt_project),
        "DBT_PROFILES_DIR": str(settings.profiles),
        "DBT_TARGET_PATH": str(settings.home / TARGET_FOLDER),
        "DBT_LOG_PATH": str(settings.home / TARGET_FOLDER),
    }


def _follow(lines: Iterable[str]) -> DbtOutcome:
    """Show the progress in dbt's JSON lines and collect what failed."""
    outcome = DbtOutcome()
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            outcome.other_lines.append(line.strip())
            continue
        observe(outcome, event)
    return outcome


def observe(outcome: DbtOutcome, event: dict[str, Any]) -> None:
    """Show one event of dbt, or keep what it says about a failure."""
    info, data = event.get("info", {}), event.get("data", {})
    name, message = info.get("name"), str(info.get("msg", "")).strip()
    if name == "NodeFinished":
        _count(outcome, data)
    elif name == "JinjaLogInfo" and BATCH_LINE.match(message):
        console.print(f"  {message}")
    elif info.get("level") == "error" and message:
        outcome.errors.append(message)


def _count(outcome: DbtOutcome, data: dict[str, Any]) -> None:
    node, result = data.get("node_info", {}), data.get("run_result", {})
    status, seconds = result.get("status"), float(result.get("execution_time", 0.0))
    title = node.get("node_name", "?")
    if status in ("success", "pass"):
        if seconds >= SLOW_SECONDS:
            console.print(f"  {title}: {seconds:.1f} s")
    elif status == "warn":
        outcome.warnings.append(f"{title}: {result.get('message', '')}")
    elif status in ("error", "fail"):
        outcome.errors.insert(0, f"{title}: {result.get('message', '')}")


def explain(outcome: DbtOutcome, settings: Settings, exit_code: int) -> ScorehouseError:
    """The first failure as an error with its remedy, where it is known."""
    reasons = outcome.errors or outcome.other_lines[-1:]
    # When a model fails to compile, the first lines do not say why.
    telling = [reason for reason in reasons if DBT_ERROR.search(reason)] or reasons
    text = telling[0] if telling else f"dbt, which ended with exit code {exit_code}"
    everything = "\n".join(outcome.errors)
    if CANNOT_OPEN.search(everything):
        return explain_connection_error(everything, settings.warehouse)
    outside = OUTSIDE.search(everything)
    if outside:
        return BuildError(
            f"Permission Error: SQL of the project asked for {outside[1]}; expected files below {settings.raw} or "
            f"{settings.home}. If one of these folders was moved, views still name the old one: scorehouse run "
            "rebuilds them. Tables built before are unchanged."
        )
    if no_model := NO_MODEL.search(everything):
        return ArtifactError(no_model[1].strip())
    of_worker = WORKER_ERROR.search(text)
    of_scorer = of_worker or ("UDF" in text and UDF_ERROR.search(text.split("UDF:")[-1]))
    if of_scorer:
        kind = ArtifactError if of_scorer[1] == "ArtifactError" else BuildError
        return kind(of_scorer[2].strip())
    summary = " ".join(line.strip() for line in text.splitlines() if line.strip())
    return BuildError(
        f"The warehouse build failed at {summary[:800]} Tables built before are unchanged."
    )
