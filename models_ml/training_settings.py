"""Everything a training depends on besides the data, and the file that keeps the best setting."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from models_ml.autoencoder import AutoencoderSettings
from models_ml.booster import BoosterSettings
from models_ml.encoder_training import EncoderTraining
from models_ml.errors import UsageError
from models_ml.points import PointsScale, RiskBands

SETTINGS_FILE = Path(__file__).with_name("training.toml")
PARTS = {
    "autoencoder": AutoencoderSettings,
    "encoder": EncoderTraining,
    "booster": BoosterSettings,
    "scale": PointsScale,
    "bands": RiskBands,
}


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training.

    Attributes:
        seed: Of everything random.
        sample: Applicants to use at most, drawn evenly over application time; None = all.
        n_threads: Threads; the model does not depend on them.
        autoencoder: Shape of the autoencoder.
        encoder: How it is trained.
        booster: Settings of LightGBM.
        scale: From PD to points.
        bands: From points to risk bands.
    """

    seed: int = 7
    sample: int | None = None
    n_threads: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    autoencoder: AutoencoderSettings = AutoencoderSettings()
    encoder: EncoderTraining = EncoderTraining()
    booster: BoosterSettings = BoosterSettings()
    scale: PointsScale = PointsScale()
    bands: RiskBands = RiskBands()

    def recorded(self) -> dict[str, Any]:
        """What the model depends on, as JSON values."""
        return {name: value for name, value in asdict(self).items() if name != "n_threads"}


def read_training_settings(path: Path = SETTINGS_FILE, **changes: Any) -> TrainingSettings:
    """Read ``training.toml``; what it does not name keeps its default.

    Args:
        path: The file.
        changes: Fields of `TrainingSettings` to set besides, such as ``seed``.

    Raises:
        UsageError: The file names a setting that does not exist, or cannot be read.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} cannot be read ({error}); mend or remove it.") from error
    parts = {}
    for name, values in tables.items():
        if name not in PARTS or not isinstance(values, Mapping):
            raise UsageError(f"{path}: expected the tables {', '.join(PARTS)}, found {name!r}.")
        known = {item.name for item in fields(PARTS[name])}
        if unknown := sorted(set(values) - known):
            raise UsageError(
                f"{path}: [{name}] has no setting {unknown[0]!r}; expected {', '.join(sorted(known))}."
            )
        frozen = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        parts[name] = PARTS[name](**frozen)
    return replace(TrainingSettings(**parts), **changes)


def write_training_settings(training: TrainingSettings, path: Path, note: str) -> None:
    """Write what `read_training_settings` reads, in one atomic step.

    Args:
        training: The settings; seed, sample, threads, points and bands are not kept in the file.
        path: The file.
        note: One line that says where the settings come from.
    """
    lines = [f"# {note}"]
    for part in PARTS:
        lines += ["", f"[{part}]"]
        lines += [
            f"{name} = {json.dumps(value)}"
            for name, value in asdict(getattr(training, part)).items()
        ]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)
