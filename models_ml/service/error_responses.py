"""Refused and failed requests: what the client is told, without values and stack traces."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

MAX_PROBLEMS = 50
"""Most problems in one response; the first ones are enough to fix a request."""

Found = tuple[list[str | int], str, str]
"""Place, message and kind of a problem."""


def refuse(code: int, *problems: Found) -> Response:
    """A refusal that names each field."""
    detail = [{"loc": loc, "msg": message, "type": kind} for loc, message, kind in problems]
    text = json.dumps({"detail": detail[:MAX_PROBLEMS]})
    return Response(text, status_code=code, media_type="application/json")


def add_handlers(app: FastAPI) -> None:
    """Give every error the same form, without values and stack traces."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        response = refuse(error.status_code, (["request"], str(error.detail), "refused"))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return refuse(
            422, *((list(item["loc"]), item["msg"], item["type"]) for item in error.errors())
        )

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return refuse(500, (["request"], "the service failed; see its log", "failed"))


class QuietFormatter(logging.Formatter):
    """Log lines in which an error is its type and place: error messages may quote values of applicants."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  name of the base class
        """Type of an error, and the line that raised it."""
        kind, _, trace = ei
        *_, (frame, line) = traceback.walk_tb(trace)
        return f"{kind.__name__} at {frame.f_code.co_filename}:{line}"
