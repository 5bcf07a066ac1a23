"""How the scoring kernels are compiled: once per machine, to machine code that every thread can run.

Compiled code is cached, so later processes start without compiling: in ``NUMBA_CACHE_DIR`` if set, otherwise in the
user's cache folder. Without a writable folder, each process compiles again. Strict IEEE arithmetic (no ``fastmath``)
makes a row's result the same in every batch, thread and position.
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
"""``numpy``: division by zero gives infinity; checking for it would prevent vectorisation of the loops."""

COMPILED_SOURCES = ("scoring/kernels/*.py", "features/contract.py")
"""Modules whose code, constants or tuple layouts end up in machine code."""


def kernel(function: Function) -> Function:
    """Compile a function at its first call; it runs without the interpreter lock.

    numba reads its cache setting when a function is declared. Afterwards the setting is restored, because the host
    program may have kernels of its own.
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
    """A separate folder for each state of the sources, because numba notices changes in a file but not in its imports.

    None when no folder is writable. Left to itself, numba would then use folders shared by other states of the sources,
    or a folder called ``~`` for a user without a home.
    """
    base = _absolute("NUMBA_CACHE_DIR")
    if base is None:
        try:
            base = (_absolute("XDG_CACHE_HOME") or Path.home() / ".cache") / "scorehouse"
        except RuntimeError:  # the system does not know the user, and HOME is not set
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
    """The folder that a variable names; a relative path is ignored, as it would depend on the working directory."""
    folder = Path(os.environ.get(variable, ""))
    return folder if folder.is_absolute() else None


CACHE_FOLDER = _cache_folder()
