"""The history of promotions, rollbacks and challenges, and which champion came before the current one.

``champion.json`` is the truth about the present. A line of the history is written before the pointer, so that a kill
between the two leaves a line of a change that never took effect. Each line also says which model was champion when it
was written, so the lines after it, and finally the pointer, show whether the change took effect.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError
from models_ml.runtime.files import append_line, whole_lines

HISTORY = "history.jsonl"


def history(artifacts: Path) -> tuple[dict[str, Any], ...]:
    """All promotions, rollbacks and challenges that were recorded, oldest first.

    Raises:
        ArtifactError: A line cannot be read.
    """
    return tuple(_event(artifacts, *line) for line in enumerate(_lines(artifacts), start=1))


def record(
    artifacts: Path,
    action: str,
    version: str | None,
    champion: str | None,
    reason: str | None = None,
    gates_passed_over: Sequence[str] = (),
) -> None:
    """Add a line to the history.

    Args:
        artifacts: Folder of all artifacts.
        action: ``promote``, ``rollback``, ``challenge`` or ``end challenge``.
        version: The model it is about; None when that is no longer known.
        champion: The champion until now.
        reason: Why, in the words of the person who did it.
        gates_passed_over: Gates that it failed.
    """
    event = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "action": action,
        "version": version,
        "previous": champion,
        "reason": reason,
        "gates_passed_over": list(gates_passed_over),
    }
    append_line(artifacts / HISTORY, event)


def previous_champion(events: Sequence[dict[str, Any]], current: str | None) -> str | None:
    """The last champion that differs from the current one and was not rolled back since.

    Args:
        events: The history.
        current: The champion now.

    Raises:
        ArtifactError: The pointer was changed by other means after the last line, so it is unknown.
    """
    champions: list[str] = []
    left: set[str] = set()
    seen = [*(event["previous"] for event in events), current]
    for event, (before, after) in zip(events, pairwise(seen), strict=True):
        if before is not None:
            champions.append(before)
            if event["action"] == "rollback" and event["version"] == after:  # it took effect
                left.add(before)
        left.discard(after)
    changed = [event for event in events if event["action"] in ("promote", "rollback")]
    if changed and current not in (changed[-1]["version"], changed[-1]["previous"]):
        raise ArtifactError(
            f"champion.json names {current or 'no model'}, and the last line of {HISTORY} is about "
            f"{changed[-1]['version']}: the pointer was changed by other means, so the champion before it is unknown; "
            "name one with: scorehouse models promote VERSION"
        )
    return next((one for one in reversed(champions) if one != current and one not in left), None)


def _lines(artifacts: Path) -> list[bytes]:
    try:
        return whole_lines((artifacts / HISTORY).read_bytes())
    except FileNotFoundError:
        return []


def _event(artifacts: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(line)
        missing = [name for name in ("action", "version", "previous") if name not in event]
    except (ValueError, TypeError) as error:
        raise ArtifactError(
            f"{artifacts / HISTORY}, line {number}, is not a JSON object ({error}); restore the file from a backup."
        ) from error
    if missing:
        raise ArtifactError(
            f"{artifacts / HISTORY}, line {number}, lacks {', '.join(missing)}; restore the file from a backup."
        )
    return event
