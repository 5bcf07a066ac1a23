"""Starts the service and keeps it running."""

from __future__ import annotations

import gc
import logging

import uvicorn

from models_ml.service.app import Service, create_app
from models_ml.service.refusals import QuietFormatter
from models_ml.service.settings import ServiceSettings
from models_ml.settings import Settings


def serve(settings: Settings, service_settings: ServiceSettings) -> None:
    """Serve until stopped.

    Raises:
        ScorehouseError: There is no usable model, or the dbt project does not compile.
    """
    handler = logging.StreamHandler()  # standard error
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    app = create_app(Service.start(settings, service_settings))
    # What is loaded now stays: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=service_settings.host,
        port=service_settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
    )
