"""Clusters of the vectors: a report, nothing is removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from isinglass.pipelines.stage import After, Closed, Closing, Driver, Stage
from isinglass.pipelines.stages.semantic import proof, report, story
from isinglass.pipelines.stages.semantic.drive import find_clusters
from isinglass.pipelines.stages.semantic.summary import summarise_clusters
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.encode import SemanticConfig


@dataclass(frozen=True)
class Semantic(Stage):
    """The `encode.semantic` section."""

    config: SemanticConfig

    name: ClassVar[str] = "semantic"
    needs: ClassVar[tuple[str, ...]] = ("encode",)
    place: ClassVar[int] = 80

    @classmethod
    def of(cls, config: RunConfig) -> Semantic | None:
        """On if there is such a section."""
        encode = config.encode
        return None if encode is None or not encode.semantic else cls(encode.semantic)

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Cluster the vectors, if there are some."""
        encodes = dict(driver.after["encode"].commits)
        if not encodes:
            return After()
        identity = (driver.config.seed, driver.code)
        tables, counts = find_clusters(
            driver.session, self.config, dict(cleans), encodes, identity
        )
        return After(tables, counts)

    def close(self, closing: Closing) -> Closed:
        """The lists of clusters, and what was seen in them."""
        counts = closing.driver.after[self.name].note
        if counts is None:
            return Closed()
        shards = list(closing.driver.plan.shards)
        summary, tables = summarise_clusters(
            closing.workspace, shards, counts, self.config
        )
        return Closed(manifest={"semantic": summary}, audit=tables, shown=tables)

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    story = staticmethod(story.story)
