"""A real PostgreSQL for tests, on loopback, with a password."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSWORD = "only-for-tests"  # noqa: S105


def binaries() -> Path | None:
    """Folder with PostgreSQL's server programs, of the newest release installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") if not debian else str(debian[-1])
    return Path(found).parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a database with nothing in it."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    # PostgreSQL refuses to run as root, and nobody else may look into pytest's own folders.
    user = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    (folder / "password").write_text(PASSWORD)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, **user)
    data = folder / "data"
    options = ["-D", str(data), "-U", "owner", "--auth=scram-sha-256", "--no-sync"]
    subprocess.run(
        [str(programs / "initdb"), *options, f"--pwfile={folder / 'password'}"],
        check=True,
        capture_output=True,
        cwd=folder,
        **user,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    settings = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    subprocess.run(
        [*server, "-o", settings, "start"], check=True, capture_output=True, cwd=folder, **user
    )
    try:
        yield f"postgres://owner:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*server, "-m", "immediate", "stop"],
            check=True,
            capture_output=True,
            cwd=folder,
            **user,
        )
        shutil.rmtree(folder)
