"""The sentences of the model card, each made from the manifest, the artifact or the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models_ml.registry.artifact import Artifact
from models_ml.report.formats import counted, listed, number, plain, share
from models_ml.report.queries import Row
from models_ml.scoring.blend import Blend
from models_ml.scoring.scorecard import BAND_LETTERS
from models_ml.scoring.scorer import THIN_FILE_PRODUCTS

MADE_FROM = ("train", "early_stopping", "calibration")
"""Slices of applicants that the model depends on."""


@dataclass(frozen=True)
class CardText:
    """Sentences of the model card under their headings.

    Attributes:
        purpose: What the score is, and its scale.
        how: How features become a score.
        learning: Which applicants each part learnt from.
        limits: What to bear in mind.
        data: What it was trained on.
        figures: What the two columns of the table of figures are about.
    """

    purpose: tuple[str, ...]
    how: tuple[str, ...]
    learning: tuple[str, ...]
    limits: tuple[str, ...]
    data: tuple[str, ...]
    figures: tuple[str, ...]


def card_text(model: Artifact, totals: Row, performance: Row, is_simulated: bool) -> CardText:
    """Write the sentences.

    Args:
        model: The model that scored; its facts are the manifest.
        totals: Who was scored, and which applicants the model is measured on now.
        performance: Figures of today on the out-of-time applicants.
        is_simulated: Whether the raw files were written by the simulator.
    """
    return CardText(
        purpose=tuple(_purpose(model)),
        how=tuple(_how(model)),
        learning=tuple(_learning(model)),
        limits=tuple(_limits(totals, is_simulated)),
        data=tuple(_data(model.facts)),
        figures=tuple(_figures(model.facts, performance)),
    )


def measured_on(model: Artifact, totals: Row) -> str:
    """Which applicants the current figures cover, and whether the model can have seen them."""
    last = max(model.facts["data"]["slices"][name]["last_id"] for name in MADE_FROM)
    n_tested = counted(totals["n_tested"], "applicant")
    if totals["first_id"] > last:
        return f"{n_tested} who applied after everyone the model was built from"
    return (
        f"{n_tested}, some of whom applied before the last applicant the model was built from (id {last}), so that the "
        "figures may flatter it"
    )


def _purpose(model: Artifact) -> Iterator[str]:
    scale, cuts = model.scale, model.bands.cut_points
    yield (
        "Ranks credit applicants by risk and gives each a calibrated probability of default, using only the "
        f"{len(model.contract.columns)} raw columns of the credit products in their bureau history."
    )
    yield (
        f"{plain(scale.anchor_points)} points mean odds of good to bad of {plain(scale.anchor_odds)} to 1, and every "
        f"{plain(scale.points_to_double)} points more double the odds: higher is safer."
    )
    bands = [f"{letter} from {cut}" for letter, cut in zip(BAND_LETTERS, cuts, strict=False)]
    yield f"Risk bands by points: {', '.join(bands)}, {BAND_LETTERS[-1]} below."


def _how(model: Artifact) -> Iterator[str]:
    contract, blend = model.contract, model.blend
    yield (
        f"An autoencoder reads the codes of an applicant's latest {contract.n_recent} credit products in order "
        "and returns log-odds of default."
    )
    yield (
        f"LightGBM ({counted(_n_trees(model), 'tree')}) reads {len(contract.tree_feature_names)} numbers about all of "
        f"the applicant's products: {len(contract.scalars)} totals, and how often each code of the "
        f"{len(contract.columns)} raw columns occurs. It does not see the output of the autoencoder."
    )
    yield _blending(blend)
    yield f"The result is turned into a probability by {model.calibration.method} calibration."
    yield (
        f"The reasons show what each of {len(contract.business_groups)} groups of columns adds, compared with a "
        "reference applicant of good risk."
    )


def _blending(blend: Blend) -> str:
    if not blend.log_odds:
        return "Only LightGBM counts: the autoencoder has weight 0 in the score."
    if not blend.trees:
        return "Only the autoencoder counts: LightGBM has weight 0 in the score."
    return (
        f"The two are blended: {number(blend.trees, 3)} times the log-odds of LightGBM plus "
        f"{number(blend.log_odds, 3)} times those of the autoencoder."
    )


def _learning(model: Artifact) -> Iterator[str]:
    facts = model.facts
    settings, slices = facts["settings"], facts["data"]["slices"]
    people = {name: counted(slices[name]["applicants"], "applicant") for name in slices}
    if settings["sample"] is not None:
        yield f"Training used a random sample of at most {counted(settings['sample'], 'applicant')}."
    most, n_train = settings["encoder"]["max_applicants"], slices["train"]["applicants"]
    both = f"The autoencoder and LightGBM learnt from {people['train']}"
    yield (
        f"{both}."
        if most >= n_train
        else f"{both}, the autoencoder from {number(most)} of them: every defaulter and a random sample of the others."
    )
    if settings["booster"]["negative_share"] < 1:
        yield (
            f"LightGBM used {share(settings['booster']['negative_share'])} of those who did not default, weighted "
            "up to all of them."
        )
    yield (
        f"{people['early_stopping']} who applied later determined the number of trees and the weights of the two."
    )
    losses = facts["calibration_log_loss"]
    yield (
        f"The calibration was fitted on {people['calibration']} neither had seen; "
        f"{model.calibration.method} was chosen among "
        f"{listed(f'{name} (log loss {number(loss, 5)})' for name, loss in losses.items())}."
    )


def _limits(totals: Row, is_simulated: bool) -> Iterator[str]:
    n_scored = totals["n_scored"]
    if is_simulated:
        yield "The applicants are simulated."
    n_known = totals["n_known"]
    yield (
        f"The outcome is known for {number(n_known)} of {counted(n_scored, 'applicant')}; no figure here says how "
        f"{'the others or ' if n_known < n_scored else ''}people who were never granted credit would have paid."
    )
    yield "Codes of the raw columns are used as delivered: the meaning of most single codes is unknown."
    yield "The data has no personal attributes, so fairness between groups of people cannot be measured here."
    yield (
        f"{number(totals['n_thin_files'])} of {counted(n_scored, 'applicant')} have fewer than {THIN_FILE_PRODUCTS} "
        f"products (thin files), so their scores rest on little information; "
        f"{number(totals['n_with_unseen_codes'])} have codes that are not in the data dictionary."
    )
    yield "Applicants change over time: trust the latest slices under Stability more than any average."


def _data(facts: Any) -> Iterator[str]:
    parts, slices = facts["data"]["raw_parts"], facts["data"]["slices"]
    n_products = sum(part["rows"] for part in parts.values())
    yield (
        f"When the model was trained, the warehouse held {counted(len(parts), 'raw part')} with "
        f"{counted(n_products, 'credit product')}."
    )
    ends = [
        (slices[name]["first_id"], slices[name]["last_id"]) for name in (*MADE_FROM, "out_of_time")
    ]
    in_order = all(earlier[1] < later[0] for earlier, later in pairwise(ends))
    yield (
        "Split by order of application: the applicants it was measured on came after all those it was built from."
        if in_order
        else "The slices overlap in the order of application, so the figures may flatter the model."
    )


def _figures(facts: Any, performance: Row) -> Iterator[str]:
    trained = facts["metrics"]["out_of_time"]
    then, now = trained["n_applicants"], performance["n_applicants"]
    yield (
        "“At training” comes from the manifest of the model, with bootstrap intervals; “now” is computed in the "
        "warehouse from the current scores and outcomes."
    )
    yield (
        f"Both cover {counted(now, 'applicant')}."
        if then == now
        else f"The first covers {counted(then, 'applicant')}, the second {number(now)}, so they may differ."
    )


def _n_trees(model: Artifact) -> int:
    return model.booster.count("\nTree=")
