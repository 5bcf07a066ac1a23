"""Who may call, how much they may send, and what is logged about it."""

from __future__ import annotations

import hmac
import logging
import time
from typing import Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models_ml.service.config import ServiceSettings

logger = logging.getLogger(__name__)


def key_check(settings: ServiceSettings) -> Any:
    """Dependency that refuses requests without the key, if one is set."""
    if settings.api_key is None:
        return Depends(_anybody)
    expected = settings.api_key.encode()
    header = APIKeyHeader(name="X-API-Key", auto_error=False)

    async def check(given: str | None = Security(header)) -> None:
        # Constant time: an almost correct key takes as long as a wrong one.
        if not hmac.compare_digest((given or "").encode(), expected):
            raise HTTPException(401, "the header X-API-Key is missing or wrong")

    return Depends(check)


async def _anybody() -> None:
    """No key is set."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request; never more than the limit is in memory.

    Raises:
        HTTPException: 413 when it is larger.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(
        413, f"expected a body of at most {limit} bytes; send fewer records at a time"
    )


class AccessLog:
    """One log line per request: method, path, status, time and number of records; no ids, no values."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and log its status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, code = time.perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = scope.get("route")
            logger.info(
                "%s %s %d %.1f ms %s records",
                scope["method"],
                getattr(route, "path", "unknown address"),
                code,
                1000 * (time.perf_counter() - started),
                scope.get("state", {}).get("n_records", 0),
            )
