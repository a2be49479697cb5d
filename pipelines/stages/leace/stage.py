"""Vectors from which no linear predictor tells who is mentioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from isinglass.pipelines.engine.commits import add_counts, outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import run_pass, run_step
from isinglass.pipelines.engine.units import Each, Unit
from isinglass.pipelines.stage import After, Closed, Columns, Stage, Sum
from isinglass.pipelines.stages.leace import proof, report, story
from isinglass.pipelines.stages.leace.concept import (
    Concept,
    check_mentions,
    concept_of,
)
from isinglass.pipelines.stages.leace.measure import (
    MEASURE,
    measure,
    statistics_of,
    summarise,
)
from isinglass.pipelines.stages.leace.work import (
    APPLY,
    ERASER,
    FIT,
    SUMS,
    TABLE,
    apply_shard,
    fit_eraser,
    held_out_share,
    sum_shard,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import EncodeConfig, RunConfig
from isinglass.schemas.config.encode import EraseConceptConfig
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import chosen_pooling

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Closing, Driver, Site, Verb

SPEED = 1e8
"""Bytes of vectors a CPU second, roughly."""


@dataclass(frozen=True)
class Leace(Stage):
    """The `encode.erase_concept` section.

    Attributes:
        concept: What is erased; None if the verb does not encode.
        sampled: It is tried on a sample, which may mention too few groups.
    """

    config: EraseConceptConfig
    concept: Concept | None = None
    sampled: bool = False

    name: ClassVar[str] = "leace"
    needs: ClassVar[tuple[str, ...]] = ("demographics", "encode")
    place: ClassVar[int] = 81

    @classmethod
    def of(cls, config: RunConfig) -> Leace | None:
        """On if there is such a section."""
        encode = config.encode
        if encode is None or encode.erase_concept is None:
            return None
        return cls(encode.erase_concept)

    def prepare(self, site: Site) -> Leace:
        """Look up the groups."""
        if site.verb not in {"run", "encode"}:
            return self
        return replace(self, concept=concept_of(self.config, site.config, site.base))

    def scaled(self, share: float) -> Leace:
        """A sample may mention too few groups."""
        del share
        return replace(self, sampled=True)

    def guard(self, driver: Driver) -> None:
        """Refuse a concept that is not in the documents, before any is encoded."""
        if self.concept is not None and not self.sampled:
            check_mentions(driver, self.concept)

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Rows are added up, and then erased."""
        del verb
        return (SUMS, APPLY) if phase == "after" and self.concept is not None else ()

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Sums, eraser, erased vectors, and what that did."""
        del cleans
        encodes = driver.after["encode"].commits
        if self.concept is None or not encodes:
            return After()
        session, code, shards = driver.session, driver.code, tuple(encodes)
        files = {shard: _embeddings(commit) for shard, commit in encodes.items()}
        rows = add_counts(list(encodes.values()))["rows"]
        draw = held_out_share(rows), driver.config.seed
        told = [vars(self.concept), draw, code]
        units = []
        for shard, file in files.items():
            surveyed = outputs_digest_input([driver.surveys[shard]])
            units.append(_unit(shard, file.bytes, [file.sha256, surveyed, *told]))
        work = Each(SUMS, partial(sum_shard, concept=self.concept, draw=draw))
        sums = run_pass(session, work, units, speed=SPEED)
        encode = driver.config.encode
        assert encode is not None
        about = _about(encode)
        given = outputs_digest_input(list(sums.values()))
        make = partial(fit_eraser, shards=shards, concept=self.concept, about=about)
        fitted = run_step(session, FIT, [given, about, told], make)
        eraser = outputs_digest_input([fitted])
        units = [
            _unit(unit.name, unit.weight, [unit.fingerprint, eraser]) for unit in units
        ]
        work = Each(APPLY, partial(apply_shard, concept=self.concept))
        erased = run_pass(session, work, units, speed=SPEED)
        judge = partial(measure, shards=shards, concept=self.concept, encode=encode)
        how = [encode.max_tokens, encode.special_tokens]
        run_step(session, MEASURE, [given, eraser, about, how, told], judge)
        return After({**erased, ERASER: fitted}, add_counts(list(erased.values())))

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        """Every vector has its copy."""
        del counts
        commit = after.commits.get(shard_id)
        if commit is None:
            return []
        erased, rows = commit.counts["erased"], commit.counts["records_in"]
        return [Sum("vectors erased = vectors of embeddings/", erased, rows)]

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Rows of the erased vectors."""
        return {TABLE: counts["erased"]} if "erased" in counts else {}

    def close(self, closing: Closing) -> Closed:
        """What was erased, and what is still told."""
        driver = closing.driver
        counts = driver.after[self.name].note
        if counts is None or self.concept is None:
            return Closed()
        summary = summarise(
            driver.workspace, driver.shard_ids, self.concept, counts["erased"]
        )
        return Closed(statistics_of(summary), manifest={"leace": summary})

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """The axis, and those of its groups that are erased."""
        stage = cls.of(config)
        if stage is None:
            return {}
        axis: Columns = {"axis": (stage.config.axis,)}
        groups: Columns = {**axis, "group": stage.config.groups or None}
        return {
            "leace.covariance": axis,
            "leace.variance_taken": axis,
            "leace.recall_at_10": axis,
            "leace.probe_accuracy": groups,
            "leace.probe_gain": groups,
            "leace.neighbour_accuracy": groups,
            "leace.association": {**axis, "group": None},
        }

    warns = staticmethod(report.warns)
    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    story = staticmethod(story.story)


def _embeddings(commit: Commit) -> Any:
    return next(o for o in commit.outputs if o.path.startswith("embeddings/"))


def _unit(shard: str, weight: int, identity: Any) -> Unit:
    return Unit(shard, shard, digest(identity), weight)


def _about(config: EncodeConfig) -> dict[str, Any]:
    """The model whose vectors the eraser is for."""
    models = check_models(config)
    return {
        "models": {model.role: model.sha256 for model in models},
        "pooling": chosen_pooling(config),
        "normalise": config.normalise,
    }
