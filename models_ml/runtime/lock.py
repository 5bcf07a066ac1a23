"""One run at a time: a lock that names its holder and is released when it ends, even by kill -9."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from models_ml.errors import WarehouseLockedError, full_disk_named
from models_ml.runtime.files import written_or_explained

RETRY_SECONDS = 0.5


@contextmanager
def run_lock(home: Path, command: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of an installation.

    Args:
        home: Folder of the installation.
        command: What holds it, for the message that other runs show.
        wait_seconds: How long to wait for another run to finish.

    Raises:
        WarehouseLockedError: Another run holds the lock; the message names it.
        OutputError: The folder cannot be written, or its disk was full while the lock was held.
    """
    with written_or_explained(home, "Set SCOREHOUSE_HOME to a folder that you may write."):
        home.mkdir(parents=True, exist_ok=True)
        file = (home / ".lock").open("a+", encoding="utf-8")
    with file:
        give_up = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= give_up:
                    raise WarehouseLockedError(
                        f"{_holder(home)} is at work in {home}. Nothing was changed; try again "
                        "later, or wait for it with: --wait SECONDS"
                    ) from error
                time.sleep(RETRY_SECONDS)
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"pid": os.getpid(), "command": command, "started": started}))
        file.flush()
        with full_disk_named(home):
            yield


def lock_holder(home: Path) -> str | None:
    """Who holds the lock, in words, or None when nobody does."""
    try:
        with (home / ".lock").open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _holder(home)
    return None


def _holder(home: Path) -> str:
    try:
        facts = json.loads((home / ".lock").read_text(encoding="utf-8"))
        return f"Process {facts['pid']} ({facts['command']}, since {facts['started']})"
    except (ValueError, KeyError, TypeError):
        return "Another run"
