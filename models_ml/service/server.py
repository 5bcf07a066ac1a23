"""Starts the service and keeps it running."""

from __future__ import annotations

import gc
import logging
import socket

import uvicorn

from models_ml.errors import UnavailableError
from models_ml.service.app import Service, create_app
from models_ml.service.config import ServiceSettings
from models_ml.service.error_responses import QuietFormatter
from models_ml.settings import Settings


def serve(settings: Settings, service_settings: ServiceSettings) -> None:
    """Serve until stopped.

    Raises:
        UnavailableError: The port is taken.
        ScorehouseError: There is no usable model, or the dbt project does not compile.
    """
    host, port = service_settings.host, service_settings.port
    try:
        # Tried first, because uvicorn would exit with a code that means nothing to a scheduler.
        socket.create_server((host, port), family=_family(host)).close()
    except OSError as error:
        raise UnavailableError(
            f"Cannot listen on {host}, port {port} ({error.strerror}); choose another address with --host and --port."
        ) from error
    handler = logging.StreamHandler()  # standard error
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    app = create_app(Service.start(settings, service_settings))
    # Everything loaded so far stays, so the garbage collector need not scan it again.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
