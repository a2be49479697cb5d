"""Paragraphs that many documents of a source share: listed, or cut out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stage import Closed, Record, Stage, Verdict, no_drops
from isinglass.pipelines.stages.boilerplate import proof, report, story
from isinglass.pipelines.stages.boilerplate.count import (
    COUNTED,
    FIRST_RANK,
    ONLY_BOILERPLATE_FILE,
    count_boilerplate,
    load_boilerplate,
)
from isinglass.pipelines.stages.boilerplate.listing import (
    NAME,
    boilerplate_list,
    paragraph_list,
)
from isinglass.pipelines.stages.dedup.rank import rank_documents
from isinglass.schemas.config import DedupConfig, ParagraphsConfig, RunConfig
from isinglass.schemas.reasons import DropReason
from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import Trimmed, boilerplate_cuts
from isinglass.transforms.boilerplate.paragraphs import paragraph_keys

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Closing, Driver, Phase, Standing, Verb
    from isinglass.transforms.boilerplate.boilerplate import Boilerplate as Frequent
    from isinglass.transforms.edits import Applied, Cuts, View
    from isinglass.transforms.seen import Seen


@dataclass(frozen=True)
class Boilerplate(Stage):
    """The `dedup.paragraphs` section.

    `dedup` around it says how texts are normalised and who stays of equal ones.
    """

    dedup: DedupConfig
    config: ParagraphsConfig

    name: ClassVar[str] = "boilerplate"
    needs: ClassVar[tuple[str, ...]] = ("dedup",)
    edits: ClassVar[Literal["", "cut", "edit"]] = "cut"
    early: ClassVar[bool] = True
    place: ClassVar[int] = 32

    @classmethod
    def of(cls, config: RunConfig) -> Boilerplate | None:
        """On if there is such a section."""
        dedup = config.dedup
        if dedup is None or dedup.paragraphs is None:
            return None
        return cls(dedup, dedup.paragraphs)

    def identity(self, phase: Phase) -> Any:
        """What a paragraph is; and what becomes of those that many share."""
        if phase == "survey":
            names = {"split", "min_characters"}
            split = self.config.model_dump(include=names)
            return [split, self.dedup.normalise.model_dump()]
        if phase == "clean":
            return self.dedup.model_dump(include={"paragraphs", "normalise"})
        return None

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """Paragraphs are counted."""
        del verb
        return (COUNTED,) if phase == "decide" else ()

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Distinct keys of a document's paragraphs, and whether all of them count."""
        if table == "data":
            return ()
        return (
            pa.field("paragraphs", pa.large_list(pa.uint64())),
            pa.field("only_long", pa.bool_(), nullable=False),
        )

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        """What boilerplate is counted by."""
        del state
        normalise = self.dedup.normalise
        found = paragraph_keys(seen.texts, seen.sources, normalise, self.config)
        keys, offsets = found.distinct()
        lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(keys))
        return {"paragraphs": lists, "only_long": pa.array(found.only_long)}

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """Count paragraphs; documents of which nothing would be left go."""
        ranked = rank_documents(driver, self.dedup, standing.admitted, name=FIRST_RANK)
        upstream = [ranked, *driver.surveys.values()]
        places, session = list(driver.places), driver.session
        found = count_boilerplate(session, places, self.config, upstream, driver.code)
        drops = no_drops(len(standing.open))
        drops[read_array(driver.workspace.work / ONLY_BOILERPLATE_FILE)] = 0
        rule = f"paragraphs in over {self.config.max_documents} documents"
        rules = pa.array([rule], pa.string()).take(pa.array(drops, mask=drops < 0))
        reasons = (DropReason.ONLY_BOILERPLATE.value,)
        return Verdict(drops, reasons, evidence={"rule": rules}, leaves=(found,))

    def tables(self) -> Mapping[str, pa.Schema]:
        """Where boilerplate is in kept documents."""
        return {"paragraphs": PARAGRAPHS}

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """One row for each place."""
        return {"paragraphs": counts.get("paragraphs_found", 0)}

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Map the boilerplate into memory."""
        if phase == "survey":
            return None
        return load_boilerplate(workspace)

    def cut(self, state: Frequent, view: View) -> Cuts:
        """Find boilerplate, and hand it over if it is to go."""
        return boilerplate_cuts(view, self.dedup, state)

    def record(self, state: Frequent, applied: Applied, note: Trimmed) -> Record:
        """List where boilerplate was in kept documents."""
        del state
        rows = note.table(applied.view.doc_ids, applied.alive)
        return Record(
            tables={"paragraphs": rows}, counts={"paragraphs_found": rows.num_rows}
        )

    def close(self, closing: Closing) -> Closed:
        """The list of boilerplate."""
        workspace, counts = closing.workspace, dict(closing.counts)
        boilerplate = load_boilerplate(workspace)
        shard_ids = closing.driver.shard_ids
        listed = paragraph_list(workspace, shard_ids, boilerplate, self.config)
        return Closed(audit={NAME: listed}, shown=boilerplate_list(listed, counts))

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    rebuild = staticmethod(proof.rebuild)
    reader = staticmethod(proof.reader)
    section = staticmethod(report.section)
    unsought = staticmethod(report.unsought)
    cases = staticmethod(story.cases)
