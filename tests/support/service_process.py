"""The scoring service as its users run it: a process of its own, on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.installation import SCOREHOUSE, Installation, raw_columns, real_products

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class RunningService:
    """A started service.

    Attributes:
        client: Sends requests to it.
        process: The process.
        log: What it wrote to standard error.
    """

    client: httpx.Client
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return str(self.client.base_url)

    def predict(self, records: list[dict[str, int]]) -> list[dict[str, Any]]:
        answer = self.client.post("/predict", json={"records": records})
        assert answer.status_code == 200, answer.text
        return answer.json()["predictions"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_service(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[RunningService]:
    """Start a service on a free port, and stop it in the end."""
    port, log = free_port(), folder / "service.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(SCOREHOUSE), "serve", "--port", str(port)],
            env={**os.environ, **installation.environment, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_SECONDS)
    try:
        give_up = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                client.get("/status")
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > give_up:
                    pytest.fail(f"the service did not start:\n{log.read_text()}")
                time.sleep(0.1)
        yield RunningService(client, process, log)
    finally:
        client.close()
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def service(
    finished_run: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A service on the installation of the main job."""
    with running_service(finished_run, tmp_path_factory.mktemp("service")) as running:
        yield running


def real_records(id_: int | None = None) -> list[dict[str, int]]:
    """Records of a real applicant with a complete history, or of all of them."""
    products = real_products()
    products = products[products["history_complete"] == 1]
    if id_ is not None:
        products = products[products["id"] == id_]
    return products[raw_columns()].to_dict("records")
