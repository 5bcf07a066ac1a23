"""F17, F18, F23: models that are malformed though every hash is right; compiled code must never follow them.

They are loaded in processes of their own: reading foreign memory or never ending would otherwise end the tests.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from support.small_model import SmallModel, to_arrow

from models_ml.errors import ArtifactError
from models_ml.registry.artifact import Artifact, load_artifact, save_artifact
from models_ml.registry.loading import load_scorer
from models_ml.registry.manifest import MANIFEST, manifest_sha256_of, verify_artifact, version_of
from models_ml.registry.pointers import CHAMPION, champion_path, set_champion

SECONDS = 600
MEMORY = 6 * 1024**3

LOADER = f"""
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
import pyarrow as pa
from models_ml.errors import ArtifactError
from models_ml.features.contract import read_contract
from models_ml.registry.loading import load_scorer
from models_ml.settings import Settings
contract = read_contract(Settings.from_environment().dictionary)
features = pa.ipc.open_stream(sys.argv[2]).read_all()["features"].combine_chunks()
features = features.chunk(0) if isinstance(features, pa.ChunkedArray) else features
for folder in sorted(Path(sys.argv[1]).iterdir()):
    print(folder.name, end=" ", flush=True)
    try:
        load_scorer(folder, contract).score_arrow(features)
    except ArtifactError as error:
        print("refused", str(error).count(chr(10)), flush=True)
    else:
        print("scored", 0, flush=True)
print("lightgbm" in sys.modules, flush=True)
"""


def save_contents(contents: dict[str, bytes], manifest: dict[str, object], artifacts: Path) -> Path:
    """As `save_artifact` does: every hash fits, whatever the files hold."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = {**manifest, "files": hashes, "version": version_of(hashes)}
    manifest["manifest_sha256"] = manifest_sha256_of(manifest)
    folder = artifacts / str(manifest["version"])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def other_number(rng: np.random.Generator, old: str) -> str:
    value = int(float(old)) if re.fullmatch(r"-?\d+(\.\d+)?", old) else 0
    choices = [value + 1, value - 1, -value, 0, -1, 255, 256, 10**6, -(10**6), 2**31, 2**63]
    return str(rng.choice([*map(str, choices), "nan", "inf", "1e308", "x", ""]))


def change_text(content: bytes, rng: np.random.Generator) -> bytes:
    """Numbers of one line replaced, a line dropped, doubled or moved, or bytes changed."""
    lines = content.decode().split("\n")
    interesting = [i for i, line in enumerate(lines) if re.search(r"\d", line)]
    for _ in range(int(rng.integers(1, 4))):
        i, kind = int(rng.choice(interesting)), int(rng.integers(5))
        if kind <= 1:
            found = list(re.finditer(r"-?\d+(\.\d+)?", lines[i]))
            if found:
                one = found[int(rng.integers(len(found)))]
                changed = other_number(rng, one[0])
                lines[i] = lines[i][: one.start()] + changed + lines[i][one.end() :]
        elif kind == 2:
            lines[i] = lines[int(rng.choice(interesting))]
        elif kind == 3:
            lines[i] = ""
        else:
            words = lines[i].split(" ")
            lines[i] = " ".join(words[: int(rng.integers(len(words) + 1))])
    return "\n".join(lines).encode()


def change_weights(content: bytes, rng: np.random.Generator) -> bytes:
    tensors = dict(load_tensors(content))
    name, kind = str(rng.choice(sorted(tensors))), int(rng.integers(6))
    values = tensors[name].copy()
    if kind == 0:
        del tensors[name]
    elif kind == 1:
        tensors[name] = values[: len(values) // 2].copy()
    elif kind == 2:
        tensors[name] = values.reshape(-1)
    elif kind == 3:
        values.flat[int(rng.integers(values.size))] = rng.choice([np.nan, np.inf, 3e38])
        tensors[name] = values
    elif kind == 4:
        tensors[name] = values.astype(rng.choice([np.int32, np.uint8, np.float16]))
    else:
        tensors[name], other = tensors[str(rng.choice(sorted(tensors)))], values
        tensors[str(rng.choice(sorted(tensors)))] = other
    return save_tensors(tensors)


def malformed(model: SmallModel, artifacts: Path, n_trials: int, seed: int) -> None:
    folder = model.artifacts / model.artifact.version
    manifest, contents = verify_artifact(folder)
    rng = np.random.default_rng(seed)
    names = ["booster.txt"] * 5 + ["encoder.safetensors"] * 2
    names += [name for name in contents if name not in ("drift.json", "booster.txt")]
    versions = {folder.name}
    while len(versions) <= n_trials:  # all different, and none the model itself
        name = str(rng.choice(names))
        change = change_weights if name.endswith("safetensors") else change_text
        changed = change(contents[name], rng)
        saved = save_contents({**contents, name: changed}, manifest, artifacts)
        if saved.name == folder.name:
            shutil.rmtree(saved)
        versions.add(saved.name)


@pytest.mark.fault("F17", "F18")
@pytest.mark.parametrize(
    "n_trials", [120, pytest.param(2000, marks=pytest.mark.faults)], ids=["some", "all"]
)
def test_no_malformed_model_with_the_right_hashes_crashes_the_process(
    small_model: SmallModel, tmp_path: Path, n_trials: int, record_property
) -> None:
    malformed(small_model, tmp_path / "artifacts", n_trials, seed=5)
    rows = to_arrow(small_model.features, small_model.contract)[:300]
    with pa.ipc.new_stream(tmp_path / "rows", pa.schema({"features": rows.type})) as stream:
        stream.write_table(pa.table({"features": rows}))
    result = subprocess.run(
        [sys.executable, "-c", LOADER, str(tmp_path / "artifacts"), str(tmp_path / "rows")],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert result.returncode == 0, result.stdout[-200:] + result.stderr[-2000:]
    *lines, imports_lightgbm = result.stdout.splitlines()
    outcomes = [line.split(" ") for line in lines]
    assert len(outcomes) == n_trials
    assert sum(outcome == "refused" for _, outcome, _ in outcomes) > 0.5 * n_trials
    assert {n_line_ends for _, _, n_line_ends in outcomes} == {"0"}  # one sentence each
    assert imports_lightgbm == "False"
    record_property("trials", len(outcomes))


def cycle(text: str) -> str:
    """A tree whose inner nodes lead into each other."""
    return re.sub(r"left_child=\S+ \S+", "left_child=1 0", text, count=1)


CALIBRATION = {"method": "isotonic", "raw": [-9.0, 9.0], "risk": [0.1, 7.0]}


@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda c: {**c, "booster.txt": cycle(c["booster.txt"].decode()).encode()}, "tree 0"),
        (
            lambda c: {
                **c,
                "booster.txt": c["booster.txt"].replace(b"objective=binary", b"objective=l2"),
            },
            "objective",
        ),
        (
            lambda c: {
                **c,
                "scoring.json": json.dumps(
                    {**json.loads(c["scoring.json"]), "calibration": CALIBRATION}
                ).encode(),
            },
            "probabilities",
        ),
    ],
    ids=["circle", "another-objective", "risk-of-700-percent"],
)
def test_a_model_that_gives_no_probability_is_refused_at_load(
    small_model: SmallModel,
    tmp_path: Path,
    spoil: Callable[[dict[str, bytes]], dict[str, bytes]],
    named: str,
) -> None:
    folder = small_model.artifacts / small_model.artifact.version
    manifest, contents = verify_artifact(folder)
    spoilt = spoil(contents)
    assert spoilt != contents
    with pytest.raises(ArtifactError, match=named):
        load_scorer(save_contents(spoilt, manifest, tmp_path))


@pytest.mark.fault("F23")
def test_weights_that_overflow_are_the_models_fault(
    small_model: SmallModel, tmp_path: Path
) -> None:
    """Finite weights whose sums are not: named as a model, not as bad data of an applicant."""
    artifact: Artifact = small_model.artifact
    weights = {
        name: np.full_like(value, 3e38) if name == "latent.weight" else value
        for name, value in artifact.weights.items()
    }
    with pytest.raises(ArtifactError, match="golden rows"):
        load_scorer(save_artifact(replace(artifact, weights=weights), tmp_path))


@pytest.mark.fault("F24")
def test_a_model_folder_that_is_a_link_is_refused(small_model: SmallModel, tmp_path: Path) -> None:
    version = small_model.artifact.version
    (tmp_path / version).symlink_to(small_model.artifacts / version, target_is_directory=True)
    set_champion(tmp_path, version)
    with pytest.raises(ArtifactError, match=version):
        champion_path(tmp_path)


NOBODY = 65534


@contextmanager
def someone_else() -> Iterator[None]:
    """Another user when the tests are those of root, whom no permission stops."""
    user = os.geteuid()
    os.seteuid(NOBODY if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.fault("F24")
@pytest.mark.parametrize(("mode", "file_mode"), [(0o000, 0o600), (0o111, 0o444), (0o555, 0o000)])
def test_an_unreadable_model_is_an_error_with_its_name(
    small_model: SmallModel, mode: int, file_mode: int
) -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        folder = Path(name) / small_model.artifact.version
        shutil.copytree(small_model.artifacts / small_model.artifact.version, folder)
        for path in folder.iterdir():
            path.chmod(file_mode)
        folder.chmod(mode)
        with (
            someone_else(),
            pytest.raises(ArtifactError, match=rf"{folder.name}.*Permission denied"),
        ):
            load_artifact(folder)
        folder.chmod(0o700)


@pytest.mark.fault("F24")
@pytest.mark.parametrize("content", [None, b"", b"{}", b'"pd"', b"[" * 100_000, b"\xff"])
def test_a_pointer_to_the_champion_that_is_none_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    pointer = tmp_path / CHAMPION
    if content is None:
        pointer.mkdir()
    else:
        pointer.write_bytes(content)
    with pytest.raises(ArtifactError, match="does not name a model"):
        champion_path(tmp_path)
