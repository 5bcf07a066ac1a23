"""The sentences of the model card, each made from what the manifest, the artifact or the warehouse says."""

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
        learning: From whom each part learnt.
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
        totals: Who was scored, and on whom the model is measured today.
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
    """On whom the figures of today are, and whether the model can have seen them."""
    last = max(model.facts["data"]["slices"][name]["last_id"] for name in MADE_FROM)
    n_tested = counted(totals["n_tested"], "applicant")
    if totals["first_id"] > last:
        return f"{n_tested} who applied after everyone the model was made from"
    return (
        f"{n_tested}, some of whom applied before the last one the model was made from (id {last}), so that the "
        "figures may flatter it"
    )


def _purpose(model: Artifact) -> Iterator[str]:
    scale, cuts = model.scale, model.bands.cut_points
    yield (
        "Rank credit applicants by risk and give each a calibrated probability of default, from the "
        f"{len(model.contract.columns)} raw columns of the credit products in their bureau history and nothing else."
    )
    yield (
        f"Points: {plain(scale.anchor_points)} at odds of {plain(scale.anchor_odds)} to 1, "
        f"{plain(scale.points_to_double)} points double the odds; higher is safer."
    )
    bands = [f"{letter} from {cut}" for letter, cut in zip(BAND_LETTERS, cuts, strict=False)]
    yield f"Risk bands by points: {', '.join(bands)}, {BAND_LETTERS[-1]} below."


def _how(model: Artifact) -> Iterator[str]:
    contract, blend = model.contract, model.blend
    yield (
        f"An autoencoder reads the codes of an applicant's latest {contract.n_recent} credit products in order, and "
        "gives log-odds of default."
    )
    yield (
        f"LightGBM ({counted(_n_trees(model), 'tree')}) reads {len(contract.tree_feature_names)} numbers about all of "
        f"the applicant's products: {len(contract.scalars)} totals, and how often each code of the "
        f"{len(contract.columns)} raw columns occurs. It does not see what the autoencoder makes of them."
    )
    yield _blending(blend)
    yield f"The result becomes a probability by {model.calibration.method} calibration."
    yield (
        f"Reasons are what each of {len(contract.business_groups)} groups of columns adds in comparison with one "
        "reference applicant of good risk."
    )


def _blending(blend: Blend) -> str:
    if not blend.log_odds:
        return "Only LightGBM counts: the autoencoder has the weight 0 in the score."
    if not blend.trees:
        return "Only the autoencoder counts: LightGBM has the weight 0 in the score."
    return (
        f"The two are blended: {number(blend.trees, 3)} times the log-odds of LightGBM plus "
        f"{number(blend.log_odds, 3)} times those of the autoencoder."
    )


def _learning(model: Artifact) -> Iterator[str]:
    facts = model.facts
    settings, slices = facts["settings"], facts["data"]["slices"]
    people = {name: counted(slices[name]["applicants"], "applicant") for name in slices}
    if settings["sample"] is not None:
        yield f"At most {counted(settings['sample'], 'applicant')} were drawn for all that follows."
    most, n_train = settings["encoder"]["max_applicants"], slices["train"]["applicants"]
    both = f"Autoencoder and LightGBM learnt from {people['train']}"
    yield (
        f"{both}."
        if most >= n_train
        else f"{both}, the autoencoder from {number(most)} of them: every defaulter and a draw of the others."
    )
    if settings["booster"]["negative_share"] < 1:
        yield (
            f"LightGBM used {share(settings['booster']['negative_share'])} of those who did not default, with the "
            "weight of all."
        )
    yield (
        f"{people['early_stopping']} who applied later decided how many trees there are and how the two are weighted."
    )
    losses = facts["calibration_log_loss"]
    yield (
        f"The calibration was fitted on {people['calibration']} whom neither has seen; "
        f"{model.calibration.method} was chosen from "
        f"{listed(f'{name} (log loss {number(loss, 5)})' for name, loss in losses.items())}."
    )


def _limits(totals: Row, is_simulated: bool) -> Iterator[str]:
    n_scored = totals["n_scored"]
    if is_simulated:
        yield "The applicants are simulated."
    n_known = totals["n_known"]
    yield (
        f"{number(n_known)} of {counted(n_scored, 'applicant')} have a known outcome; nothing tested says how "
        f"{'the others, or ' if n_known < n_scored else ''}people who were never granted a credit would have paid."
    )
    yield "Codes of the raw columns are used as delivered: what a single code stands for is mostly unknown."
    yield "There are no attributes of persons in the data, so fair treatment of groups cannot be measured here."
    yield (
        f"{number(totals['n_thin_files'])} of {counted(n_scored, 'applicant')} have fewer than {THIN_FILE_PRODUCTS} "
        f"products (thin files), so their scores rest on little; {number(totals['n_with_unseen_codes'])} have codes "
        "that the data dictionary does not know."
    )
    yield "Applicants change with time: believe the latest slices under Stability more than any average."


def _data(facts: Any) -> Iterator[str]:
    parts, slices = facts["data"]["raw_parts"], facts["data"]["slices"]
    n_products = sum(part["rows"] for part in parts.values())
    yield (
        f"When the model was trained the warehouse held {counted(len(parts), 'raw part')} with "
        f"{counted(n_products, 'credit product')}."
    )
    ends = [
        (slices[name]["first_id"], slices[name]["last_id"]) for name in (*MADE_FROM, "out_of_time")
    ]
    in_order = all(earlier[1] < later[0] for earlier, later in pairwise(ends))
    yield (
        "Split by order of application: the applicants it was measured on came after all those it was made from."
        if in_order
        else "The slices overlap in the order of application, so the figures may flatter the model."
    )


def _figures(facts: Any, performance: Row) -> Iterator[str]:
    trained = facts["metrics"]["out_of_time"]
    then, now = trained["n_applicants"], performance["n_applicants"]
    yield (
        "“At training” is recorded in the manifest of the model, with bootstrap intervals; “now” is computed in the "
        "warehouse from today's scores and outcomes."
    )
    yield (
        f"Both are about {counted(now, 'applicant')}."
        if then == now
        else f"The first is about {counted(then, 'applicant')}, the second about {number(now)}, so they need not agree."
    )


def _n_trees(model: Artifact) -> int:
    return model.booster.count("\nTree=")
