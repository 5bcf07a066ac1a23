"""Progress of long steps: a bar for people, plain lines for schedulers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from models_ml.runtime.streams import NARROWEST

DEFAULT_WIDTH = 80
LINE_EVERY_SECONDS = 10.0
"""How often a line is printed when standard error is not a terminal."""


class LogConsole(Console):
    """Standard error, for people or, with ``as_json``, for machines: one JSON object per line.

    Text is printed as it is: brackets and colons in a name are not markup, and long lines are not wrapped.
    """

    as_json = False

    def print(self, *objects: Any, **options: Any) -> None:
        """Print a line; a text that starts with its level ("error:", "warning:") is logged at that level."""
        if not self.as_json:
            is_text = all(isinstance(part, str) for part in objects)
            super().print(*objects, **{"soft_wrap": is_text, **options})
            return
        message = " ".join(str(part) for part in objects).strip()
        first, _, rest = message.partition(": ")
        if first in ("error", "warning", "stopped"):
            self._log(first, rest)
        else:
            self._log("info", message)

    def end(self, level: str, message: str, trace: str = "") -> None:
        """Say why the command stops early.

        Args:
            level: "error" or "stopped".
            message: The reason, and the remedy.
            trace: Where it happened in the code, for the person who fixes it.
        """
        if self.as_json:
            self._log(level, message, **({"traceback": trace} if trace else {}))
            return
        super().print(trace, end="", soft_wrap=True)
        super().print(Text.assemble((f"{level}: ", "bold red"), message), soft_wrap=True)

    def _log(self, level: str, message: str, **more: str) -> None:
        # File names may contain bytes that are not text, which JSON cannot express.
        message = message.encode("utf-8", "backslashreplace").decode()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": level, "message": message, **more}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()


console = LogConsole(stderr=True, highlight=False, markup=False, emoji=False)
"""Everything except results goes to standard error."""
if console.width < NARROWEST:
    console.width = DEFAULT_WIDTH


class Progress:
    """Progress of one step with a known number of parts."""

    def __init__(self, step: str, total: int) -> None:
        self.step = step
        self.total = total
        self.done = 0
        self._last_line = time.monotonic()
        self._bar: RichProgress | None = None
        if console.is_terminal and not console.as_json:
            self._bar = RichProgress(
                TextColumn("  {task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task(step, total=total)

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, parts: int = 1) -> None:
        """Count parts as done."""
        self.set_done(self.done + parts)

    def set_done(self, done: int) -> None:
        """Say how many parts are done."""
        self.done = done
        if self._bar:
            self._bar.update(self._task, completed=done)
        elif time.monotonic() - self._last_line > LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            console.print(f"  {self.step}: {done} of {self.total}")

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        console.print(f"  {text}")


class Stop:
    """Handler of SIGINT and SIGTERM that is heard even where native code swallows the exception.

    DuckDB imports pandas while it runs a query, where there is pandas, and takes an interrupted import for a missing
    package.
    """

    asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Interrupt the main thread."""
        self.asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Interrupt now what should have ended before."""
        if self.asked:
            raise KeyboardInterrupt


stop = Stop()


@contextmanager
def step(title: str) -> Iterator[dict[str, float]]:
    """Announce a step, and print its duration when it ends.

    Yields:
        A dictionary that holds ``seconds`` once the step has ended.
    """
    stop.check()
    console.print(title, style="bold")
    started = time.monotonic()
    result: dict[str, float] = {}
    yield result
    result["seconds"] = time.monotonic() - started
    console.print(f"  done in {result['seconds']:.1f} s")
