"""Limits and address of the scoring service."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from models_ml.errors import UsageError

SETTINGS_FILE = Path(__file__).with_name("service.toml")
API_KEY_VARIABLE = "SCOREHOUSE_API_KEY"
MIN_KEY_CHARACTERS = 16


@dataclass(frozen=True)
class ServiceSettings:
    """What the service allows.

    Attributes:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        max_body_bytes: Largest request body.
        max_records: Most records in one request.
        max_waiting_records: Most records waiting in all requests together; a request beyond that is refused with 503.
        gather_records: Waiting requests are scored together, up to this many records.
        watch_seconds: Seconds between two checks for a promoted model.
        api_key: Key that clients must send; None when anyone who can reach the service may use it.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    max_body_bytes: int = 32 * 1024 * 1024
    max_records: int = 20_000
    max_waiting_records: int = 100_000
    gather_records: int = 2_000
    watch_seconds: float = 1.0
    api_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name not in ("host", "api_key", "port") and not (
                isinstance(value, int | float) and not isinstance(value, bool) and value > 0
            ):
                raise UsageError(f"{item.name}: expected a number above 0, found {value!r}.")
        if self.api_key is not None and len(self.api_key) < MIN_KEY_CHARACTERS:
            raise UsageError(
                f"{API_KEY_VARIABLE} is too short: expected at least {MIN_KEY_CHARACTERS} characters."
            )
        if not self.is_loopback and self.api_key is None:
            raise UsageError(
                f"Listening on {self.host} lets other machines connect; set a key in {API_KEY_VARIABLE} "
                "first, or listen on 127.0.0.1."
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_service_settings(
    path: Path = SETTINGS_FILE,
    environment: Mapping[str, str] = os.environ,
    **changes: Any,
) -> ServiceSettings:
    """Read a settings file; the key comes only from the environment, so that no file contains it.

    Args:
        path: TOML file.
        environment: May hold `API_KEY_VARIABLE`.
        changes: Fields to override, such as ``port``.

    Raises:
        UsageError: The file cannot be read or names a setting that does not exist.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); fix it.") from error
    known = {item.name for item in fields(ServiceSettings)} - {"api_key"}
    if unknown := sorted(set(values) - known):
        raise UsageError(
            f"{path}: there is no setting {unknown[0]!r}; expected {', '.join(sorted(known))}."
        )
    key = environment.get(API_KEY_VARIABLE) or None
    return replace(ServiceSettings(), **{**values, "api_key": key, **changes})
