"""Deduplication: one document stays for each, and the ledger names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.stage import Closed, Record, Stage
from isinglass.pipelines.stages.dedup import proof, report, story
from isinglass.pipelines.stages.dedup.match import MATCH
from isinglass.pipelines.stages.dedup.near import VERIFY, compare_pairs, match_documents
from isinglass.pipelines.stages.dedup.parts import parts
from isinglass.pipelines.stages.dedup.rank import (
    EarlierRun,
    all_places,
    load_identified,
    open_earlier,
    rank_documents,
)
from isinglass.pipelines.stages.dedup.removals import (
    check_evidence,
    dedup_summary,
    near_removals,
    removals,
    stop_if_too_many,
)
from isinglass.pipelines.stages.dedup.resolve import Documents, resolve
from isinglass.pipelines.stages.dedup.shingles import SHINGLE
from isinglass.schemas.config import (
    DedupConfig,
    GateConfig,
    MaxRemovedConfig,
    RunConfig,
)
from isinglass.schemas.errors import OutputError
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.dedup.planted import plant_edits, sampled, share_sampled
from isinglass.transforms.dedup.recall import (
    few_copies,
    is_measured,
    recall_gates,
    recall_statistics,
)
from isinglass.transforms.dedup.removals import removal_gates, removal_warnings
from isinglass.transforms.dedup.survey import near_columns, near_fields

if TYPE_CHECKING:
    from isinglass.pipelines.stage import (
        Closing,
        Driver,
        Phase,
        Site,
        Standing,
        Verb,
        Verdict,
    )
    from isinglass.transforms.edits import Applied
    from isinglass.transforms.seen import Seen


_NOT_OF_PAIRS = {"against", "canaries", "exact", "max_removed", "paragraphs", "repeats"}
"""Settings by which no two documents are compared."""


@dataclass(frozen=True)
class Dedup(Stage):
    """The `dedup` section; what `earlier` runs kept is not kept again.

    A `sampled` share of the kept documents get edited copies, to measure recall.
    """

    config: DedupConfig
    earlier: tuple[EarlierRun, ...] = ()
    sampled: float = 0.0

    name: ClassVar[str] = "dedup"
    place: ClassVar[int] = 30

    def prepare(self, site: Site) -> Dedup:
        """Open the earlier runs."""
        earlier = open_earlier(self.config, site.base)
        if any(run.workspace.path == site.workspace.path for run in earlier):
            raise OutputError(
                "dedup.against names the output folder itself; choose another output."
            )
        return replace(self, earlier=earlier)

    def identity(self, phase: Phase) -> Any:
        """Earlier runs are a part of the run; hashes follow from a few settings."""
        if phase == "run":
            return [[run.run_id, run.seal] for run in self.earlier]
        if phase == "clean" and self.sampled:
            return [self.config.model_dump(exclude=_NOT_OF_PAIRS), self.sampled]
        if phase == "survey" and self.config.fuzzy:
            names = {"ngram", "bands", "rows", "seed", "normalise"}
            contains = self.config.containment is not None
            return [self.config.model_dump(include=names), contains]
        return None

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Near-duplicates are matched, read again and compared."""
        del verb
        near = phase == "decide" and self.config.fuzzy
        return (MATCH, SHINGLE, VERIFY) if near else ()

    def scaled(self, share: float) -> Dedup:
        """A sample may lose any share."""
        del share
        anything = {"max_removed": MaxRemovedConfig()}
        return replace(self, config=self.config.model_copy(update=anything))

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """What near-duplicates are found by."""
        return near_fields(self.config) if table == "survey" else ()

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Band hashes, and fingerprints for containment."""
        del state
        return near_columns(seen.normalised(self.config.normalise), self.config)

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """Rank, match, compare and resolve; earlier runs rank first."""
        dedup, earlier = self.config, self.earlier
        ranked = rank_documents(driver, dedup, standing.present, earlier)
        compared = None
        if dedup.fuzzy:
            pairs = match_documents(driver, dedup, earlier, ranked)
            compared = pairs, compare_pairs(driver, dedup, earlier, pairs)
        places = all_places(driver, earlier)
        documents = Documents.read(driver.workspace, places, earlier, dedup)
        return resolve(load_identified(driver.workspace), compared, documents, dedup)

    def ready(self, driver: Driver) -> Dedup:
        """How many documents are sampled depends on how many there are."""
        return replace(self, sampled=share_sampled(self.config, driver.documents))

    def wants_texts(self, doc_ids: pa.StringArray) -> bool:
        """Where documents are sampled, to measure recall."""
        return bool(sampled(doc_ids, self.sampled, self.config).any())

    def record(self, state: Any, applied: Applied, note: Any) -> Record:
        """Make edited copies of some documents; count those that would be removed."""
        del state, note
        view = applied.view
        texts, doc_ids = view.source_texts, view.doc_ids
        counts = plant_edits(texts, doc_ids, self.sampled, self.config)
        return Record(partials=counts)

    def guard(self, driver: Driver) -> None:
        """Stop before more is removed than `max_removed` allows."""
        stop_if_too_many(driver.workspace, driver.places, self.config)

    def close(self, closing: Closing) -> Closed:
        """Removed shares, recall, and the proof that each removal has its evidence."""
        driver = closing.driver
        check_evidence(driver.workspace, driver.shard_ids, self.earlier)
        statistics = removals(driver.workspace, driver.places)
        if is_measured(self.config):
            statistics += recall_statistics(closing.partials, self.config)
        assert closing.verdict is not None
        shards = [(shard.shard_id, shard.source) for shard in driver.plan.shards]
        summary = dedup_summary(
            self.config, self.earlier, closing.counts, closing.verdict.counts
        )
        return Closed(
            statistics=statistics,
            manifest={"dedup": summary},
            shown=near_removals(driver.workspace, shards),
        )

    @classmethod
    def asks(cls, config: RunConfig) -> Sequence[GateConfig]:
        """Those that `dedup.max_removed` stands for, and those of recall."""
        return (*removal_gates(config.dedup), *recall_gates(config.dedup))

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """What looks like a template taken for a text, or a source given twice."""
        del told
        return [*removal_warnings(statistics), *few_copies(config.dedup, statistics)]

    slices = staticmethod(parts)

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    reader = staticmethod(proof.reader)
    section = staticmethod(report.section)
    line = staticmethod(report.line)
    advice = staticmethod(report.advice)
    cases = staticmethod(story.cases)
    beside = staticmethod(story.beside)
    story = staticmethod(story.story)
