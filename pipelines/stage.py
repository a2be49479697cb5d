"""What a stage may do. What it is given and gives back is in `pipelines.seam`.

The corridor (`pipelines/run.py`) walks over the stages of a run and knows none of them.
A stage overrides the methods that it has something to say in; each of the others does
nothing. The order of the calls is the corridor's:

prepare, begin, survey (a batch at a time), decide (again while kept documents fail
their scan), guard, edit and record (a batch at a time), after, close. `section`,
`asks`, `warns`, `figure`, `deed`, `line`, `remarks`, `unsought`, `advice`, `paper`,
`written`, `prove`, `reader`, `rebuild`, `story`, `cases` and `beside` are asked of a
finished run, which may be another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa

from isinglass.pipelines.seam import BY_TEXT as BY_TEXT
from isinglass.pipelines.seam import HASHING as HASHING
from isinglass.pipelines.seam import OPEN as OPEN
from isinglass.pipelines.seam import After as After
from isinglass.pipelines.seam import Closed as Closed
from isinglass.pipelines.seam import Closing as Closing
from isinglass.pipelines.seam import Columns as Columns
from isinglass.pipelines.seam import Driver as Driver
from isinglass.pipelines.seam import Line as Line
from isinglass.pipelines.seam import Paper as Paper
from isinglass.pipelines.seam import Phase as Phase
from isinglass.pipelines.seam import Rebuilt as Rebuilt
from isinglass.pipelines.seam import Record as Record
from isinglass.pipelines.seam import Site as Site
from isinglass.pipelines.seam import Standing as Standing
from isinglass.pipelines.seam import Story as Story
from isinglass.pipelines.seam import Sum as Sum
from isinglass.pipelines.seam import Verb as Verb
from isinglass.pipelines.seam import Verdict as Verdict
from isinglass.pipelines.seam import Written as Written
from isinglass.pipelines.seam import no_drops as no_drops
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import GateConfig, Operator, RunConfig
from isinglass.schemas.manifest import Lexicon, Manifest, Model
from isinglass.schemas.statistic import Statistic

if TYPE_CHECKING:
    from rich.console import RenderableType

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.proof.source import Reader
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import KeyFigure, ReportData
    from isinglass.schemas.marks import Kind
    from isinglass.transforms.edits import Applied, Cuts, Edits, View
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.seen import Seen


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
        metrics: Statistics that gates may be about, besides those that
            `transforms.statistics.characteristics` lists; see `slices`, too.
        entities: Kinds of its findings about which always the same is done, with the
            operator that does it.
        spent: Patterns of files in `work/` that hold words of texts, and that nobody
            needs when a run is closed. A run that needs them again makes them again.
        verb: The verb that makes no sense without it; empty for none.
        reasons: Of a stage from outside: a sentence for each reason it drops for.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    edits: ClassVar[Literal["", "cut", "edit"]] = ""
    early: ClassVar[bool] = False
    place: ClassVar[int] = 90
    metrics: ClassVar[tuple[str, ...]] = ()
    verb: ClassVar[str] = ""
    entities: ClassVar[Mapping[str, Operator]] = {}
    spent: ClassVar[tuple[str, ...]] = ()
    reasons: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def of(cls, config: RunConfig) -> Self | None:
        """The stage as a configuration asks for it; None if it is off.

        Unless it says otherwise, a stage is made of the section of its name.
        """
        section = getattr(config, cls.name, None)
        return None if section is None else cls(section)  # type: ignore[call-arg]

    def prepare(self, site: Site) -> Self:
        """Read own files and models, and check them; nothing is written.

        Raises:
            RefuseError: Something must be changed first.
        """
        return self

    def resolved(self) -> Mapping[str, Any]:
        """Sections of the configuration that `prepare` changed (absolute paths)."""
        return {}

    @classmethod
    def publishable(cls, config: dict[str, Any]) -> dict[str, Any]:
        """The resolved configuration without what is not published with a run."""
        return config

    def identity(self, phase: Phase) -> Any:
        """JSON-able: what the results of a phase depend on besides the code.

        `run` is about the run as a whole, and takes in what `files` names.
        """

    def files(self) -> tuple[tuple[Model, ...], tuple[Lexicon, ...]]:
        """Models and data files that are used, for the manifest."""
        return (), ()

    def forecast(self, plan: Plan) -> Mapping[str, Any]:
        """What a dry run says of the stage, by name."""
        return {}

    def sample_says(self, driver: Driver) -> Sequence[str]:
        """What a dry run says of the stage after its passes over a sample, in lines."""
        del driver
        return ()

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Names of the passes over units that a phase makes, in their order."""
        return ()

    def scaled(self, share: float) -> Self:
        """The stage for a sample of so large a share of the documents.

        What is done for a fixed number of documents is done for that share of them,
        and what holds for a whole corpus alone is not asked of the sample.
        """
        del share
        return self

    def begin(self, driver: Driver) -> tuple[Commit, ...]:
        """Steps before the survey, whose outputs the survey depends on."""
        return ()

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Columns that `survey` or `record` add."""
        return ()

    def tables(self) -> Mapping[str, pa.Schema]:
        """Tables of its own, one file a shard, that `record` fills."""
        return {}

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Load models and tables, once a worker and phase."""

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """Columns of `fields("survey")` for a batch of documents, never text."""
        return {}

    def decide(self, driver: Driver, standing: Standing) -> Verdict | None:
        """Decide on all documents, from the survey; may run passes of its own."""

    def guard(self, driver: Driver) -> None:
        """Stop a run that writes texts before `data/` is written.

        Raises:
            GateError: Too much would be lost.
        """

    def ready(self, driver: Driver) -> Self:
        """The stage as the workers of the clean pass have it, after the survey."""
        return self

    def speed(self) -> float:
        """Bytes a CPU second, roughly, that it gets through in the clean pass."""
        return HASHING

    def cut(self, state: Any, view: View) -> Cuts:
        """What is taken out of a batch of texts before anything else reads them."""
        raise NotImplementedError

    def edit(self, state: Any, view: View) -> Edits:
        """What is changed in a batch of texts."""
        raise NotImplementedError

    def writer(self, state: Any) -> Write | None:
        """What writes its edits, if to find them takes a model.

        What was found is kept then, and not found again where a run was stopped: the
        rest of its edits must not depend on the batch but by `Edits.to_batch`.
        """

    def wants_texts(self, doc_ids: pa.StringArray) -> bool:
        """Whether an audit must read the documents of a shard again for `record`."""
        return True

    def record(self, state: Any, applied: Applied, note: Any) -> Record:
        """Write down more about kept documents; their clean texts are known here.

        `state` is from `open`, `note` of its `cut`, if it cuts.
        """
        return Record()

    def withhold(self, state: Any, doc_ids: pa.StringArray) -> np.ndarray | None:
        """Bool (n,): quarantined records of which nothing must be kept."""

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Passes over the finished tables."""
        return After()

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        """Sums that must hold in a shard, by the counts of its clean pass."""
        return []

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Rows that each table of its own must have, by the counts of its unit."""
        return {}

    def close(self, closing: Closing) -> Closed:
        """Add up what passes counted, for statistics, manifest, gates and report."""
        return Closed()

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report, from manifest, statistics and `shown`."""

    @classmethod
    def figure(cls, manifest: Manifest) -> KeyFigure | None:
        """Its number at the head of the report."""

    @classmethod
    def deed(cls, manifest: Manifest) -> str:
        """What the head of the report says that a run did besides cleaning."""
        return ""

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        """Its part of the lines that a command prints when it is done.

        One that begins with a small letter goes on the line before it.
        """
        return ""

    @classmethod
    def remarks(cls, manifest: Manifest) -> Sequence[str]:
        """What the head of the report says is left, or could not be measured."""
        return ()

    @classmethod
    def unsought(cls, manifest: Manifest) -> Sequence[str]:
        """What the head of the report says that nobody looked for."""
        return ()

    @classmethod
    def advice(cls, manifest: Manifest) -> Sequence[str]:
        """What a reader should do next, the most urgent first; RUN is the folder."""
        return ()

    @classmethod
    def paper(cls, data: ReportData) -> Paper:
        """What the papers of a release say of it; nothing is `shown` to it."""
        del data
        return Paper()

    @classmethod
    def asks(cls, config: RunConfig) -> Sequence[GateConfig]:
        """Gates that its section stands for; besides those of `gates`."""
        return ()

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """Columns that its statistics have, by metric, and what can stand in them.

        Gates about others are refused before the first pass. Of a metric that is left
        out nothing is known.
        """
        return {}

    @classmethod
    def warns(
        cls, config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
    ) -> list[str]:
        """What a reader must know before trusting the run, in plain words.

        `told` are values of the manifest, by key.
        """
        return []

    @classmethod
    def written(cls, run: FinishedRun) -> Written:
        """Files that a finished run must hold because of the stage."""
        return Written()

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Checks of a finished run: its files against each other.

        Several stages may say something under one name; see `proof.check.merged`.
        """
        return []

    @classmethod
    def reader(cls, run: FinishedRun) -> Reader | None:
        """What looks at the inputs too, if there is something to compare with them."""

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans of source texts that it changed, by doc_id; to make texts again."""
        return {}

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """What it tells of one record, by its row of the ledger and the `shard` of it.

        `full` asks to leave nothing out of what is shown on a terminal.
        """

    @classmethod
    def cases(cls, run: RunFolder, kind: Kind) -> Iterable[pa.Table]:
        """Places that a person can judge; `pipelines.review.units` tells their form.

        All of the kind that the stage is the cause of, whatever was asked for.
        """
        return ()

    @classmethod
    def beside(
        cls, run: RunFolder, reason: str, texts: tuple[str, str]
    ) -> RenderableType | None:
        """A text that it dropped, next to the one kept instead; for a terminal."""
