"""F13: Ctrl-C at random moments in the commands beside the main job."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from conftest import SCOREHOUSE, Installation

from models_ml.artifact import champion_version
from models_ml.publish import SERVING_FILE

N_INTERRUPTS = 4
LONGEST_STOP_S = 10.0
FINISHED, INTERRUPTED = 0, 130


def state_of(installation: Installation) -> tuple[str, dict[str, str], str | None]:
    """What a reader sees: the published file, every file of every model, the champion."""
    settings = installation.settings
    models = {
        str(file.relative_to(settings.artifacts)): sha256(file.read_bytes()).hexdigest()
        for file in settings.artifacts.glob("pd-*/*")
    }
    published = (settings.published / SERVING_FILE).read_bytes()
    return (
        sha256(published).hexdigest(),
        models,
        champion_version(settings.artifacts),
    )


@pytest.mark.fault("F13")
@pytest.mark.faults
@pytest.mark.parametrize("command", ["train", "publish", "report", "simulate"])
def test_ctrl_c_at_a_random_moment_leaves_nothing_half_written(
    finished_run: Installation, tmp_path: Path, command: str, record_property
) -> None:
    shutil.copytree(finished_run.home, tmp_path / "home", symlinks=True)
    installation = replace(finished_run, home=tmp_path / "home")
    installation.command("run")  # the views of a copy still name the folder they were built in
    arguments = {
        "simulate": ("simulate", "--applicants", "60000", "--out", str(tmp_path / "raw")),
    }.get(command, (command,))
    started = time.monotonic()
    installation.command(*arguments)
    seconds = time.monotonic() - started
    before = state_of(installation)
    shutil.rmtree(tmp_path / "raw", ignore_errors=True)
    rng = np.random.default_rng(13)
    interrupted = 0
    for _ in range(N_INTERRUPTS):
        # another seed: a finished training would be a model that was not there before
        other = ("--seed", "9") if command == "train" else ()
        process = subprocess.Popen(
            [str(SCOREHOUSE), *arguments, *other],
            env=installation.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        time.sleep(float(rng.uniform(0.3, 0.9) * seconds))
        stopped = time.monotonic()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - stopped < LONGEST_STOP_S
        assert process.returncode in (FINISHED, INTERRUPTED), errors
        assert "Traceback" not in errors
        interrupted += process.returncode == INTERRUPTED
        if process.returncode == INTERRUPTED:
            after = state_of(installation)
            assert after[1:] == before[1:]
            assert command == "publish" or after == before
            assert not (tmp_path / "raw" / "train_target.csv").exists()
        else:
            shutil.rmtree(tmp_path / "raw", ignore_errors=True)
    assert interrupted
    record_property("trials", N_INTERRUPTS)
    installation.command(*arguments)
    installation.command("run")
