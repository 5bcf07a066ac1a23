"""dbt-duckdb plugin: registers our SQL functions on every connection that dbt opens, and restricts its file access."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from models_ml.errors import ScorehouseError
from models_ml.features.contract import read_contract
from models_ml.settings import Settings
from udf.raw_files import RawFiles, register_raw_files
from udf.registration import ScoreFunction, register
from udf.statistics import register_statistics


def confine(connection: DuckDBPyConnection, folders: list[str], files: Sequence[str] = ()) -> None:
    """Restrict SQL to these files and folders, and lock all settings of the connection.

    Args:
        connection: An open database; DuckDB accepts the settings only in this order.
        folders: Absolute paths.
        files: Absolute paths of files elsewhere.
    """
    connection.execute("set allowed_paths = $files", {"files": list(files)})
    connection.execute("set allowed_directories = $folders", {"folders": folders})
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


class Plugin(BasePlugin):
    """Named ``udf.plugin`` in ``profiles.yml``.

    Its config has ``artifacts``, the folder of trained models, and ``folders``, where SQL may access files. It may
    also read the seeds and the targets of raw files that are links.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Prepare the functions; a model is loaded when it is first needed.

        Raises:
            DbtRuntimeError: A setting is invalid; dbt shows the message without a traceback.
        """
        try:
            settings = Settings.from_environment()
            folders = [Path(folder).resolve() for folder in plugin_config["folders"]]
            # The seeds of the project that dbt builds, wherever dbt was started.
            project = get_flags().PROJECT_DIR  # type: ignore[no-untyped-call]
            seeds = Path(project).resolve() / "seeds"
            contract = read_contract(seeds / "data_dictionary.csv")
        except ScorehouseError as error:
            raise DbtRuntimeError(str(error)) from error
        warehouse = Path(self.creds.path if self.creds else "").resolve()
        if not warehouse.parent.is_dir():
            raise DbtRuntimeError(
                f"The folder of the warehouse, {warehouse.parent}, does not exist. Create it, start dbt in the folder "
                "that contains data/, or set SCOREHOUSE_HOME."
            )
        artifacts = Path(plugin_config["artifacts"]).resolve()
        self.folders = [str(path) for path in (*folders, artifacts, seeds)]
        self.raw_files = RawFiles(settings.raw, contract)
        self.function = ScoreFunction(artifacts, contract)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register on the connection, never on a cursor: a freed cursor's function crashes DuckDB."""
        register(conn, self.function)
        register_statistics(conn)
        register_raw_files(conn, self.raw_files)
        confine(conn, self.folders, self.raw_files.linked())
