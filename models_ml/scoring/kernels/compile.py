"""How the scoring kernels are compiled: once per machine, to machine code that any thread may run.

Compiled code is kept in a cache folder, so a later process starts without compiling: in ``NUMBA_CACHE_DIR`` when that
is set, else under the user's cache folder; without a folder that can be written, each process compiles anew. Strict
IEEE arithmetic (no ``fastmath``) is what makes a row's result the same in every batch, thread and position.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = {"nogil": True, "error_model": "numpy"}
"""``numpy``: dividing by zero gives infinity; the check for it would keep loops from being vectorised."""

COMPILED_SOURCES = ("scoring/kernels/*.py", "features/contract.py")
"""Modules whose code, constants or layout of tuples end up in machine code."""


def kernel(function: Function) -> Function:
    """Compile a function at its first call; it runs without the interpreter lock.

    numba asks for its cache folder while a function is declared; afterwards its setting is again what a host program,
    which may have kernels of its own, made it.
    """
    if CACHE_FOLDER is None:
        uncached: Function = numba.njit(**OPTIONS)(function)
        return uncached
    of_host = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(CACHE_FOLDER)
    try:
        compiled: Function = numba.njit(**OPTIONS, cache=True)(function)
    finally:
        numba.config.CACHE_DIR = of_host
    return compiled


def _cache_folder() -> Path | None:
    """A folder of its own for each state of the sources: numba notices changes of one file only, not of its imports.

    None when there is no place that can be written. numba would then go on looking, in folders that other states of the
    sources share, and for a user without a home in a folder called ``~``.
    """
    base = _absolute("NUMBA_CACHE_DIR")
    if base is None:
        try:
            base = (_absolute("XDG_CACHE_HOME") or Path.home() / ".cache") / "scorehouse"
        except RuntimeError:  # a user that the system does not know, and no HOME
            return None
    package = Path(__file__).parents[2]
    sources = sorted(path for pattern in COMPILED_SOURCES for path in package.glob(pattern))
    state = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
    folder = base / f"kernels-{state[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _absolute(variable: str) -> Path | None:
    """The folder that a variable names; a relative one would move with the working directory and does not count."""
    folder = Path(os.environ.get(variable, ""))
    return folder if folder.is_absolute() else None


CACHE_FOLDER = _cache_folder()
