"""dbt in this process, because it must use the Spark session of this process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from google.protobuf.json_format import MessageToDict

from models_ml.settings import Settings
from models_ml.warehouse.dbt import DbtOutcome, dbt_arguments, explain, observe


def run_dbt_here(settings: Settings, arguments: Sequence[str], target: str) -> DbtOutcome:
    """Like `run_dbt`, but without a child process.

    Raises:
        ScorehouseError: dbt failed; the message is the first failure, with its remedy if known.
    """
    outcome = DbtOutcome()

    def follow(message: EventMsg) -> None:
        event: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
        observe(outcome, event)

    os.environ.update(settings.environment())
    result = dbtRunner(callbacks=[follow]).invoke(
        ["--log-level", "none", *dbt_arguments(settings, arguments, target)]
    )
    if not result.success or outcome.errors:
        if result.exception is not None:
            outcome.errors.append(str(result.exception))
        raise explain(outcome, settings, exit_code=1)
    return outcome
