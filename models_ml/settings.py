"""Where things are: the project's folders and what the environment says about them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models_ml.errors import UsageError

FORBIDDEN = frozenset("'\"`\\*?[]{}\n\r")
"""Characters that a data folder's name must not have."""

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Folders of one installation.

    Attributes:
        raw: Folder with ``train_data_*.pq`` and ``train_target.csv``.
        home: Folder under which everything is written.
        project: Folder with ``dbt_project/`` and ``profiles/``.
        warehouse_file: Name of the DuckDB file below ``home`` that has the tables.
        memory: Memory limit of DuckDB, in DuckDB's notation.
    """

    raw: Path
    home: Path
    project: Path = PROJECT_ROOT
    memory: str = "4GB"
    warehouse_file: str = "warehouse.duckdb"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``SCOREHOUSE_RAW``, ``SCOREHOUSE_HOME`` and ``SCOREHOUSE_MEMORY``.

        Raises:
            UsageError: A folder's name has a character with a meaning in SQL or in file patterns, of which it becomes a
                part.
        """
        return cls(
            raw=_folder("SCOREHOUSE_RAW", environment.get("SCOREHOUSE_RAW", "data/raw")),
            home=_folder("SCOREHOUSE_HOME", environment.get("SCOREHOUSE_HOME", "data")),
            memory=environment.get("SCOREHOUSE_MEMORY", "4GB"),
        )

    @property
    def warehouse(self) -> Path:
        """The working DuckDB file, which dbt writes."""
        return self.home / self.warehouse_file

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
            "SCOREHOUSE_MEMORY": self.memory,
        }


def _folder(variable: str, name: str) -> Path:
    folder = Path(name).resolve()
    if found := sorted(set(str(folder)) & FORBIDDEN):
        raise UsageError(
            f"{variable}: the folder {str(folder)!r} has the character {found[0]!r} in its name, which SQL or a "
            "file pattern would misread; choose a folder without quotes, backslashes and wildcards."
        )
    return folder
