"""Vectors from which no linear predictor tells who is mentioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from isinglass.pipelines.stage import After, Closed, Columns, Stage, Sum
from isinglass.pipelines.stages.leace import proof, report, story
from isinglass.pipelines.stages.leace.concept import (
    Concept,
    check_mentions,
    concept_of,
)
from isinglass.pipelines.stages.leace.drive import erase_vectors
from isinglass.pipelines.stages.leace.measure import statistics_of, summarise
from isinglass.pipelines.stages.leace.work import APPLY, SUMS, TABLE
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.encode import EraseConceptConfig

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Closing, Driver, Site, Verb


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
        return erase_vectors(driver, self.concept, encodes)

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
        axis: Columns = {"axis": (stage.config.axis,) if stage else ()}
        named = (stage.config.groups or None) if stage else ()
        groups: Columns = {**axis, "group": named}
        return {
            "leace.covariance": axis,
            "leace.variance_taken": axis,
            "leace.recall_at_10": axis,
            "leace.probe_accuracy": groups,
            "leace.probe_gain": groups,
            "leace.neighbour_accuracy": groups,
            "leace.association": {**axis, "group": None if stage else ()},
        }

    warns = staticmethod(report.warns)
    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    paper = staticmethod(report.paper)
    story = staticmethod(story.story)
