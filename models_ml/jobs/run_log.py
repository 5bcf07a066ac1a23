"""The log of runs: one line when a run starts and one when it ends."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models_ml.errors import (
    INTERRUPTED,
    SOFTWARE,
    OutputError,
    ScorehouseError,
    full_disk_named,
    is_ctrl_c,
    place_of,
)
from models_ml.runtime.files import append_line

RUN_LOG = "runs.jsonl"


@contextmanager
def recorded_run(home: Path, command: str) -> Iterator[dict[str, Any]]:
    """Record start and end of a run; a killed run leaves only its start.

    Args:
        home: Folder of the installation.
        command: What runs.

    Yields:
        A dictionary for what else the last line should say: ``seconds`` by step, ``model_version``, ``n_applicants``.

    Raises:
        OutputError: The log cannot be written.
    """
    log, run_id, facts = home / RUN_LOG, uuid.uuid4().hex, dict[str, Any]()
    _append(log, {"run_id": run_id, "event": "start", "command": command})
    ending: dict[str, Any] = {"outcome": "failed", "exit_code": SOFTWARE.code}
    try:
        with full_disk_named(home):
            yield facts
        ending = {"outcome": "done", "exit_code": 0}
    except ScorehouseError as error:
        ending |= {"exit_code": error.exit_code, "message": str(error)}
        raise
    except BaseException as error:
        if is_ctrl_c(error):
            ending = {"outcome": "stopped", "exit_code": INTERRUPTED.code}
        else:
            ending |= {"message": f"unexpected: {place_of(error)}"}
        raise
    finally:
        with contextlib.suppress(OutputError):  # a full disk must not hide why the run failed
            _append(log, {"run_id": run_id, "event": "end", **ending, **facts})


def _append(log: Path, event: dict[str, Any]) -> None:
    append_line(log, {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **event})
