"""Where things are: the project's folders and what the environment says about them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models_ml.errors import UsageError

FORBIDDEN = frozenset("'\"`\\*?[]{}\n\r")
"""Characters that the name of a data folder must not contain."""

MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?", re.IGNORECASE)
"""A size as DuckDB reads it, without its spellings of "no limit", such as -1."""

LEAST_MEMORY = 100e6
"""Bytes; no build finishes with less."""

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The checkout, or the folder of installed packages."""

IN_WHEEL = PROJECT_ROOT / "scorehouse_project"
INSTALLED_PROJECT = IN_WHEEL if IN_WHEEL.is_dir() else PROJECT_ROOT
"""The project that comes with this code: in the wheel (setup.py), or in the checkout."""

OUR_PROJECT = re.compile(r"^name: *scorehouse *$", re.MULTILINE)


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file with tables of the project.

    Attributes:
        path: The file.
        memory: Memory limit of DuckDB, in DuckDB's notation.
    """

    path: Path
    memory: str


@dataclass(frozen=True)
class Settings:
    """Folders of one installation.

    Attributes:
        raw: Folder with ``train_data_*.pq`` and ``train_target.csv``.
        home: Folder under which everything is written.
        project: Folder with ``dbt_project/`` and ``profiles/``.
        memory: Memory limit of DuckDB, in DuckDB's notation.
    """

    raw: Path
    home: Path
    project: Path = INSTALLED_PROJECT
    memory: str = "4GB"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``SCOREHOUSE_RAW``, ``SCOREHOUSE_HOME``, ``SCOREHOUSE_PROJECT`` and ``SCOREHOUSE_MEMORY``.

        An empty variable counts as not set.

        Raises:
            UsageError: A folder cannot be used as written, or the memory is not a size.
        """
        memory = environment.get("SCOREHOUSE_MEMORY") or cls.memory
        return cls(
            raw=_folder(environment, "SCOREHOUSE_RAW", "data/raw"),
            home=_folder(environment, "SCOREHOUSE_HOME", "data"),
            project=_project(environment),
            memory=_checked_memory(memory.strip()),
        )

    @property
    def warehouse(self) -> Warehouse:
        """The working file, which dbt writes."""
        return Warehouse(self.home / "warehouse.duckdb", self.memory)

    @property
    def artifacts(self) -> Path:
        """Folder with one folder per trained model."""
        return self.home / "artifacts"

    @property
    def published(self) -> Path:
        """Folder that readers open."""
        return self.home / "published"

    @property
    def dbt_project(self) -> Path:
        """The dbt project."""
        return self.project / "dbt_project"

    @property
    def profiles(self) -> Path:
        """The folder with ``profiles.yml``."""
        return self.project / "profiles"

    @property
    def dictionary(self) -> Path:
        """The data dictionary, a dbt seed."""
        return self.dbt_project / "seeds" / "data_dictionary.csv"

    def environment(self) -> dict[str, str]:
        """Environment variables that give a child process the same settings."""
        return {
            "SCOREHOUSE_RAW": str(self.raw),
            "SCOREHOUSE_HOME": str(self.home),
            "SCOREHOUSE_PROJECT": str(self.project),
            "SCOREHOUSE_MEMORY": self.memory,
        }


def _folder(environment: Mapping[str, str], variable: str, default: str) -> Path:
    name = environment.get(variable) or default
    if name.startswith("~") or "$" in name:
        raise UsageError(
            f"{variable}: expected a path, found {name!r}. Only a shell expands ~ and $, and not inside quotes; write "
            "the whole path."
        )
    if "://" in name or name != name.strip():
        raise UsageError(
            f"{variable}: expected the path of a folder on this machine, found {name!r}; an address or a space "
            "around the path would become the name of a new folder."
        )
    try:
        folder = Path(name).resolve()
        is_something_else = folder.exists() and not folder.is_dir()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise UsageError(f"{variable}: the folder {name!r} cannot be reached ({error}).") from error
    if is_something_else:
        raise UsageError(f"{variable}: expected a folder, found the file {folder}.")
    # Otherwise listing it would find nothing, and the message would say that files are missing.
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(f"{variable}: {folder} cannot be read; check its permissions.")
    if found := sorted(set(str(folder)) & FORBIDDEN):
        raise UsageError(
            f"{variable}: the folder {str(folder)!r} contains the character {found[0]!r}, which SQL or a file "
            "pattern would misread; choose a folder without quotes, backslashes and wildcards."
        )
    return folder


def _project(environment: Mapping[str, str]) -> Path:
    """The project that is named, else the one in the working directory, else the installed one.

    The parent folder counts only when the working directory is ``dbt_project/`` itself: macros are code, and a folder
    further up may belong to somebody else.
    """
    variable = "SCOREHOUSE_PROJECT"
    if environment.get(variable):
        named = _folder(environment, variable, "")
        if not _is_project(named):
            raise UsageError(
                f"{variable}: expected a folder with dbt_project/dbt_project.yml, named scorehouse, and "
                f"profiles/profiles.yml; {named} has none."
            )
        return named
    here = Path.cwd()
    near = [here, here.parent] if here.name == "dbt_project" else [here]
    return next((folder for folder in near if _is_project(folder)), INSTALLED_PROJECT)


def _is_project(folder: Path) -> bool:
    project = folder / "dbt_project" / "dbt_project.yml"
    return (
        project.is_file()
        and OUR_PROJECT.search(project.read_text(encoding="utf-8", errors="replace")) is not None
        and (folder / "profiles" / "profiles.yml").is_file()
    )


def _checked_memory(memory: str) -> str:
    size = MEMORY.fullmatch(memory)
    if not size or float(size[1]) * 1000 ** (1 + "KMGT".index(size[2].upper())) < LEAST_MEMORY:
        raise UsageError(
            f"SCOREHOUSE_MEMORY: expected a size of at least 100 MB, such as 4GB, 500MB or 4GiB; found {memory!r}."
        )
    return memory
