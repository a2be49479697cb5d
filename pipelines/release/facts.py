"""What papers tell: numbers of a run, and what a person said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import (
    PUBLISHED,
    read_table,
    table_memory,
    table_schema,
)
from isinglass.pipelines.release.registry import (
    Item,
    missing,
    period,
    registry,
    still_open,
)
from isinglass.pipelines.report.model import ReportData, Slices, read_slices
from isinglass.pipelines.report.text import THIN_SPACE, visible
from isinglass.pipelines.report.verdict import in_order, summary_lines
from isinglass.pipelines.statistics import INPUT, OUTPUT
from isinglass.schemas.config.release import ReleaseConfig, SourceFacts
from isinglass.schemas.reasons import REASON_TEXT
from isinglass.schemas.tables import DATA, DRAWN, METADATA_COLUMNS

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.pipelines.seam import Paper
    from isinglass.schemas.commit import OutputFile
    from isinglass.schemas.manifest import Manifest

STATISTICS = "audit/statistics.parquet"
UNKNOWN = "und"
MOST = 50
"""Sources, or questions, that a paper for people lists."""

LEAST_SHARE = 0.01
"""Share of documents from which on a card names a language."""


@dataclass(frozen=True)
class Counted:
    """Documents, characters and words that are published, of all or of a part."""

    documents: int
    characters: int
    words: int


@dataclass(frozen=True)
class Source:
    """One source of documents: what was counted, and what is declared of it."""

    name: str
    came: Counted
    stayed: Counted
    said: SourceFacts
    where: str

    @property
    def period(self) -> str:
        """From when to when it was collected; empty unless both are declared."""
        return period(self.said.collected_from, self.said.collected_to)

    def answer(self, key: str) -> str:
        """What is declared of it, or that nobody said."""
        return getattr(self.said, key) or missing(f"{self.where}.{key}")


@dataclass(frozen=True)
class Facts:
    """Everything that papers are made of; equal runs and words give equal papers."""

    manifest: Manifest
    settings: ReleaseConfig
    statistics: Slices
    papers: Sequence[Paper]
    done: Sequence[str]
    columns: pa.Schema
    memory: int

    @cached_property
    def said(self) -> Mapping[str, Item]:
        """What a person has to say, by path."""
        return registry(self.settings, self.names)

    @property
    def open(self) -> list[Item]:
        """What nobody has said yet."""
        return still_open(self.said.values())

    @property
    def title(self) -> str:
        """Name for people."""
        return self.settings.title or self.manifest.name

    @property
    def created(self) -> str:
        """Day on which the run was closed."""
        return self.manifest.created[:10]

    @property
    def published(self) -> str:
        """Day of publication."""
        return self.settings.published or self.created

    @cached_property
    def whole(self) -> Counted:
        """All that is published."""
        return Counted(*(int(self.statistics.total(m, OUTPUT) or 0) for m in _COUNTS))

    @property
    def tokens(self) -> int | None:
        """Tokens of all documents, if a stage counted them."""
        counted = [paper.tokens for paper in self.papers if paper.tokens is not None]
        return sum(counted) if counted else None

    @property
    def data(self) -> list[OutputFile]:
        """Files of `data/`."""
        return [one for one in self.files if one.path.startswith("data/")]

    @property
    def files(self) -> list[OutputFile]:
        """Tables that are handed on."""
        return [one for one in self.manifest.outputs if is_published(one.path)]

    @property
    def contents(self) -> list[tuple[str, int, int, int]]:
        """Files, rows and bytes of each folder that is handed on."""
        names = [file.path.partition("/")[0] for file in self.files]
        parts = {
            name: [f for f in self.files if f.path.startswith(f"{name}/")]
            for name in dict.fromkeys(names)
        }
        return [
            (name, len(some), sum(f.rows for f in some), sum(f.bytes for f in some))
            for name, some in parts.items()
        ]

    @property
    def tables(self) -> list[str]:
        """Folders of tables that are handed on whole."""
        return [
            name
            for name in PUBLISHED
            if any(one.path.startswith(f"{name}/") for one in self.files)
        ]

    @property
    def carried(self) -> list[str]:
        """Columns that came with the input and that nobody searched."""
        return [name for name in self.columns.names if name not in _MADE]

    @cached_property
    def steps(self) -> list[str]:
        """What was done to the documents, a sentence each."""
        return [*self.done, *self.each("done")]

    @cached_property
    def names(self) -> list[str]:
        """Sources, most words first."""
        came = self.statistics.by("documents", INPUT, "source")
        words = self.statistics.by("words", OUTPUT, "source")
        return sorted(came, key=lambda name: (-words.get(name, 0), name))

    @cached_property
    def sources(self) -> list[Source]:
        """Each source, as in `names`."""
        return [self._source(name) for name in self.names]

    @cached_property
    def languages(self) -> dict[str, Counted]:
        """What is published of each language, most documents first."""
        found = self._by("language", OUTPUT)
        order = sorted(found, key=lambda name: (-found[name].documents, name))
        return {name: found[name] for name in order if found[name].documents}

    @property
    def named_languages(self) -> list[str]:
        """Languages of at least one document in a hundred."""
        least = LEAST_SHARE * self.whole.documents
        found = self.languages.items()
        return [k for k, n in found if k != UNKNOWN and n.documents >= least]

    @property
    def may_be_crawled(self) -> bool:
        """Whether a source is declared to be of web pages, or nothing of it is."""
        return any(one.said.kind in (None, "crawled") for one in self.sources)

    @property
    def others(self) -> Counted:
        """What is published of the sources beyond `MOST`."""
        rest = [one.stayed for one in self.sources[MOST:]]
        counted = [(one.documents, one.characters, one.words) for one in rest]
        return Counted(
            *(sum(column) for column in zip((0, 0, 0), *counted, strict=True))
        )

    def each(self, part: str) -> list[str]:
        """What all stages say: `done`, `personal`, `biases` or `limits`."""
        return [_plain(x) for paper in self.papers for x in getattr(paper, part)]

    @property
    def limits(self) -> list[str]:
        """What was not done or is known to be wrong, and what a reader is warned of."""
        return [*self.each("limits"), *map(_plain, self.manifest.warnings)]

    @cached_property
    def _came(self) -> dict[str, Counted]:
        return self._by("source", INPUT)

    @cached_property
    def _stayed(self) -> dict[str, Counted]:
        return self._by("source", OUTPUT)

    def _by(self, column: str, when: str) -> dict[str, Counted]:
        sums = [self.statistics.by(metric, when, column) for metric in _COUNTS]
        return {
            name: Counted(*(int(one.get(name, 0)) for one in sums)) for name in sums[0]
        }

    def _source(self, name: str) -> Source:
        nothing = Counted(0, 0, 0)
        return Source(
            name=name,
            came=self._came.get(name, nothing),
            stayed=self._stayed.get(name, nothing),
            said=self.settings.sources.get(name, SourceFacts()),
            where=f"release.sources.{name}",
        )


_MADE = {*DATA.names, *DRAWN} - {*METADATA_COLUMNS} | {"language"}
_GROUPS = re.compile(rf"(?<=\d){THIN_SPACE}(?=\d)")
_COUNTS = ("documents", "characters", "words")


def _plain(line: str) -> str:
    """Digits grouped by commas, as elsewhere in the papers."""
    return _GROUPS.sub(",", line).replace(THIN_SPACE, " ")


def is_published(path: str) -> bool:
    """Whether a file of a run is handed on."""
    return path.partition("/")[0] in PUBLISHED or path == STATISTICS


def gather(run: FinishedRun, settings: ReleaseConfig) -> Facts:
    """Read what papers are made of; files are as the manifest has them."""
    tables = run.paths("data")
    footers = table_schema(tables[0]), sum(table_memory(path) for path in tables)
    statistics = read_table(run.folder / STATISTICS)
    return make_facts(run.manifest, statistics, settings, footers)


def make_facts(
    manifest: Manifest,
    table: pa.Table,
    settings: ReleaseConfig,
    footers: tuple[pa.Schema, int],
) -> Facts:
    """Facts from what was read; `footers` tell of columns and bytes of `data/`."""
    statistics = read_slices(table)
    data = ReportData(manifest, statistics)
    columns, memory = footers
    return Facts(
        manifest=manifest,
        settings=settings,
        statistics=statistics,
        papers=[stage.paper(data) for stage in in_order(())],
        done=[
            *_removed(manifest),
            *summary_lines(manifest)[1:],
            *_outside(manifest),
        ],
        columns=columns,
        memory=memory,
    )


def _outside(manifest: Manifest) -> list[str]:
    """A sentence for each stage of somebody else's; its code is not asked."""
    return [
        f"A stage from outside acted as well: {visible(name)} ({visible(stage.use)}), "
        f"which {'changes texts' if stage.edits else 'leaves texts as they are'}."
        for name, stage in sorted(manifest.stages.items())
    ]


def _removed(manifest: Manifest) -> list[str]:
    """A sentence for each reason that records were left out for."""
    told = {
        k: v for stage in manifest.stages.values() for k, v in stage.reasons.items()
    }
    told |= REASON_TEXT
    records = manifest.records
    return [
        f"{count:,} records {how} ({visible(reason)}): {visible(told.get(reason, ''))}"
        for how, reasons in (
            ("dropped", records.dropped),
            ("set aside", records.quarantined),
        )
        for reason, count in sorted(reasons.items())
        if count
    ]
