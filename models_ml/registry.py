"""Registry of trained models: which one scores, how it came to that, and what must hold before another does."""

from __future__ import annotations

import fcntl
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models_ml.artifact import champion_path, champion_version, set_champion
from models_ml.challenger import (
    challenger_version,
    has_challenger,
    pointed_challenger,
    set_challenger,
)
from models_ml.errors import ArtifactError, OutputError, UsageError, full_disk_named
from models_ml.integrity import MANIFEST, verify_artifact
from models_ml.loading import load_scorer
from models_ml.promotions import history, previous_champion, record
from models_ml.ranking import ECE_BINS

MAX_ECE = 0.003
"""Largest expected calibration error that chance does not explain."""


@dataclass(frozen=True)
class ModelEntry:
    """A trained model in the folder of artifacts.

    Attributes:
        version: Its version.
        created_at: When it was trained (UTC).
        champion: Whether it scores.
        challenger: Whether it is scored beside the champion.
        auc: Out-of-time AUC, or None when unknown.
        problem: What is wrong with its files; None when its hashes hold.
    """

    version: str
    created_at: str
    champion: bool
    challenger: bool
    auc: float | None
    problem: str | None


def list_models(artifacts: Path) -> tuple[ModelEntry, ...]:
    """All trained models, newest first."""
    champion, challenger = champion_version(artifacts), challenger_version(artifacts)
    entries = []
    for path in artifacts.glob(f"*/{MANIFEST}"):
        folder = path.parent
        if folder.name.startswith("."):
            continue
        facts: dict[str, Any] = {}
        problem = None
        try:
            facts, _ = verify_artifact(folder)
        except ArtifactError as error:
            problem = str(error)
        entries.append(
            ModelEntry(
                version=folder.name,
                created_at=str(facts.get("created_at", "")),
                champion=folder.name == champion,
                challenger=folder.name == challenger,
                auc=_metric(facts, "auc"),
                problem=problem,
            )
        )
    return tuple(sorted(entries, key=lambda entry: (entry.created_at, entry.version), reverse=True))


def show_model(artifacts: Path, version: str | None = None) -> dict[str, Any]:
    """Verified manifest of a model; the champion's when no version is given."""
    return verify_artifact(folder_of(artifacts, version))[0]


def verify_model(artifacts: Path, version: str | None = None) -> str:
    """Check hashes and golden rows of a model; the champion's when no version is given.

    Returns:
        The version checked.

    Raises:
        ArtifactError: It must not be used; the message says why.
    """
    return load_scorer(folder_of(artifacts, version)).version


def refusals(artifacts: Path, version: str) -> list[str]:
    """Reasons not to promote a model; empty when it passes every gate."""
    try:
        verify_model(artifacts, version)
    except ArtifactError as error:
        return [str(error)]
    candidate = show_model(artifacts, version)
    reasons = [*_calibration_gate(candidate)]
    try:
        current = champion_version(artifacts)
        if current is not None and current != version:
            reasons += _quality_gate(candidate, show_model(artifacts, current))
    except ArtifactError as error:
        reasons.append(f"The champion cannot be compared: {error}")
    return reasons


def promote(artifacts: Path, version: str, force_reason: str | None = None) -> bool:
    """Make a model the one that scores, if it passes the gates.

    Args:
        artifacts: Folder of all artifacts.
        version: The model.
        force_reason: Why gates may be passed over; recorded. Damaged files and golden rows are never passed over.

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
    """Make the last different champion score again, but none that a rollback left since.

    Args:
        artifacts: Folder of all artifacts.
        reason: Why; recorded.

    Returns:
        Version that scores now.

    Raises:
        UsageError: The reason is empty.
        ArtifactError: There was no champion before, or it is damaged, or nobody knows which it was.
    """
    if not reason.strip():
        raise UsageError("A rollback needs a reason, which is recorded; give one.")
    if not artifacts.is_dir():
        raise ArtifactError(f"No trained model in {artifacts}, so there is none to go back to.")
    with _alone(artifacts):
        current = champion_version(artifacts)
        previous = previous_champion(history(artifacts), current)
        if previous is None:
            raise ArtifactError(
                f"There is no champion before {current or 'the first one'} to go back to that no rollback "
                "left; name one with: scorehouse models promote VERSION"
            )
        verify_model(artifacts, previous)
        _set(artifacts, previous, "rollback", reason, [])
    return previous


def challenge(artifacts: Path, version: str | None) -> None:
    """Have a model score beside the champion from the next run on, deciding nothing; None ends that.

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
    """A champion challenges nobody, also when the promotion was killed before it could say so."""
    if _readable(pointed_challenger, artifacts) == champion:
        set_challenger(artifacts, None)


def _readable(pointed: Callable[[Path], str | None], artifacts: Path) -> str | None:
    """What a pointer names; None also when it cannot be read, because a change of it is what mends that."""
    try:
        return pointed(artifacts)
    except ArtifactError:
        return None


@contextmanager
def _alone(artifacts: Path) -> Iterator[None]:
    """One change of champion or challenger at a time; the next one waits, seconds at most."""
    try:
        file = (artifacts / ".lock").open("a", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{artifacts} cannot be written ({error.strerror}); nothing was changed. Mend the permissions."
        ) from error
    with file, full_disk_named(artifacts):
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def folder_of(artifacts: Path, version: str | None) -> Path:
    """Folder of a model; the champion's when no version is given."""
    if version is None:
        return champion_path(artifacts)
    folder = artifacts / version
    if Path(version).name != version or folder.is_symlink() or not folder.is_dir():
        known = ", ".join(entry.version for entry in list_models(artifacts)) or "none"
        raise ArtifactError(f"There is no model {version!r} in {artifacts}; known are: {known}.")
    return folder


def _estimate(facts: dict[str, Any], name: str) -> dict[str, float] | None:
    estimate: dict[str, float] | None = facts.get("metrics", {}).get("out_of_time", {}).get(name)
    return estimate


def _metric(facts: dict[str, Any], name: str) -> float | None:
    estimate = _estimate(facts, name)
    return None if estimate is None else float(estimate["value"])


def _quality_gate(candidate: dict[str, Any], champion: dict[str, Any]) -> list[str]:
    """Worse than the champion by more than the intervals of both explain."""
    reasons = []
    for name, better in (("auc", 1), ("log_loss", -1)):
        new, old = _estimate(candidate, name), _estimate(champion, name)
        if new is None or old is None:
            reasons.append(f"{name} is not recorded for both models.")
            continue
        # Half the width of a 95 % interval is about 1.96 standard errors; independent errors add in squares.
        noise = math.hypot(new["high"] - new["low"], old["high"] - old["low"]) / 2
        if better * (old["value"] - new["value"]) > noise:
            reasons.append(
                f"{name} {new['value']:.4f} is worse than the champion's {old['value']:.4f} by "
                f"more than noise ({noise:.4f})."
            )
    return reasons


def _calibration_gate(candidate: dict[str, Any]) -> list[str]:
    figures = candidate.get("metrics", {}).get("out_of_time")
    if not figures:
        return ["No out-of-time figures are recorded."]
    rate, n = figures["default_rate"], figures["n_applicants"]
    # Mean absolute error of a bin's default rate under perfect calibration (half-normal), doubled.
    noise = 2 * math.sqrt(2 / math.pi * rate * (1 - rate) * ECE_BINS / n)
    found = figures["ece"]["value"]
    if found <= MAX_ECE + noise:
        return []
    return [
        f"Expected calibration error {found:.4f} is above {MAX_ECE} and what chance explains "
        f"({noise:.4f})."
    ]
