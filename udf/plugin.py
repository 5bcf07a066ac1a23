"""dbt-duckdb plugin: registers our SQL functions on every connection that dbt opens, and confines it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from models_ml.contract import read_contract
from models_ml.settings import Settings
from udf.raw_files import RawFiles, register_raw_files
from udf.registration import ScoreFunction, register
from udf.statistics import register_statistics


def confine(connection: DuckDBPyConnection, folders: list[str], files: Sequence[str] = ()) -> None:
    """Let SQL touch these files and those below these folders only; no later statement can change that or any setting.

    Args:
        connection: DuckDB accepts the settings in this order, on an open database.
        folders: Absolute paths.
        files: Absolute paths of files elsewhere.
    """
    connection.execute("set allowed_paths = $files", {"files": list(files)})
    connection.execute("set allowed_directories = $folders", {"folders": folders})
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


class Plugin(BasePlugin):
    """Named ``udf.plugin`` in ``profiles.yml``.

    Its config has ``artifacts``, the folder of trained models, and ``folders``, below which SQL may touch files; it may
    also read the seeds.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Prepare the function; the model itself is loaded at its first call."""
        settings = Settings.from_environment()
        dictionary = settings.dictionary
        contract = read_contract(dictionary)
        self.raw_files = RawFiles(settings.raw, contract)
        folders = [*map(Path, plugin_config["folders"]), dictionary.parent]
        self.folders = [str(folder.resolve()) for folder in folders]
        self.function = ScoreFunction(Path(plugin_config["artifacts"]).resolve(), contract)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register on the connection, never on a cursor: a freed cursor's function crashes DuckDB."""
        register(conn, self.function)
        register_statistics(conn)
        register_raw_files(conn, self.raw_files)
        confine(conn, self.folders, self.raw_files.linked())
