"""Faults F16 to F24: a model that is not whole and unchanged is refused, naming what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models_ml.errors import ArtifactError
from models_ml.registry.artifact import load_artifact, save_artifact
from models_ml.registry.manifest import MANIFEST
from models_ml.registry.pointers import challenger_version, champion_path, set_challenger


@pytest.fixture
def folder(small_model, tmp_path: Path) -> Path:
    copy = tmp_path / small_model.artifact.version
    shutil.copytree(small_model.artifacts / small_model.artifact.version, copy)
    return copy


def flip(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


def truncate(folder: Path) -> None:
    content = (folder / "booster.txt").read_bytes()
    (folder / "booster.txt").write_bytes(content[: len(content) // 2])


def edit_manifest(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        (folder / MANIFEST).write_text(json.dumps({**manifest, **values}))

    return change


def link_out(folder: Path) -> None:
    target = folder.parent / "elsewhere.json"
    (folder / "drift.json").rename(target)
    (folder / "drift.json").symlink_to(target)


@pytest.mark.fault("F17", "F18", "F19", "F22", "F24")
@pytest.mark.parametrize(
    ("fault", "named"),
    [
        pytest.param(truncate, "booster.txt", id="F17-truncated"),
        pytest.param(flip("booster.txt"), "booster.txt", id="F17-bit-flip"),
        pytest.param(flip("encoder.safetensors"), "encoder.safetensors", id="F18"),
        pytest.param(edit_manifest(created_at="1970"), MANIFEST, id="F19-edited"),
        pytest.param(lambda f: (f / "scoring.json").unlink(), "scoring.json", id="F19-missing"),
        pytest.param(lambda f: (f / "extra.pkl").write_bytes(b""), "extra.pkl", id="F19-extra"),
        pytest.param(edit_manifest(format_version=99), "99", id="F22"),
        pytest.param(link_out, "drift.json", id="F24-symlink"),
        pytest.param(lambda f: (f / MANIFEST).unlink(), MANIFEST, id="F24-not-a-model"),
    ],
)
def test_a_damaged_artifact_is_refused_by_name(
    folder: Path, fault: Callable[[Path], None], named: str
) -> None:
    load_artifact(folder)
    fault(folder)
    with pytest.raises(ArtifactError, match=named):
        load_artifact(folder)


def test_no_artifact_names_the_train_command(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="scorehouse train"):
        champion_path(tmp_path)


def test_a_model_that_is_there_is_not_written_again(small_model, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert save_artifact(small_model.artifact, folder.parent) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_without_a_challenger_there_is_nothing_to_end(tmp_path: Path) -> None:
    set_challenger(tmp_path, None)
    assert challenger_version(tmp_path) is None
