"""The SQL of the feature models, compiled by dbt once and cached: live records take the same path as the table.

dbt's macros read the data dictionary from a warehouse, so it compiles against a temporary one with only the
seeds. Serving then needs neither dbt nor a warehouse.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from models_ml.errors import BuildError
from models_ml.features.contract import read_contract, record_columns
from models_ml.runtime.console import console
from models_ml.runtime.files import write_file
from models_ml.settings import Settings
from models_ml.warehouse.dbt import TARGET_FOLDER, run_dbt

FOLDER = "live_sql"
PRODUCTS = "credit_products"
"""Source that the live records replace."""
TARGET = "live"
"""Target of the profile: models compiled for it compute every applicant with a record."""
PARTS = "raw_parts"
"""Model that says which parts may contain broken rows; any live record may be broken."""
DOUBTFUL_PART = "train_data_live.pq"
"""The only raw part during compilation, one with a broken row; its name is later replaced by all live records."""
FEATURES = "applicant_features"
QUARANTINE = "quarantined_credit_products"
DUPLICATES = "stg_bureau__duplicated_products"
"""Model that lists products that occur twice."""
SCORES = "live_scores"
"""Analysis that turns the result of the scorer into the columns of a score."""


@dataclass(frozen=True)
class LiveSql:
    """Compiled SQL.

    Attributes:
        database: Name of the database that the SQL addresses.
        views: Name and query of each model from the raw products to features and quarantine, each after those it reads.
        products: Text in the queries that stands for the raw products.
        doubtful_parts: Text in the queries that stands for the names of parts that may hold broken rows.
        scores: Query of the analysis `SCORES`.
    """

    database: str
    views: tuple[tuple[str, str], ...]
    products: str
    doubtful_parts: str
    scores: str


def read_live_sql(settings: Settings) -> LiveSql:
    """Compiled SQL of the dbt project as it is now, compiled again when a file of the project has changed.

    Raises:
        BuildError: dbt cannot compile the project.
    """
    cached = settings.home / FOLDER / f"{_project_hash(settings)}.json"
    if cached.is_file():
        values = json.loads(cached.read_bytes())
        values["views"] = tuple((name, sql) for name, sql in values["views"])
        return LiveSql(**values)
    console.print("Compiling the SQL of the features (once, until the dbt project changes)")
    compiled = _compile(settings)
    cached.parent.mkdir(parents=True, exist_ok=True)
    for old in cached.parent.iterdir():
        old.unlink()
    write_file(cached, json.dumps(asdict(compiled)).encode())
    return compiled


def _compile(settings: Settings) -> LiveSql:
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".compiling-") as folder:
        throw_away = replace(settings, raw=Path(folder) / "raw", home=Path(folder))
        throw_away.raw.mkdir()
        columns = record_columns(read_contract(settings.dictionary))
        broken_row = pa.table({name: pa.array([None], pa.int64()) for name in columns})
        pq.write_table(broken_row, throw_away.raw / DOUBTFUL_PART)
        only = ("--resource-type", "seed", "--resource-type", "model")
        run_dbt(throw_away, ("build", "--select", "resource_type:seed", PARTS, *only), TARGET)
        run_dbt(throw_away, ("compile", "--select", f"+{FEATURES}", SCORES), TARGET)
        return _from_manifest(
            json.loads((Path(folder) / TARGET_FOLDER / "manifest.json").read_bytes())
        )


def _from_manifest(manifest: dict[str, Any]) -> LiveSql:
    nodes = {node["name"]: node for node in manifest["nodes"].values()}
    sources = {source["name"]: source for source in manifest["sources"].values()}
    names = tuple(
        dict.fromkeys([*_with_parents(nodes, QUARANTINE), *_with_parents(nodes, FEATURES)])
    )
    products = sources[PRODUCTS]["relation_name"]
    views = tuple((name, nodes[name]["compiled_code"]) for name in names)
    doubtful_parts = f"'{DOUBTFUL_PART}'"
    for text in (products, doubtful_parts):
        if not any(text in sql for _, sql in views):
            raise BuildError(
                f"Expected {text} in the SQL of the models between {PRODUCTS} and {FEATURES}, found it "
                "in none; without it the live records cannot replace the raw parts. Restore the models from version "
                "control."
            )
    return LiveSql(
        database=nodes[FEATURES]["database"],
        views=views,
        products=products,
        doubtful_parts=doubtful_parts,
        scores=nodes[SCORES]["compiled_code"],
    )


def _with_parents(nodes: dict[str, Any], name: str) -> Iterator[str]:
    """A model after all models it reads, except the one that live records replace."""
    for parent in nodes[name]["depends_on"]["nodes"]:
        kind, _, parent_name = parent.split(".", 2)
        if kind == "model" and parent_name != PARTS:
            yield from _with_parents(nodes, parent_name)
    yield name


def _project_hash(settings: Settings) -> str:
    """Changes with every file that dbt compiles from, and with dbt itself."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    folders = [settings.dbt_project / name for name in ("models", "macros", "seeds", "analyses")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [settings.dbt_project / "dbt_project.yml", settings.profiles / "profiles.yml"]
    for path in sorted(files):
        digest.update(f"{path.relative_to(settings.project)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
