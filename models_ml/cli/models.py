"""The ``scorehouse models`` commands: trained models, the champion that scores and its challenger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from models_ml.cli.options import option, tell
from models_ml.errors import UsageError
from models_ml.runtime.console import console
from models_ml.settings import Settings

commands = typer.Typer(help="List, verify, sign and promote trained models.", no_args_is_help=True)
Version = Annotated[
    str | None,
    typer.Argument(help="Version of the model; by default the champion.", metavar="VERSION"),
]


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
        option(
            "FILE",
            "Public key (PEM); also check that the model is signed with its private key.",
            envvar="SCOREHOUSE_PUBLIC_KEY",
        ),
    ] = None,
) -> None:
    """Check that the files of a model are unchanged and that it scores as it did when trained."""
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
    key: Annotated[Path, option("FILE", "Private Ed25519 key (PEM).")],
    version: Version = None,
) -> None:
    """Sign a model; `verify --public-key` then shows who vouches for it."""
    from models_ml.registry import catalog
    from models_ml.registry.signatures import sign_model

    folder = catalog.folder_of(Settings.from_environment().artifacts, version)
    tell(f"{sign_model(folder, key)}")


@commands.command("promote")
def promote_model(
    version: Annotated[
        str, typer.Argument(help="Version of the model that should score.", metavar="VERSION")
    ],
    force: Annotated[
        str | None,
        option("REASON", "Promote it even if it fails a gate; the reason goes into the history."),
    ] = None,
) -> None:
    """Make a model the champion, which scores, if it passes its gates."""
    from models_ml.registry import promotion

    changed = promotion.promote(Settings.from_environment().artifacts, version, force)
    tell(
        f"{version} scores from the next run on"
        if changed
        else f"{version} is already the champion; nothing was changed"
    )


@commands.command("rollback")
def rollback_model(
    reason: Annotated[str, option("REASON", "Goes into the history.")],
) -> None:
    """Go back to the previous champion; repeated, to the one before it."""
    from models_ml.registry import promotion

    version = promotion.rollback(Settings.from_environment().artifacts, reason)
    tell(f"{version} scores from the next run on")


@commands.command("challenge")
def challenge_champion(
    version: Annotated[
        str | None, typer.Argument(help="Version of the challenger.", metavar="VERSION")
    ] = None,
    end: Annotated[bool, option("", "End the challenge.", "--end")] = False,
) -> None:
    """Have a second model score alongside the champion, without affecting decisions."""
    from models_ml.registry import promotion

    if end == (version is not None):
        raise UsageError("Give either the version of the challenger or --end.")
    promotion.challenge(Settings.from_environment().artifacts, version)
    tell(
        f"{version} scores alongside the champion from the next run on"
        if version
        else "no model scores alongside the champion any more"
    )
