"""The service against its own description, and under ten thousand requests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from support.service_process import RunningService, real_records, service

__all__ = ["service"]

N_REQUESTS = 10_000
N_CLIENTS = 20
N_ROUNDS = 10
ALLOWED_GROWTH_MB = 40


def resident_mb(process_id: int) -> float:
    """Resident memory of a process, 10^6 bytes."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run_schemathesis(service: RunningService, n_examples: int, phases: str) -> None:
    """Generated requests, right and wrong ones: every answer must be one that is described, and none a 5xx."""
    result = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run"),
            *(f"{service.url}/openapi.json", "--url", service.url),
            *("--checks", "not_a_server_error,status_code_conformance,response_schema_conformance"),
            *("--mode", "all", "--max-examples", str(n_examples), "--seed", "7"),
            *("--phases", phases, "--no-color"),
        ],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]
    assert "POST /predict" in service.log.read_text()
    assert service.predict(real_records())


def test_generated_requests_never_break_the_service(service: RunningService) -> None:
    run_schemathesis(service, 10, "examples,fuzzing")


@pytest.mark.slow
def test_many_generated_requests_never_break_the_service(service: RunningService) -> None:
    run_schemathesis(service, 200, "examples,coverage,fuzzing")


@pytest.mark.slow
def test_ten_thousand_requests_none_lost_and_memory_flat(service: RunningService) -> None:
    ids = list(dict.fromkeys(record["id"] for record in real_records()))
    expected = {answer["id"]: answer for answer in service.predict(real_records())}

    async def ask_all(n_requests: int) -> int:
        numbers = iter(range(n_requests))
        right = 0

        async def ask(client: httpx.AsyncClient) -> None:
            nonlocal right
            for number in numbers:
                id_ = ids[number % len(ids)]
                answer = await client.post("/predict", json={"records": real_records_of[id_]})
                assert answer.status_code == 200, answer.text
                assert answer.json()["predictions"] == [expected[id_]]
                right += 1

        async with httpx.AsyncClient(base_url=service.url, timeout=120) as client:
            await asyncio.gather(*(ask(client) for _ in range(N_CLIENTS)))
        return right

    real_records_of = {id_: real_records(id_) for id_ in ids}
    resident = []
    for _ in range(N_ROUNDS):
        assert asyncio.run(ask_all(N_REQUESTS // N_ROUNDS)) == N_REQUESTS // N_ROUNDS
        resident.append(resident_mb(service.process.pid))
    print(f"{N_REQUESTS} requests; resident MB after each round: {[round(mb) for mb in resident]}")
    # Memory goes up and down with the size of the batches; what leaks goes up in every round.
    assert min(resident[-3:]) - min(resident[1:4]) < ALLOWED_GROWTH_MB
    assert max(resident) < 1000
