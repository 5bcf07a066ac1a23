"""The model the service scores with: a fixed snapshot, replaced after a promotion, between two queries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models_ml.errors import ArtifactError
from models_ml.features.contract import FeatureContract
from models_ml.registry.loading import load_model
from models_ml.registry.pointers import champion_path, champion_version
from models_ml.scoring.scorer import Scorer

logger = logging.getLogger(__name__)


class Champion:
    """The champion as last loaded; its files are read completely, so later changes to them do not matter."""

    def __init__(self, artifacts: Path, contract: FeatureContract) -> None:
        """Load the champion.

        Raises:
            ArtifactError: There is no usable champion.
        """
        self._artifacts = artifacts
        self._contract = contract
        self._lock = threading.Lock()
        self._refused: str | None = None
        self.problem: str | None = None
        self.scorer, self.facts = self._load()

    def refresh(self) -> bool:
        """Switch to a promoted model; a damaged one is reported and the current one stays.

        Returns:
            Whether the model changed.
        """
        with self._lock:
            try:
                version = champion_version(self._artifacts)
                if version == self.scorer.version:
                    self._refused = self.problem = None
                    return False
                if version is not None and version == self._refused:
                    return False
                self._refused = version
                self.scorer, self.facts = self._load()
            except ArtifactError as error:
                if str(error) != self.problem:
                    logger.error("cannot switch to the promoted model: %s", error)
                self.problem = str(error)
                return False
            self._refused = self.problem = None
            logger.info("now scoring with model %s", self.scorer.version)
            return True

    def _load(self) -> tuple[Scorer, Mapping[str, Any]]:
        return load_model(champion_path(self._artifacts), self._contract)
