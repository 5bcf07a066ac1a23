"""The ``scorehouse models`` commands: which trained models there are, which one scores, which one challenges it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from models_ml.cli.options import courtesy
from models_ml.errors import UsageError
from models_ml.runtime.console import console
from models_ml.settings import Settings

commands = typer.Typer(
    help="Trained models: which there are, which one scores.", no_args_is_help=True
)
Version = Annotated[str | None, typer.Argument(help="Version; the champion when left out.")]
Reason = Annotated[str, typer.Option(help="Why; recorded in the history.")]


@commands.command("list")
def list_models() -> None:
    """List all models, newest first."""
    from models_ml.registry import catalog

    for model in catalog.list_models(Settings.from_environment().artifacts):
        auc = "unknown" if model.auc is None else f"{model.auc:.4f}"
        role = "champion" if model.champion else "challenger" if model.challenger else ""
        note = model.problem or role
        print(f"{model.version}  {model.created_at}  AUC {auc}  {note}")


@commands.command("show")
def show_model(version: Version = None) -> None:
    """Print the manifest of a model as JSON."""
    from models_ml.registry import catalog

    manifest = catalog.show_model(Settings.from_environment().artifacts, version)
    print(json.dumps(manifest, indent=2))


@commands.command("verify")
def verify_model(
    version: Version = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            envvar="SCOREHOUSE_PUBLIC_KEY",
            help="PEM file; the holder of its private key must have signed the model.",
        ),
    ] = None,
) -> None:
    """Check the hashes and golden rows of a model, and its signature when a key is given."""
    from models_ml.registry import catalog
    from models_ml.registry.loading import other_libraries

    artifacts = Settings.from_environment().artifacts
    checked = catalog.verify_model(artifacts, version)
    print(f"{checked}: every file is as trained, golden rows score as recorded")
    if public_key is not None:
        from models_ml.registry.signatures import check_signature

        check_signature(artifacts / checked, public_key)
        print(f"{checked}: signed by the holder of the key of {public_key}")
    for library in other_libraries(catalog.show_model(artifacts, checked)):
        console.print(f"warning: {library}")


@commands.command("sign")
def sign_model(
    key: Annotated[Path, typer.Option(help="PEM file with the private Ed25519 key.")],
    version: Version = None,
) -> None:
    """Sign a model, so that `verify --public-key` says who vouches for it."""
    from models_ml.registry import catalog
    from models_ml.registry.signatures import sign_model

    folder = catalog.folder_of(Settings.from_environment().artifacts, version)
    signature = sign_model(folder, key)
    with courtesy():
        print(signature)


@commands.command("promote")
def promote_model(
    version: Annotated[str, typer.Argument(help="The model that should score.")],
    force: Annotated[
        str | None, typer.Option(help="Reason to pass over the gates; recorded.")
    ] = None,
) -> None:
    """Make a model the one that scores, if it passes its gates."""
    from models_ml.registry import promotion

    changed = promotion.promote(Settings.from_environment().artifacts, version, force)
    with courtesy():
        print(
            f"{version} scores from the next run on"
            if changed
            else f"{version} is the champion already; nothing was changed"
        )


@commands.command("rollback")
def rollback_model(reason: Reason) -> None:
    """Go back to the last different champion that no rollback left since."""
    from models_ml.registry import promotion

    version = promotion.rollback(Settings.from_environment().artifacts, reason)
    with courtesy():
        print(f"{version} scores from the next run on")


@commands.command("challenge")
def challenge_champion(
    version: Annotated[
        str | None, typer.Argument(help="The model that is scored beside the champion.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Have no challenger any more.")] = False,
) -> None:
    """Score another model beside the champion, without deciding anything by it."""
    from models_ml.registry import promotion

    if end == (version is not None):
        raise UsageError("Name the version that challenges the champion, or give --end.")
    promotion.challenge(Settings.from_environment().artifacts, version)
    with courtesy():
        print(
            f"{version} is scored beside the champion from the next run on"
            if version
            else "nothing is scored beside the champion any more"
        )
