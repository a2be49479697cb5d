"""Clusters of the vectors: a report, nothing is removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import Session, run_pass, run_step
from isinglass.pipelines.engine.units import Each, Unit
from isinglass.pipelines.stage import After, Closed, Closing, Driver, Stage, Verb
from isinglass.pipelines.stages.semantic import proof, report, story
from isinglass.pipelines.stages.semantic.neighbours import (
    NEIGHBOURS,
    RECALL,
    Comparison,
    compare_bucket,
    count_missed,
)
from isinglass.pipelines.stages.semantic.summary import (
    TABLE,
    WORDS_SUFFIX,
    summarise_clusters,
    write_shard,
)
from isinglass.pipelines.stages.semantic.vectors import (
    ASSIGN,
    FIT,
    assign_shard,
    fit_clusters,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.encode import SemanticConfig

SPEED = 1e8
"""Bytes of vectors a CPU second, roughly."""


def find_clusters(
    driver: Driver,
    config: SemanticConfig,
    cleans: Mapping[str, Commit],
    encodes: Mapping[str, Commit],
) -> After:
    """Cluster the vectors of a run, and compare documents inside of clusters.

    `cleans` and `encodes` are commits of these passes by shard. The note is counts of
    the fit and of the recall.
    """
    session, seed, code = driver.session, driver.config.seed, driver.code
    shards = tuple(encodes)
    vectors = {
        shard: next(o for o in commit.outputs if o.path.startswith("embeddings/"))
        for shard, commit in encodes.items()
    }
    told: Any = [[o.sha256 for o in vectors.values()], config.model_dump(), seed, code]
    make = partial(fit_clusters, shard_ids=shards, config=config, seed=seed)
    fitted = run_step(session, FIT, told, make)
    clusters, buckets = fitted.counts["clusters"], fitted.counts["buckets"]

    told = [_hashes([fitted]), buckets, code]
    units = [
        Unit(shard, shard, digest([output.sha256, *told]), output.bytes)
        for shard, output in vectors.items()
    ]
    assign = Each(ASSIGN, partial(assign_shard, buckets=buckets))
    assigns = run_pass(session, assign, units, speed=SPEED)

    comparison = Comparison(shards, clusters, buckets, config, seed)
    given = [*assigns.values(), fitted]
    found, recall = _compare(session, comparison, given, code)

    told = [_hashes(found), config.terms, code]
    units = [
        Unit(shard, shard, digest([_hashes([assigns[shard], cleans[shard]]), *told]))
        for shard in shards
    ]
    write = Each(TABLE, partial(write_shard, buckets=buckets, terms=config.terms))
    tables = run_pass(session, write, units, speed=SPEED)
    return After(tables, fitted.counts | recall.counts)


def _compare(
    session: Session, comparison: Comparison, given: list[Commit], code: str
) -> tuple[list[Commit], Commit]:
    """Commits of the comparison inside of clusters, and of its recall."""
    config, buckets = comparison.config, comparison.buckets
    settings = [comparison.clusters, buckets, config.duplicates, config.largest]
    told = [_hashes(given), settings, comparison.seed, code]
    units = [
        Unit(f"{bucket:05d}", str(bucket), digest(told)) for bucket in range(buckets)
    ]
    compare = Each(NEIGHBOURS, partial(compare_bucket, comparison=comparison))
    found = list(run_pass(session, compare, units, speed=SPEED).values())
    measure = partial(count_missed, comparison=comparison)
    return found, run_step(session, RECALL, [_hashes(found), told], measure)


def _hashes(commits: Iterable[Commit]) -> list[str]:
    return [output.sha256 for commit in commits for output in commit.outputs]


@dataclass(frozen=True)
class Semantic(Stage):
    """The `encode.semantic` section."""

    config: SemanticConfig

    name: ClassVar[str] = "semantic"
    needs: ClassVar[tuple[str, ...]] = ("encode",)
    place: ClassVar[int] = 80
    spent: ClassVar[tuple[str, ...]] = (f"{TABLE}/*{WORDS_SUFFIX}",)

    @classmethod
    def of(cls, config: RunConfig) -> Semantic | None:
        """On if there is such a section."""
        encode = config.encode
        return None if encode is None or not encode.semantic else cls(encode.semantic)

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Documents are put into clusters, compared there, and listed."""
        if phase != "after" or verb not in {"run", "encode"}:
            return ()
        return (ASSIGN, NEIGHBOURS, TABLE)

    def scaled(self, share: float) -> Semantic:
        """Clusters are fitted on fewer documents."""
        sample = max(1, round(self.config.sample * share))
        fewer = {"sample": sample, "clusters": None}
        return Semantic(self.config.model_copy(update=fewer))

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Cluster the vectors, if there are some."""
        encodes = driver.after["encode"].commits
        if not encodes:
            return After()
        return find_clusters(driver, self.config, cleans, encodes)

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
