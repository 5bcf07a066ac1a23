"""Steps of a run as processes that start at once, so that hundreds of them can be killed in minutes.

Importing dbt and torch takes most of a short command's time. This process imports everything once; each step it is told
to run is a real process forked from it, with a process group of its own, and is killed by SIGKILL when its time is up.

Reads lines of JSON (`step`, `arguments`, `kill_after` seconds or null); answers with the exit code and the seconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

import lightgbm  # noqa: F401  imported for the children
import torch  # noqa: F401
from dbt.cli.main import dbtRunner

from models_ml.cli import app
from models_ml.publishing.files import publish
from models_ml.report import pages  # noqa: F401
from models_ml.runtime.lock import run_lock
from models_ml.settings import Settings
from models_ml.training import job as train  # noqa: F401
from models_ml.warehouse.dbt import dbt_arguments
from udf import plugin  # noqa: F401


def run(step: str, arguments: list[str]) -> None:
    """One step of a run, in this process."""
    settings = Settings.from_environment()
    if step == "dbt":
        with run_lock(settings.home, "scorehouse run"):
            os.chdir(settings.project)
            result = dbtRunner().invoke(dbt_arguments(settings, arguments, target="duckdb"))
        if not result.success:
            raise SystemExit(str(result.exception))
    elif step == "publish":
        with run_lock(settings.home, "scorehouse publish"):
            publish(settings.warehouse, settings.published)
    else:
        sys.argv = ["scorehouse", step, *arguments]
        app.main()


def fork(step: str, arguments: list[str]) -> int:
    """Start the step as a process of its own and give its id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    silent = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(silent, number)
    try:
        run(step, arguments)
        os._exit(0)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException as error:  # noqa: BLE001  the child must never return into the loop below
        print(f"{step}: {error!r}", file=sys.stderr, flush=True)
        os._exit(99)


def main() -> None:
    """Run steps until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        started = time.monotonic()
        child = fork(order["step"], order["arguments"])
        if order["kill_after"] is not None:
            kill = threading.Timer(order["kill_after"], os.kill, (child, signal.SIGKILL))
            kill.start()
        _, status = os.waitpid(child, 0)
        if order["kill_after"] is not None:
            kill.cancel()
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - started,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
