"""dbt-duckdb plugin: registers ``score_applicant`` and a few quantiles on every connection that dbt opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from models_ml.contract import read_contract
from models_ml.settings import Settings
from udf.registration import ScoreFunction, register
from udf.statistics import register_statistics


class Plugin(BasePlugin):
    """Named ``udf.plugin`` in ``profiles.yml``; its config has ``artifacts``, the folder of trained models."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Prepare the function; the model itself is loaded at its first call."""
        contract = read_contract(Settings.from_environment().dictionary)
        self.function = ScoreFunction(Path(plugin_config["artifacts"]).resolve(), contract)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register on the connection, never on a cursor: a freed cursor's function crashes DuckDB."""
        register(conn, self.function)
        register_statistics(conn)
