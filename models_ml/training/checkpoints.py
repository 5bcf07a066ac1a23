"""Finished stages of a training, so that an interrupted training resumes where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from models_ml.errors import ArtifactError
from models_ml.registry.artifact import MALFORMED
from models_ml.runtime.files import write_file

T = TypeVar("T")


@dataclass(frozen=True)
class Stages:
    """Results of stages, kept under a key derived from everything they depend on.

    Attributes:
        folder: Where this training keeps its results.
    """

    folder: Path

    @classmethod
    def open(cls, home: Path, depends_on: Mapping[str, Any]) -> Stages:
        """Find or create the folder of a training; folders of other trainings are removed.

        Args:
            home: Folder under which everything is written.
            depends_on: Data fingerprint, settings, library versions, ..., as JSON values.
        """
        text = json.dumps(depends_on, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        parent = home / "unfinished_training"
        if parent.is_dir():
            for other in parent.iterdir():
                if other.name != key:
                    shutil.rmtree(other, ignore_errors=True)
        (parent / key).mkdir(parents=True, exist_ok=True)
        return cls(parent / key)

    def get(self, name: str, read: Callable[[bytes], T]) -> T | None:
        """Result of a finished stage; None if it is missing, fails its hash or cannot be used.

        Args:
            name: Of the stage.
            read: Turns the stored bytes into the result; if it raises one of `MALFORMED` or an `ArtifactError`, the
                stage is repeated.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        stored = path.read_bytes()
        digest, content = stored[:64], stored[64:]
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        try:
            return read(content)
        except (ArtifactError, *MALFORMED):
            return None

    def put(self, name: str, content: bytes) -> None:
        """Keep the result of a stage; it appears whole or not at all."""
        write_file(self.folder / name, hashlib.sha256(content).hexdigest().encode() + content)

    def once(
        self,
        name: str,
        read: Callable[[bytes], T],
        make: Callable[[], T],
        write: Callable[[T], bytes],
    ) -> T:
        """Result of a stage, made and kept unless an interrupted training finished it.

        Args:
            name: Of the stage.
            read: See `get`.
            make: Does the work.
            write: Turns the result into the bytes that are kept.
        """
        result = self.get(name, read)
        if result is None:
            result = make()
            self.put(name, write(result))
        return result

    def clear(self) -> None:
        """Remove all stages: the training is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
