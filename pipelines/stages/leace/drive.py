"""The way from vectors to erased vectors, as the driver goes it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.commits import add_counts, outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import run_pass, run_step
from isinglass.pipelines.engine.units import Each, Unit
from isinglass.pipelines.seam import After
from isinglass.pipelines.stages.leace.measure import MEASURE, measure
from isinglass.pipelines.stages.leace.work import (
    APPLY,
    ERASER,
    FIT,
    SUMS,
    apply_shard,
    fit_eraser,
    held_out_share,
    sum_shard,
)
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import chosen_pooling

if TYPE_CHECKING:
    from isinglass.pipelines.seam import Driver
    from isinglass.pipelines.stages.leace.concept import Concept
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import EncodeConfig

SPEED = 1e8
"""Bytes of vectors a CPU second, roughly."""


def erase_vectors(
    driver: Driver, concept: Concept, encodes: Mapping[str, Commit]
) -> After:
    """Sums, eraser, erased vectors, and what that did.

    `encodes` are commits of the encode pass by shard. The note is the counts of the
    pass that erased.
    """
    session, shards, encode = driver.session, tuple(encodes), driver.config.encode
    assert encode is not None
    rows = add_counts(list(encodes.values()))["rows"]
    draw = held_out_share(rows), driver.config.seed
    told = [vars(concept), draw, driver.code]
    units = [_unit(driver, *each, told) for each in encodes.items()]
    work = Each(SUMS, partial(sum_shard, concept=concept, draw=draw))
    sums = outputs_digest_input(
        list(run_pass(session, work, units, speed=SPEED).values())
    )

    about = _about(encode)
    make = partial(fit_eraser, shards=shards, concept=concept, about=about)
    fitted = run_step(session, FIT, [sums, about, told], make)
    eraser = outputs_digest_input([fitted])

    units = [
        Unit(one.name, one.payload, digest([one.fingerprint, eraser]), one.weight)
        for one in units
    ]
    work = Each(APPLY, partial(apply_shard, concept=concept))
    erased = run_pass(session, work, units, speed=SPEED)

    judge = partial(measure, shards=shards, concept=concept, encode=encode)
    how = [encode.max_tokens, encode.special_tokens]
    run_step(session, MEASURE, [sums, eraser, about, how, told], judge)
    return After({**erased, ERASER: fitted}, add_counts(list(erased.values())))


def _unit(driver: Driver, shard: str, encoded: Commit, told: Any) -> Unit:
    """One unit a shard; it depends on its vectors, and on who is mentioned."""
    file = next(o for o in encoded.outputs if o.path.startswith("embeddings/"))
    surveyed = outputs_digest_input([driver.surveys[shard]])
    return Unit(shard, shard, digest([file.sha256, surveyed, *told]), file.bytes)


def _about(config: EncodeConfig) -> dict[str, Any]:
    """The model whose vectors the eraser is for."""
    models = check_models(config)
    return {
        "models": {model.role: model.sha256 for model in models},
        "pooling": chosen_pooling(config),
        "normalise": config.normalise,
    }
