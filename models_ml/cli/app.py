"""The ``scorehouse`` command."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from models_ml.cli import models, report, run, scoring, simulate, training
from models_ml.errors import (
    EXIT_CODES,
    INTERRUPTED,
    SOFTWARE,
    USAGE,
    ReaderGoneError,
    ScorehouseError,
    is_ctrl_c,
)
from models_ml.runtime.console import console, stop
from models_ml.runtime.streams import protect_standard_streams

UNEXPECTED = (
    "unexpected: {error!r}. This is a bug in scorehouse, not a mistake in the call; what was published before is "
    "unchanged. Report it with the traceback, after removing personal data."
)
PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Scores": {
        "simulate": simulate.simulate,
        "run": run.run,
        "status": run.status,
        "sql": run.query,
        "report": report.report,
        "publish": run.publish,
    },
    "New applicants": {"score": scoring.score, "serve": scoring.serve},
    "Models": {"train": training.train, "tune": training.tune},
    "Audit and dbt": {"replay": scoring.replay, "dbt-env": run.dbt_env},
}
"""The commands as ``--help`` groups and orders them: by use."""

app = typer.Typer(
    epilog="\n".join(
        [
            "First steps: scorehouse simulate, then scorehouse run.",
            "Folders: SCOREHOUSE_RAW (data/raw) is read, SCOREHOUSE_HOME (data) is written.",
            "",
            "Exit codes:",
            *(f"{code.code:>3} {code.meaning}" for code in EXIT_CODES),
        ]
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for panel, commands in PANELS.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)
app.add_typer(models.commands, name="models", rich_help_panel="Models")


class LogFormat(StrEnum):
    """How progress and errors are written to standard error."""

    TEXT = "text"
    JSON = "json"


def print_version(wanted: bool) -> None:
    """Print the version of the installed package, and end."""
    if wanted:
        print(f"scorehouse {importlib.metadata.version('scorehouse')}")
        raise typer.Exit


@app.callback()
def set_log_format(
    log_format: Annotated[
        LogFormat,
        typer.Option(
            envvar="SCOREHOUSE_LOG_FORMAT",
            help="Progress and errors on standard error: text, or one JSON object per line.",
        ),
    ] = LogFormat.TEXT,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=print_version,
            help="Print the version and exit.",
            metavar="",
        ),
    ] = False,
) -> None:
    """Credit-default scores as a table in the warehouse."""
    console.as_json = log_format is LogFormat.JSON


def main() -> None:
    """Run the command; an expected failure is one sentence on standard error and an exit code."""
    protect_standard_streams()
    console.as_json = os.environ.get("SCOREHOUSE_LOG_FORMAT") == LogFormat.JSON
    # Threads that wait without spinning: on a busy machine, training is many times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Like Ctrl-C, so that a scheduler that stops the command also stops its child processes.
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for background jobs of a shell
        signal.signal(signal.SIGINT, stop)
    os.umask(0o077)  # scores and models are personal data: readable by their owner only
    sys.exit(exit_code_of_command())


def exit_code_of_command() -> int:
    """Run the command and report a failure; every code returned is in the table `EXIT_CODES`."""
    try:
        code = (
            app(standalone_mode=False) or 0
        )  # typer returns a code when it ends the command itself
    except ReaderGoneError as error:
        return error.exit_code
    except ScorehouseError as error:
        console.end("error", str(error))
        return error.exit_code
    except typer.TyperException as error:  # the command line itself is wrong
        message = error.format_message().rstrip(".") or "No command was given"
        console.end("error", f"{message}. See: scorehouse --help")
        return USAGE.code
    except (Exception, SystemExit) as error:  # noqa: BLE001  the outermost frame: nothing above would tell anyone
        if is_ctrl_c(error):
            code = INTERRUPTED.code
        elif isinstance(error, SystemExit) and error.code in (None, 0):
            return 0
        else:
            console.end("error", UNEXPECTED.format(error=error), traceback.format_exc())
            return SOFTWARE.code
    if code == INTERRUPTED.code:
        console.end("stopped", "nothing half-written is left behind.")
    return int(code)
