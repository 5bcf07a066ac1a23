"""How the scoring kernels are compiled: once per machine, to machine code that any thread may run.

Compiled code is kept in a cache folder, so a later process starts without compiling: in ``NUMBA_CACHE_DIR`` when that
is set, else under the user's cache folder. Strict IEEE arithmetic (no ``fastmath``) is what makes a row's result the
same in every batch, thread and position.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = {"nogil": True, "error_model": "numpy"}
"""``numpy``: dividing by zero gives infinity; the check for it would keep loops from being vectorised."""


def kernel(function: Function) -> Function:
    """Compile a function at its first call; it runs without the interpreter lock.

    Where no folder for compiled code can be written, the function is compiled anew in each process.
    """
    try:
        compiled: Function = numba.njit(**OPTIONS, cache=True)(function)
    except RuntimeError:  # numba found no folder it may write to
        compiled = numba.njit(**OPTIONS)(function)
    return compiled


COMPILED_SOURCES = ("*kernel*.py", "arithmetic.py", "contract.py")
"""Modules whose code or constants end up in machine code."""


def _cache_folder() -> Path:
    """A folder of its own for each state of the sources: numba notices changes of one file only, not of its imports."""
    here = Path(__file__).parent
    sources = sorted(path for pattern in COMPILED_SOURCES for path in here.glob(pattern))
    state = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = os.environ.get("NUMBA_CACHE_DIR") or Path(home) / "scorehouse"
    return Path(base) / f"kernels-{state[:12]}"


numba.config.CACHE_DIR = str(_cache_folder())
