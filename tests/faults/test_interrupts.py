"""F13: Ctrl-C at random moments while applicants are simulated."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import SCOREHOUSE, Installation

from models_ml.raw import TARGET

N_INTERRUPTS = 4
LONGEST_STOP_S = 10.0
FINISHED, INTERRUPTED = 0, 130


@pytest.mark.fault("F13")
@pytest.mark.faults
def test_an_interrupted_simulation_has_no_outcomes_and_can_be_repeated(
    tmp_path: Path, record_property
) -> None:
    installation = Installation(tmp_path / "raw", tmp_path / "home")
    command = ("simulate", "--applicants", "60000", "--out", str(installation.raw))
    started = time.monotonic()
    installation.command(*command)
    seconds = time.monotonic() - started
    shutil.rmtree(installation.raw)
    rng = np.random.default_rng(13)
    interrupted = 0
    for _ in range(N_INTERRUPTS):
        process = subprocess.Popen(
            [str(SCOREHOUSE), *command],
            env=installation.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        time.sleep(float(rng.uniform(0.3, 0.8) * seconds))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
        stopped = time.monotonic()
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - stopped < LONGEST_STOP_S
        assert process.returncode in (FINISHED, INTERRUPTED), errors
        assert "Traceback" not in errors
        finished = process.returncode == FINISHED
        assert (installation.raw / TARGET).exists() == finished
        if finished:
            shutil.rmtree(installation.raw)
        interrupted += not finished
    assert interrupted
    record_property("trials", interrupted)
    installation.command(*command)
    assert (installation.raw / TARGET).exists()
