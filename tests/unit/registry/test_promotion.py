"""Registry: gates, recorded promotions, rollback."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from models_ml.errors import ArtifactError, UsageError
from models_ml.registry import promotion
from models_ml.registry.artifact import load_artifact, save_artifact
from models_ml.registry.assembly import make_scorer
from models_ml.registry.catalog import list_models, verify_model
from models_ml.registry.gates import refusals
from models_ml.registry.golden_rows import check_golden, golden_rows
from models_ml.registry.history import HISTORY, history, record
from models_ml.registry.pointers import (
    challenger_path,
    challenger_version,
    champion_version,
    set_challenger,
    set_champion,
)
from models_ml.registry.promotion import challenge, promote, rollback


def figures(auc: float, ece: float = 0.001) -> dict:
    def estimate(value: float) -> dict:
        return {"value": value, "low": value - 0.01, "high": value + 0.01}

    return {
        "metrics": {
            "out_of_time": {
                "auc": estimate(auc),
                "log_loss": estimate(0.14),
                "ece": estimate(ece),
                "default_rate": 0.035,
                "n_applicants": 60_000,
            }
        }
    }


@pytest.fixture
def save(small_model, tmp_path: Path):
    def save(auc: float, ece: float = 0.001, anchor: float = 600.0) -> str:
        artifact = replace(
            small_model.artifact, facts={**figures(auc, ece), "created_at": f"{auc}"}
        )
        artifact = replace(artifact, scale=replace(artifact.scale, anchor_points=anchor))
        artifact = replace(artifact, golden=golden_rows(artifact, small_model.features))
        return save_artifact(artifact, tmp_path).name

    return save


def test_a_worse_model_is_refused_unless_forced_with_a_reason(save, tmp_path: Path) -> None:
    good, bad = save(0.76), save(0.70, anchor=601.0)
    promote(tmp_path, good)
    with pytest.raises(ArtifactError, match=r"auc 0\.7000 is worse"):
        promote(tmp_path, bad)
    assert champion_version(tmp_path) == good
    with pytest.raises(UsageError, match="reason"):
        promote(tmp_path, bad, force_reason=" ")
    promote(tmp_path, bad, force_reason="the good one leaks")
    assert champion_version(tmp_path) == bad
    assert history(tmp_path)[-1]["reason"] == "the good one leaks"
    assert history(tmp_path)[-1]["gates_passed_over"]


def test_a_difference_within_noise_passes(save, tmp_path: Path) -> None:
    promote(tmp_path, save(0.76))
    promote(tmp_path, save(0.755, anchor=601.0))
    assert len(history(tmp_path)) == 2


def test_bad_calibration_is_refused(save, tmp_path: Path) -> None:
    assert "calibration error" in refusals(tmp_path, save(0.76, ece=0.02))[0]


def test_rollback_returns_to_the_champion_before(save, tmp_path: Path) -> None:
    first, second = save(0.76), save(0.77, anchor=601.0)
    promote(tmp_path, first)
    promote(tmp_path, second)
    assert rollback(tmp_path, "complaints") == first
    assert champion_version(tmp_path) == first
    with pytest.raises(ArtifactError, match="no champion before"):
        rollback(tmp_path, "again")


class Killed(BaseException):
    """In place of a process that ends here."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch):
    """Do something that ends between the line of the history and the pointer."""

    def kill(change, *arguments: object) -> None:
        def end(*_: object) -> None:
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(promotion, "set_champion", end)
            patched.setattr(promotion, "set_challenger", end)
            with pytest.raises(Killed):
                change(*arguments)

    return kill


@pytest.fixture
def three(save) -> tuple[str, str, str]:
    return save(0.76), save(0.761, anchor=601.0), save(0.762, anchor=602.0)


@pytest.mark.fault("F63")
def test_promoting_the_champion_changes_nothing(three, tmp_path: Path) -> None:
    a, b, _ = three
    assert promote(tmp_path, a)
    assert promote(tmp_path, b)
    before = (tmp_path / HISTORY).read_bytes()
    assert not promote(tmp_path, b)
    assert not promote(tmp_path, b, force_reason="twice")
    assert (tmp_path / HISTORY).read_bytes() == before
    assert rollback(tmp_path, "misbehaves") == a


@pytest.mark.fault("F63")
def test_a_rollback_leaves_what_was_promoted_twice_in_an_older_history(
    three, tmp_path: Path
) -> None:
    a, b, _ = three
    for version, previous in ((a, None), (b, a), (b, b)):
        line = {"at": "2026-11-25T02:00:00+00:00", "action": "promote", "version": version}
        line |= {"previous": previous, "reason": None, "gates_passed_over": []}
        with (tmp_path / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    set_champion(tmp_path, b)
    assert rollback(tmp_path, "misbehaves") == a


@pytest.mark.fault("F63")
def test_a_rollback_never_goes_to_a_model_that_one_left(three, tmp_path: Path) -> None:
    a, b, c = three
    for version in (a, b, a):
        promote(tmp_path, version)
    assert rollback(tmp_path, "1") == b
    with pytest.raises(ArtifactError, match="no champion before"):
        rollback(tmp_path, "2")
    promote(tmp_path, c)
    assert rollback(tmp_path, "3") == b
    promote(tmp_path, a)
    promote(tmp_path, c)
    assert [rollback(tmp_path, "4"), rollback(tmp_path, "5")] == [a, b]


@pytest.mark.fault("F63")
def test_a_kill_before_the_pointer_is_no_change_of_champion(three, killed, tmp_path: Path) -> None:
    a, b, c = three
    killed(promote, tmp_path, a)
    assert champion_version(tmp_path) is None
    promote(tmp_path, a)
    killed(promote, tmp_path, b)
    assert champion_version(tmp_path) == a
    with pytest.raises(ArtifactError, match="no champion before"):
        rollback(tmp_path, "b never scored")
    promote(tmp_path, b)
    promote(tmp_path, c)
    killed(rollback, tmp_path, "stopped")
    assert champion_version(tmp_path) == c
    killed(promote, tmp_path, a)
    assert rollback(tmp_path, "again") == b
    assert rollback(tmp_path, "and again") == a


@pytest.mark.fault("F63")
def test_a_kill_in_a_challenge_leaves_the_pointer_as_it_was(three, killed, tmp_path: Path) -> None:
    a, b, _ = three
    promote(tmp_path, a)
    killed(challenge, tmp_path, b)
    assert challenger_version(tmp_path) is None
    challenge(tmp_path, b)
    n_lines = len(history(tmp_path))
    challenge(tmp_path, b)
    assert len(history(tmp_path)) == n_lines
    killed(challenge, tmp_path, None)
    assert challenger_version(tmp_path) == b
    record(tmp_path, "promote", b, a)  # a promotion that is killed before it ends the challenge
    set_champion(tmp_path, b)
    assert challenger_path(tmp_path) is None
    assert not promote(tmp_path, b)
    assert rollback(tmp_path, "misbehaves") == a
    assert challenger_version(tmp_path) is None
    set_challenger(tmp_path, b)
    challenge(tmp_path, None)
    with pytest.raises(UsageError, match="no challenger"):
        challenge(tmp_path, None)


@pytest.mark.fault("F63")
def test_a_torn_last_line_is_nothing_and_a_damaged_one_is_named(three, tmp_path: Path) -> None:
    a, b, c = three
    promote(tmp_path, a)
    promote(tmp_path, b)
    with (tmp_path / HISTORY).open("ab") as file:
        file.write(b'{"at": "2026-11-25T02:00:00+00:00", "act')
    assert [event["version"] for event in history(tmp_path)] == [a, b]
    promote(tmp_path, c)
    assert [event["version"] for event in history(tmp_path)] == [a, b, c]
    (tmp_path / HISTORY).write_bytes(b"3\n" + (tmp_path / HISTORY).read_bytes())
    with pytest.raises(ArtifactError, match=r"history\.jsonl, line 1"):
        rollback(tmp_path, "misbehaves")
    assert champion_version(tmp_path) == c


@pytest.mark.fault("F63")
def test_a_pointer_changed_by_hand_is_the_truth(three, tmp_path: Path) -> None:
    a, b, c = three
    promote(tmp_path, a)
    promote(tmp_path, b)
    set_champion(tmp_path, c)
    with pytest.raises(ArtifactError, match="changed by other means"):
        rollback(tmp_path, "misbehaves")
    assert champion_version(tmp_path) == c
    promote(tmp_path, b, force_reason="known")
    assert rollback(tmp_path, "misbehaves") == c
    for role in ("champion.json", "challenger.json"):
        (tmp_path / role).write_text("{")
    with pytest.raises(ArtifactError, match="scorehouse models promote"):
        champion_version(tmp_path)
    promote(tmp_path, a, force_reason="repairs the pointer")
    with pytest.raises(ArtifactError, match="challenge --end"):
        challenger_version(tmp_path)
    challenge(tmp_path, None)
    assert (champion_version(tmp_path), challenger_version(tmp_path)) == (a, None)


@pytest.mark.fault("F63")
def test_two_promotions_at_once_wait_for_each_other(three, tmp_path: Path) -> None:
    a, b, c = three
    promote(tmp_path, a)
    others = [threading.Thread(target=promote, args=(tmp_path, version)) for version in (b, c)]
    with promotion._alone(tmp_path):
        for other in others:
            other.start()
        others[0].join(timeout=2)
        assert [event["version"] for event in history(tmp_path)] == [a]
    for other in others:
        other.join()
    events = history(tmp_path)
    assert [event["previous"] for event in events[1:]] == [event["version"] for event in events[:2]]
    assert champion_version(tmp_path) == events[-1]["version"]


@pytest.mark.fault("F45")
def test_golden_rows_notice_another_calibration(save, tmp_path: Path) -> None:
    artifact = load_artifact(tmp_path / save(0.76))
    changed = replace(artifact, calibration=replace(artifact.calibration, intercept=0.0))
    with pytest.raises(ArtifactError, match="golden row"):
        check_golden(changed, make_scorer(changed, changed.contract))


def test_damage_cannot_be_forced(save, tmp_path: Path) -> None:
    version = save(0.76)
    with (tmp_path / version / "booster.txt").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtifactError, match=r"booster\.txt"):
        promote(tmp_path, version, force_reason="because")
    assert list_models(tmp_path)[0].problem is not None


def test_unknown_version_and_missing_champion_are_named(save, tmp_path: Path) -> None:
    save(0.76)
    with pytest.raises(ArtifactError, match="no-such"):
        verify_model(tmp_path, "no-such")
    with pytest.raises(ArtifactError, match="scorehouse train"):
        verify_model(tmp_path)


def test_a_folder_of_someone_else_is_not_a_model(save, tmp_path: Path) -> None:
    version = save(0.76)
    shutil.copytree(tmp_path / version, tmp_path / "copy")
    with pytest.raises(ArtifactError, match="version"):
        verify_model(tmp_path, "copy")
