"""Promotion, rollback and challenge: the only place that changes which model scores, and every change is recorded."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models_ml.errors import ArtifactError, UsageError
from models_ml.registry.catalog import verify_model
from models_ml.registry.gates import refusals
from models_ml.registry.history import history, previous_champion, record
from models_ml.registry.pointers import (
    champion_version,
    has_challenger,
    pointed_challenger,
    set_challenger,
    set_champion,
)
from models_ml.runtime.files import written_or_explained


def promote(artifacts: Path, version: str, force_reason: str | None = None) -> bool:
    """Make a model the one that scores, if it passes the gates.

    Args:
        artifacts: Folder of all artifacts.
        version: The model.
        force_reason: Why gates may be overridden; recorded. Damaged files and failed golden rows never are.

    Returns:
        Whether anything changed: promoting the champion does not.

    Raises:
        ArtifactError: It fails a gate.
        UsageError: The reason is empty.
    """
    if force_reason is not None and not force_reason.strip():
        raise UsageError("A forced promotion needs a reason, which is recorded; give one.")
    verify_model(artifacts, version)
    with _alone(artifacts):
        if version == _readable(champion_version, artifacts):
            _end_own_challenge(artifacts, version)
            return False
        failed = refusals(artifacts, version)
        if failed and force_reason is None:
            raise ArtifactError(
                f"Model {version} is not promoted: {' '.join(failed)} Train a better one, or force it "
                "with a reason, which is recorded."
            )
        _set(artifacts, version, "promote", force_reason, failed)
    return True


def rollback(artifacts: Path, reason: str) -> str:
    """Make the last different champion score again, skipping those that were rolled back since.

    Args:
        artifacts: Folder of all artifacts.
        reason: Why; recorded.

    Returns:
        Version that scores now.

    Raises:
        UsageError: The reason is empty.
        ArtifactError: There was no champion before, it is damaged, or it is unknown.
    """
    if not reason.strip():
        raise UsageError("A rollback needs a reason, which is recorded; give one.")
    if not artifacts.is_dir():
        raise ArtifactError(f"No trained model in {artifacts}, so there is nothing to go back to.")
    with _alone(artifacts):
        current = champion_version(artifacts)
        previous = previous_champion(history(artifacts), current)
        if previous is None:
            raise ArtifactError(
                f"There is no champion before {current or 'the first one'} to go back to that was not rolled "
                "back; name one with: scorehouse models promote VERSION"
            )
        verify_model(artifacts, previous)
        _set(artifacts, previous, "rollback", reason, [])
    return previous


def challenge(artifacts: Path, version: str | None) -> None:
    """Let a model score alongside the champion from the next run on, deciding nothing; None ends that.

    Raises:
        ArtifactError: The model is damaged or unknown.
        UsageError: It is the champion, or there is no challenger to end.
    """
    if version is not None:
        verify_model(artifacts, version)
    with _alone(artifacts):
        champion, present = champion_version(artifacts), _readable(pointed_challenger, artifacts)
        if version is not None and version == champion:
            raise UsageError(f"{version} is the champion; a challenger must be another model.")
        if version is None and not has_challenger(artifacts):
            raise UsageError("There is no challenger.")
        if version is None or version != present:
            action = "challenge" if version else "end challenge"
            record(artifacts, action, version or present, champion)
            set_challenger(artifacts, version)


def _set(
    artifacts: Path, version: str, action: str, reason: str | None, passed_over: list[str]
) -> None:
    """Record first, then switch: a crash between the two leaves the old champion and a trace."""
    record(artifacts, action, version, _readable(champion_version, artifacts), reason, passed_over)
    set_champion(artifacts, version)
    _end_own_challenge(artifacts, version)


def _end_own_challenge(artifacts: Path, champion: str) -> None:
    """A champion is not a challenger, even when its promotion was killed halfway."""
    if _readable(pointed_challenger, artifacts) == champion:
        set_challenger(artifacts, None)


def _readable(pointed: Callable[[Path], str | None], artifacts: Path) -> str | None:
    """What a pointer names; None also when it cannot be read, because changing it is the remedy."""
    try:
        return pointed(artifacts)
    except ArtifactError:
        return None


@contextmanager
def _alone(artifacts: Path) -> Iterator[None]:
    """One change of champion or challenger at a time; the next one waits, seconds at most."""
    with written_or_explained(artifacts, "Nothing was changed. Check the permissions."):
        file = (artifacts / ".lock").open("a", encoding="utf-8")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
