"""Everything a training depends on besides the data, and the file that holds the best settings.

The package comes with a settings file. One of the same name in ``SCOREHOUSE_HOME``, such as the one ``scorehouse tune``
writes, takes precedence.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from models_ml.errors import UsageError
from models_ml.runtime.files import write_file
from models_ml.scoring.scorecard import PointsScale, RiskBands
from models_ml.training.autoencoder import AutoencoderSettings
from models_ml.training.booster import BoosterSettings
from models_ml.training.encoder_fit import EncoderTraining

SETTINGS_FILE = Path(__file__).with_name("training.toml")
"""Settings of the package; never written."""
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
        seed: Of all random choices.
        sample: Applicants to use at most, drawn evenly over application time; None = all.
        n_threads: Threads; the model does not depend on them.
        autoencoder: Shape of the autoencoder.
        encoder: How it is trained.
        booster: Settings of LightGBM.
        scale: From PD to points.
        bands: From points to risk bands.
        file: Name (``file``) and ``sha256`` of the settings file; empty if none was read.
    """

    seed: int = 7
    sample: int | None = None
    n_threads: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    autoencoder: AutoencoderSettings = AutoencoderSettings()
    encoder: EncoderTraining = EncoderTraining()
    booster: BoosterSettings = BoosterSettings()
    scale: PointsScale = PointsScale()
    bands: RiskBands = RiskBands()
    file: Mapping[str, str] = field(default_factory=dict)

    def recorded(self) -> dict[str, Any]:
        """What the model depends on, as JSON values."""
        return {
            name: value for name, value in asdict(self).items() if name not in ("n_threads", "file")
        }


def file_of(home: Path) -> Path:
    """Path of the settings file of an installation."""
    return home / SETTINGS_FILE.name


def settings_in_force(home: Path) -> Path:
    """The file that a training in this installation reads: its own if it exists, else that of the package."""
    own = file_of(home)
    return own if own.is_file() else SETTINGS_FILE


def read_training_settings(path: Path = SETTINGS_FILE, **changes: Any) -> TrainingSettings:
    """Read ``training.toml``; settings it does not name come from the package's file, then from the code.

    Args:
        path: The file.
        changes: Further fields of `TrainingSettings`, such as ``seed``.

    Raises:
        UsageError: The file names a setting that does not exist, or cannot be read.
    """
    content, tables = _read_tables(path)
    of_package = {} if path == SETTINGS_FILE else _read_tables(SETTINGS_FILE)[1]
    parts = {
        name: PARTS[name](**of_package.get(name, {}) | tables.get(name, {}))
        for name in {**of_package, **tables}
    }
    file = {
        "file": "training.toml of the package" if path == SETTINGS_FILE else path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return replace(TrainingSettings(**parts, file=file), **changes)


def _read_tables(path: Path) -> tuple[bytes, dict[str, dict[str, Any]]]:
    """Content of a file, and the values of each part it names; both empty if there is no file."""
    try:
        content = path.read_bytes() if path.is_file() else b""
        tables = tomllib.loads(content.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); fix or remove it.") from error
    parts = {}
    for name, values in tables.items():
        if name not in PARTS or not isinstance(values, Mapping):
            raise UsageError(f"{path}: expected the tables {', '.join(PARTS)}, found {name!r}.")
        known = {item.name for item in fields(PARTS[name])}
        if unknown := sorted(set(values) - known):
            raise UsageError(
                f"{path}: [{name}] has no setting {unknown[0]!r}; expected {', '.join(sorted(known))}."
            )
        parts[name] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return content, parts


def write_training_settings(training: TrainingSettings, path: Path, note: str) -> None:
    """Write what `read_training_settings` reads, in one atomic step.

    Args:
        training: The settings; seed, sample and threads are not written.
        path: The file.
        note: One line that says where the settings come from.

    Raises:
        OutputError: The file cannot be written.
    """
    lines = [f"# {note}"]
    for part in PARTS:
        lines += ["", f"[{part}]"]
        lines += [
            f"{name} = {json.dumps(value)}"
            for name, value in asdict(getattr(training, part)).items()
        ]
    content = "\n".join(lines) + "\n"
    write_file(path, content.encode(), "Name another file with: --out FILE")
