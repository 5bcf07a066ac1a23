"""The main job: raw files in, published predictions out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models_ml.errors import ArtifactError
from models_ml.features.contract import read_contract
from models_ml.jobs.engines import Target, open_engine
from models_ml.jobs.run_log import recorded_run
from models_ml.publishing.files import Published, publish, read_scored
from models_ml.publishing.large_fall import check_large_fall, default_largest_fall
from models_ml.publishing.tables import PUBLISHED_TABLES
from models_ml.registry.catalog import show_model
from models_ml.registry.loading import other_libraries
from models_ml.registry.pointers import champion_path, champion_version
from models_ml.runtime.console import console, step
from models_ml.runtime.extras import missing_modules, need_extra
from models_ml.runtime.lock import run_lock
from models_ml.settings import Settings, Warehouse
from models_ml.warehouse.connection import open_warehouse
from models_ml.warehouse.dbt import run_dbt
from models_ml.warehouse.raw_files import check_raw

BEFORE_SCORING = ("--selector", "before_scoring")
"""Selects the dbt models that need no trained model (dbt_project/selectors.yml), and their tests."""
SCORED = ("--selector", "scored")
"""Selects the others, and their tests: nothing is published unless these pass."""


@dataclass(frozen=True)
class RunOptions:
    """Options of a run.

    Attributes:
        train: Train a new model even when there is one.
        full_refresh: Recompute the features of every applicant.
        wait_seconds: How long to wait for another run to finish.
        seed: Seed of the training, if the run trains.
        target: Where the warehouse is.
        largest_fall: Share by which applicants or products may fall below what is published, 0 to 1; the var of the
            dbt project when None.
    """

    train: bool = False
    full_refresh: bool = False
    wait_seconds: float = 0.0
    seed: int = 7
    target: Target = Target.DUCKDB
    largest_fall: float | None = None


@dataclass(frozen=True)
class RunSummary:
    """What a run did.

    Attributes:
        published: Files written and applicants scored.
        model_version: The model that scored; None when there was nobody to score.
        auc: Its AUC on the out-of-time slice, measured when it was trained.
        seconds: Duration of every step.
    """

    published: Published
    model_version: str | None
    auc: float | None
    seconds: dict[str, float]


def run(settings: Settings, options: RunOptions) -> RunSummary:
    """Check, build features, train if needed, score, test, publish: in this order, stopping at the first failure.

    Raises:
        ScorehouseError: A step failed; what was published before is unchanged.
    """
    with (
        run_lock(settings.home, "scorehouse run", options.wait_seconds),
        recorded_run(settings.home, "scorehouse run") as record,
        open_engine(options.target, settings) as engine,
    ):
        record["seconds"] = seconds = dict[str, float]()
        refresh = ("--full-refresh",) if options.full_refresh else ()

        trains = options.train or champion_version(settings.artifacts) is None
        if trains:
            check_that_training_is_possible(options.train)
        with step("Checking the raw files") as timed:
            raw = check_raw(settings.raw, read_contract(settings.dictionary))
            console.print(f"  {raw.n_parts} parts, {raw.n_products:,} credit products")
            for warning in raw.warnings:
                console.print(f"  warning: {warning}")
            engine.check_workers(None if options.train else champion_version(settings.artifacts))
        seconds["check"] = timed["seconds"]

        with step("Building features") as timed:
            outcome = engine.build("build", *BEFORE_SCORING, *refresh)
            _show_warnings(outcome.warnings)
        seconds["features"] = timed["seconds"]

        if trains:
            from models_ml.training.job import train  # torch takes seconds to import
            from models_ml.training.settings import read_training_settings, settings_in_force

            with step("Training a model") as timed:
                file = settings_in_force(settings.home)
                training = read_training_settings(file, seed=options.seed)
                tables = engine.tables_for_training(training.sample, training.seed)
                result = train(settings, training, warehouse=tables)
                for reason in result.refusals:
                    console.print(f"  warning: {result.version} is not promoted: {reason}")
                if champion_version(settings.artifacts) is None:
                    raise ArtifactError(
                        f"Model {result.version} fails its gates and there is no other: "
                        f"{' '.join(result.refusals)} Look at the data, or promote it anyway with: "
                        f"scorehouse models promote {result.version} --force REASON"
                    )
            seconds["training"] = timed["seconds"]

        with step("Scoring and testing") as timed:
            engine.check_workers(champion_path(settings.artifacts).name)
            outcome = engine.build("build", *SCORED)
            _show_warnings(outcome.warnings)
        seconds["scoring"] = timed["seconds"]

        with step("Publishing") as timed:
            tables = engine.tables_for_publishing()
            # The champion may have changed since: the rows name the model that scored.
            with open_warehouse(tables) as connection:
                _, version = read_scored(connection)
            model = None if version is None else show_model(settings.artifacts, version)
            if model is not None:
                _show_warnings(other_libraries(model))
            published = _publish(settings, tables, engine.published_tables, options.largest_fall)
        seconds["publishing"] = timed["seconds"]

        record["model_version"] = version
        record["n_applicants"] = published.n_applicants
    return RunSummary(
        published=published,
        model_version=version,
        auc=None if model is None else model["metrics"]["out_of_time"]["auc"]["value"],
        seconds=seconds,
    )


def check_that_training_is_possible(asked_for: bool) -> None:
    """Refuse a run that must train where training is not installed, before it changes anything.

    Args:
        asked_for: Whether the caller asked for a new model; otherwise there is none yet.

    Raises:
        UsageError: It was asked for.
        ArtifactError: There is no model.
    """
    if asked_for:
        need_extra("train")
    elif missing_modules("train"):
        raise ArtifactError(
            "There is no model yet, and this installation only scores. Copy the folder artifacts of another "
            "SCOREHOUSE_HOME, where one was trained, or install the extra for training: pip install 'scorehouse[train]'"
        )


def check_and_publish(settings: Settings, largest_fall: float | None = None) -> Published:
    """Publish what is in the warehouse, if it passes the tests of a run.

    Args:
        settings: Folders of the installation.
        largest_fall: See `RunOptions`.

    Raises:
        ScorehouseError: Nothing was scored yet, or a test fails; what was published before is unchanged.
    """
    with open_warehouse(settings.warehouse) as connection:
        read_scored(connection)
    with step("Testing"):
        _show_warnings(run_dbt(settings, ("test", *SCORED)).warnings)
    with step("Publishing"):
        return _publish(settings, settings.warehouse, PUBLISHED_TABLES, largest_fall)


def _publish(
    settings: Settings, warehouse: Warehouse, tables: Iterable[str], largest_fall: float | None
) -> Published:
    """Publish a warehouse unless too much is missing; ``largest_fall`` is that of `RunOptions`."""
    if largest_fall is None:
        largest_fall = default_largest_fall(settings.dbt_project)
    check_large_fall(warehouse, settings.published, largest_fall)
    return publish(warehouse, settings.published, tables)


def _show_warnings(warnings: list[str]) -> None:
    for warning in warnings:
        console.print(f"  warning: {warning}")
