"""What a stage may do: the seam between the corridor and the rooms.

The corridor (`pipelines/run.py`) walks over the stages of a run and knows none of them.
A stage overrides the methods that it has something to say in; each of the others does
nothing. The order of the calls is the corridor's:

prepare, begin, survey (a batch at a time), decide (again while kept documents fail
their scan), guard, edit and record (a batch at a time), after, close. `section`,
`figure`, `deed`, `line`, `prove`, `rebuild` and `story` are asked of a finished run,
which may be another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from rich.console import RenderableType

    from isinglass.pipelines.engine.passes import Session
    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import KeyFigure, ReportData
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import GateConfig, RunConfig
    from isinglass.schemas.manifest import Lexicon, Manifest, Model
    from isinglass.schemas.statistic import Statistic
    from isinglass.transforms.edits import Applied, Cuts, Edits, View
    from isinglass.transforms.seen import Seen

Phase = Literal["run", "survey", "decide", "clean"]
Verb = Literal["run", "clean", "audit", "encode"]

OPEN = -1
"""In `Verdict.drops`: the stage says nothing against the document."""


@dataclass(frozen=True)
class Site:
    """What is known before anything is read or written.

    Attributes:
        config: The configuration.
        verb: What was asked for.
        base: Folder that relative paths of the configuration start from.
        workspace: The run folder, which may not exist yet.
    """

    config: RunConfig
    verb: Verb
    base: Path
    workspace: Workspace


@dataclass(frozen=True)
class Driver:
    """What a stage has at hand between passes.

    Attributes:
        session: Runs passes and steps; see `engine.passes`.
        plan: Shards, inputs and columns.
        config: The resolved configuration.
        verb: What was asked for.
        code: Fingerprint of the code; a part of every unit's fingerprint.
        surveys: Commit of each shard's survey, by shard; empty before it.
        places: Where each shard stands in the order of all documents; likewise.
        after: What the stages before this one returned from `after`, by stage.
    """

    session: Session
    plan: Plan
    config: RunConfig
    verb: Verb
    code: str
    surveys: Mapping[str, Commit] = field(default_factory=dict)
    places: tuple[Extent, ...] = ()
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
    """

    open: np.ndarray
    closed: np.ndarray

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
        driver: See there.
        counts: Counts of the clean pass, summed over all shards.
        cleans: Commit of each shard's clean pass.
        verdict: What the stage decided; None if it decided nothing.
        partials: Its partials, summed.
        words: Words of the kept documents.
    """

    driver: Driver
    counts: Mapping[str, int]
    cleans: Mapping[str, Commit]
    verdict: Verdict | None
    partials: Mapping[str, list[int]]
    words: float

    @property
    def workspace(self) -> Workspace:
        """The run folder."""
        return self.driver.workspace


@dataclass(frozen=True)
class Closed:
    """What becomes of a stage in manifest, statistics and report.

    Attributes:
        statistics: Rows of `audit/statistics.parquet`.
        manifest: Values of the manifest, by key.
        gates: Conditions that the run must meet besides those of the configuration.
        warnings: What a reader must know, in plain words.
        audit: Further tables, by the name that they get under `audit/`.
        shown: What its section of the report needs besides.
    """

    statistics: Sequence[Statistic] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    gates: Sequence[GateConfig] = ()
    warnings: Sequence[str] = ()
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


Line = tuple[str, str]
"""Name and value of a line for a terminal."""


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


class Stage:
    """One capability. Instances are small, immutable and picklable.

    Attributes:
        name: Of the room, the section of the configuration and what it leaves. Of a
            stage from outside also the prefix of its reasons, statistics and columns.
        needs: Rooms that this one imports.
        edits: Whether `cut` or `edit` is to be asked. Cuts come first: what is
            edited is the text without them.
        early: Its verdict is heard before texts are found empty or ids used twice,
            and of documents whose scan fails as well.
        place: Where its section stands in the report, ascending.
        off: What a reader must know of a run without this stage; empty for nothing.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    edits: ClassVar[Literal["", "cut", "edit"]] = ""
    early: ClassVar[bool] = False
    place: ClassVar[int] = 90
    off: ClassVar[str] = ""

    @classmethod
    def of(cls, config: RunConfig) -> Self | None:
        """The stage as a configuration asks for it; None if it is off."""
        del config
        return None

    def prepare(self, site: Site) -> Self:
        """Read own files and models, and check them; nothing is written.

        Raises:
            RefuseError: Something must be changed first.
        """
        del site
        return self

    def resolved(self) -> Mapping[str, Any]:
        """Sections of the configuration that `prepare` changed (absolute paths)."""
        return {}

    def identity(self, phase: Phase) -> Any:
        """JSON-able: what the results of a phase depend on besides the code.

        `run` is about the run as a whole, and takes in what `files` names.
        """
        del phase

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """Models and data files that are used, for the manifest."""
        return (), ()

    def forecast(self, plan: Plan) -> Mapping[str, Any]:
        """What a dry run says of the stage, by name."""
        del plan
        return {}

    def begin(self, driver: Driver) -> tuple[Commit, ...]:
        """Steps before the survey, whose outputs the survey depends on."""
        del driver
        return ()

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Columns that `survey` or `record` add."""
        del table
        return ()

    def tables(self) -> Mapping[str, pa.Schema]:
        """Tables of its own, one file a shard, that `record` fills."""
        return {}

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Load models and tables, once a worker and phase."""
        del phase, workspace

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Columns of `fields("survey")` for a batch of documents, never text."""
        del state, seen
        return {}

    def decide(self, driver: Driver, standing: Standing) -> Verdict | None:
        """Decide on all documents, from the survey; may run passes of its own."""
        del driver, standing
        return None

    def guard(self, driver: Driver) -> None:
        """Stop a run that writes texts before `data/` is written.

        Raises:
            GateError: Too much would be lost.
        """
        del driver

    def cut(self, state: Any, view: View) -> Cuts:
        """What is taken out of a batch of texts before anything else reads them."""
        raise NotImplementedError

    def edit(self, state: Any, view: View) -> Edits:
        """What is changed in a batch of texts."""
        raise NotImplementedError

    def record(self, state: Any, applied: Applied) -> Record:
        """Write down more about kept documents; their clean texts are known here."""
        del state, applied
        return Record()

    def withhold(self, state: Any, doc_ids: pa.StringArray) -> np.ndarray | None:
        """Bool (n,): quarantined records of which nothing must be kept."""
        del state, doc_ids
        return None

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Passes over the finished tables."""
        del driver, cleans
        return After()

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        """Sums that must hold in a shard, for its books.

        Args:
            shard_id: Which shard.
            counts: Of its clean pass.
            after: What the stage left there.
        """
        del shard_id, counts, after
        return []

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Rows that each table of its own must have, by the counts of its unit."""
        del counts
        return {}

    def close(self, closing: Closing) -> Closed:
        """Add up what passes counted, for statistics, manifest, gates and report."""
        del closing
        return Closed()

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report, from manifest, statistics and `shown`."""
        del data
        return None

    @classmethod
    def figure(cls, manifest: Manifest) -> KeyFigure | None:
        """Its number at the head of the report."""
        del manifest
        return None

    @classmethod
    def deed(cls, manifest: Manifest) -> str:
        """What the head of the report says that a run did besides cleaning."""
        del manifest
        return ""

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        """Its part of the lines that a command prints when it is done.

        One that begins with a small letter goes on the line before it.
        """
        del manifest
        return ""

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Checks of a finished run: its files against each other."""
        del run
        return []

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans of source texts that it changed, by doc_id; to make texts again."""
        del run, shard_id
        return {}

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """What it tells of one record, by its row of the ledger.

        Args:
            run: The run.
            row: The row, with the `shard` it is from.
            full: Whether to leave nothing out of what is shown on a terminal.
        """
        del run, row, full
        return None
