"""How fast does the scoring service answer?

Closed-loop clients on loopback: each sends a request, waits for its answer, sends the next. They are written on raw
asyncio streams and run in a process of their own, but on the same cores as the service: what they cost (`client cpu`)
the service does not get. On a busy machine, trust CPU seconds per request.

    SCOREHOUSE_HOME=data python benchmarks/service.py --seconds 15
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from harness import RESULTS

from models_ml.features.contract import read_contract
from models_ml.service.schemas import REAL_ROWS
from models_ml.settings import Settings

N_PRODUCTS = 15
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Result:
    """One line of the table; times in milliseconds of wall time, processor time in milliseconds for each request."""

    case: str
    requests: int
    per_second: float
    p50: float
    p99: float
    service_cpu: float
    client_cpu: float


def records(n_applicants: int) -> bytes:
    """A request of applicants with 15 products each, made of real rows."""
    contract = read_contract(Settings.from_environment().dictionary)
    names = ["id", "rn", *(column.name for column in contract.columns)]
    header, *lines = REAL_ROWS.read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    chosen = [
        {
            **{name: int(rows[(a * 7 + p) % len(rows)][name]) for name in names},
            "id": a,
            "rn": p + 1,
        }
        for a in range(n_applicants)
        for p in range(N_PRODUCTS)
    ]
    return json.dumps({"records": chosen}).encode()


async def client(port: int, request: bytes, until: float, times: list[float]) -> None:
    """Ask until the time is over; an answer that is not 200 ends the measurement."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - started)
    writer.close()


def cpu_seconds(process_id: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(
    case: str, port: int, process_id: int, n_clients: int, body: bytes, seconds: float
) -> Result:
    """One case, after a warm-up of a fifth of the time."""
    head = f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n"
    request = head.encode() + body

    async def run(duration: float) -> list[float]:
        times: list[float] = []
        until = time.perf_counter() + duration
        await asyncio.gather(*(client(port, request, until, times) for _ in range(n_clients)))
        return times

    asyncio.run(run(seconds / 5))
    before, own, started = cpu_seconds(process_id), time.process_time(), time.perf_counter()
    times = asyncio.run(run(seconds))
    elapsed = time.perf_counter() - started
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
    return Result(
        case=case,
        requests=len(times),
        per_second=round(len(times) / elapsed, 1),
        p50=round(1000 * statistics.median(times), 1),
        p99=round(1000 * cuts[98], 1),
        service_cpu=round(1000 * (cpu_seconds(process_id) - before) / len(times), 1),
        client_cpu=round(1000 * (time.process_time() - own) / len(times), 1),
    )


def start(port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Start the service; seconds until it answers."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "scorehouse"), "serve", "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, time.perf_counter() - began
        except ConnectionRefusedError:
            if process.poll() is not None:
                raise RuntimeError("the service did not start") from None
            time.sleep(0.01)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--port", type=int, default=8199)
    options = parser.parse_args()
    starts = []
    for _ in range(3):  # the first one may have to compile
        process, seconds = start(options.port)
        starts.append((seconds, cpu_seconds(process.pid)))
        if len(starts) < 3:
            process.terminate()
            process.wait()
    try:
        one, thousand = records(1), records(1000)
        cases = [
            ("1 client, 1 applicant", 1, one),
            ("20 clients, 1 applicant each", 20, one),
            ("1 client, 1,000 applicants", 1, thousand),
        ]
        load = os.getloadavg()[0]
        results = [
            measure(case, options.port, process.pid, n_clients, body, options.seconds)
            for case, n_clients, body in cases
        ]
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak_mb = int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    finally:
        process.terminate()
        process.wait()
    lines = [
        "| case | requests | requests/s | p50 ms | p99 ms | service cpu ms | client cpu ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row.case} | {row.requests:,} | {row.per_second} | {row.p50} | {row.p99} | "
            f"{row.service_cpu} | {row.client_cpu} |"
            for row in results
        ),
        "",
        f"Start {min(starts)[0]:.1f} s wall ({min(starts)[1]:.1f} s processor time), best of 3; "
        f"peak memory {peak_mb:.0f} MB.",
        f"{os.cpu_count()} cores shared with the clients, load average {load:.1f} when it began, "
        f"{platform.machine()}, Python {platform.python_version()}. 15 products for each applicant.",
        "",
    ]
    print("\n".join(lines))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "service.md").write_text("\n".join(lines), encoding="utf-8")
    facts = {"results": [asdict(row) for row in results], "start_seconds": min(starts)[0]}
    facts |= {"start_cpu_seconds": min(starts)[1], "peak_mb": peak_mb, "load_average": load}
    (RESULTS / "service.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
