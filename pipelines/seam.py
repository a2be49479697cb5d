"""What the corridor and the rooms hand each other; see `pipelines.stage`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.mapped_tables import Extent, read_survey
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.fold import words_by_source

if TYPE_CHECKING:
    from rich.console import RenderableType

    from isinglass.pipelines.engine.passes import Session
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.plan import Plan

Phase = Literal["run", "survey", "decide", "clean"]
Verb = Literal["run", "clean", "audit", "encode"]

HASHING = 1e8
"""Bytes a CPU second, roughly, of work that reads every byte once or twice."""

OPEN = -1
"""In `Verdict.drops`: the stage says nothing against the document."""


@dataclass(frozen=True)
class Site:
    """What is known before anything is read; paths start from `base`."""

    config: RunConfig
    verb: Verb
    base: Path
    workspace: Workspace


@dataclass(frozen=True)
class Driver:
    """What a stage has at hand between passes.

    Attributes:
        session: Runs passes and steps; see `engine.passes`.
        code: Fingerprint of the code; a part of every unit's fingerprint.
        surveys: Commit of each shard's survey, by shard; empty before it.
        places: Where each shard stands in the order of all documents; likewise.
        resolved: Commit of the decisions; None before them.
        after: What the stages before this one returned from `after`, by stage.
    """

    session: Session
    plan: Plan
    config: RunConfig
    verb: Verb
    code: str
    surveys: Mapping[str, Commit] = field(default_factory=dict)
    places: tuple[Extent, ...] = ()
    resolved: Commit | None = None
    after: Mapping[str, After] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The run folder."""
        return self.session.workspace

    @property
    def shard_ids(self) -> list[str]:
        """All shards, in order."""
        return [shard.shard_id for shard in self.plan.shards]

    @property
    def documents(self) -> int:
        """Documents of this run, once they are surveyed."""
        return self.places[-1].stop if self.places else 0

    def survey(self, *columns: str) -> pa.Table:
        """Some columns of the survey, one row a document of this run."""
        names = list(columns)
        if not self.places:
            return pa.table({name: [] for name in names})
        return read_survey(self.workspace, self.places, names)

    @property
    def writes_text(self) -> bool:
        """Whether there will be a `data/`."""
        return self.verb != "audit"


@dataclass(frozen=True)
class Standing:
    """What is decided so far, one entry a document in the order of the survey.

    Attributes:
        open: bool (n,): nobody dropped the document yet. Verdicts on others are not
            heard.
        closed: bool (n,): it stays, but its scan is known to fail: no other document
            may be dropped for it. A part of `open`.
        admitted: bool (n,): it has a text, and an id that no other text uses.
    """

    open: np.ndarray
    closed: np.ndarray
    admitted: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """Documents that may stand for others."""
        return np.asarray(self.open & ~self.closed)


@dataclass(frozen=True)
class Verdict:
    """What a stage decides, one entry a document in the order of the survey.

    Attributes:
        drops: int8 (n,), index into `reasons`, `OPEN` where there is none.
        reasons: Of `schemas.reasons`, or with the prefix of the stage.
        evidence: Columns of the decisions (`rule`, `similarity`, ...) that hold for
            documents which this stage drops, and for those which nobody drops.
        facts: Columns that hold for every document (`compared_by`, `weight`, ...).
        counts: Sums for `close`.
        leaves: Commits of steps whose files the clean pass reads.
    """

    drops: np.ndarray
    reasons: tuple[str, ...] = ()
    evidence: Mapping[str, pa.Array] = field(default_factory=dict)
    facts: Mapping[str, pa.Array] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    leaves: tuple[Commit, ...] = ()


def no_drops(documents: int) -> np.ndarray:
    """`Verdict.drops` of a stage that drops nothing."""
    return np.full(documents, OPEN, np.int8)


@dataclass(frozen=True)
class Record:
    """What a stage writes down about the kept documents of a batch.

    Attributes:
        columns: Further columns of `data/`, one entry a kept document; those that
            `fields("data")` names.
        tables: Rows of tables of its own; those that `tables` names.
        counts: Integers that add up over batches and shards.
        partials: Lists of integers that add up likewise, by a key; for `close`.
    """

    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    tables: Mapping[str, pa.RecordBatch] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=Counter)
    partials: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class After:
    """What passes over the finished tables left.

    Attributes:
        commits: Of units that wrote tables of the run, by shard.
        note: Whatever the stage wants to find again in `close`.
    """

    commits: Mapping[str, Commit] = field(default_factory=dict)
    note: Any = None


@dataclass(frozen=True)
class Closing:
    """What a stage closes its part of a run with.

    Attributes:
        counts: Counts of the clean pass, summed over all shards.
        cleans: Commit of each shard's clean pass.
        verdict: What the stage decided; None if it decided nothing.
        partials: Its partials, summed.
        texts: Statistics of the texts before and after.
    """

    driver: Driver
    counts: Mapping[str, int]
    cleans: Mapping[str, Commit]
    verdict: Verdict | None
    partials: Mapping[str, list[int]]
    texts: Sequence[Statistic]

    @property
    def workspace(self) -> Workspace:
        """The run folder."""
        return self.driver.workspace

    @property
    def words(self) -> Mapping[str | None, float]:
        """Words of the kept documents by source; of all of them under None."""
        return words_by_source(self.texts, "output")


@dataclass(frozen=True)
class Closed:
    """What becomes of a stage in manifest, statistics and report.

    Attributes:
        statistics: Rows of `audit/statistics.parquet`.
        manifest: Values of the manifest, by key.
        audit: Further tables, by the name that they get under `audit/`.
        shown: What its section of the report needs besides.
    """

    statistics: Sequence[Statistic] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, pa.Table] = field(default_factory=dict)
    shown: Any = None


class Sum(NamedTuple):
    """A sum that must hold in every shard."""

    what: str
    left: int
    right: int


class Rebuilt(NamedTuple):
    """A span of the source text that was changed, as the tables of a run tell of it.

    Attributes:
        start: First code point in the source text.
        end: One past the last.
        clean_start: First code point of what took its place; None for a cut.
        clean_end: One past the last.
        output: Makes of the value what must stand there; None if that is not known.
    """

    start: int
    end: int
    clean_start: int | None
    clean_end: int | None
    output: Callable[[str], str] | None


Columns = Mapping[str, Collection[str] | None]
"""What can stand in columns of a statistic; None: only the data tell."""

BY_TEXT: Columns = {"source": None, "language": None}

Line = tuple[str, str]
"""Name and value of a line for a terminal."""


@dataclass(frozen=True)
class Written:
    """What a finished run must hold because of a stage.

    Attributes:
        files: Schema of each file, by path; None for one that is no Parquet file.
            `{shard}` in a path stands for each of the shards.
        faults: Where manifest and configuration tell of different things.
    """

    files: Mapping[str, pa.Schema | None] = field(default_factory=dict)
    faults: Sequence[str] = ()


@dataclass(frozen=True)
class Paper:
    """What a stage says in the papers of a release, in sentences of plain text.

    Attributes:
        done: What it did besides leaving documents out, which is counted already.
        personal: What was done about personal data.
        biases: Who is in the texts, as far as that was measured.
        limits: What was not done, or is known to be wrong.
        privacy: JSON-able, for `privacy.json`.
        tokens: Tokens of the documents that are published; None: not counted.
    """

    done: Sequence[str] = ()
    personal: Sequence[str] = ()
    biases: Sequence[str] = ()
    limits: Sequence[str] = ()
    privacy: Mapping[str, Any] = field(default_factory=dict)
    tokens: int | None = None


@dataclass(frozen=True)
class Story:
    """What a stage tells of one record.

    Attributes:
        facts: JSON-able, by key of the explanation; a mapping goes into the one that
            is there already.
        lines: Name and value of each line for a terminal; a line that goes on has no
            name.
        others: Lines about other documents, which come last.
        notes: What could not be told, and why.
        texts: What stands below all lines; never anything that a terminal obeys.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    others: Sequence[Line] = ()
    notes: Sequence[str] = ()
    texts: Sequence[RenderableType] = ()
