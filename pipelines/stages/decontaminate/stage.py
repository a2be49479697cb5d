"""Documents that hold a text of an evaluation set: dropped, or flagged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from isinglass.pipelines.stage import Closed, Stage, Verdict, no_drops
from isinglass.pipelines.stages.decontaminate import proof, report, story
from isinglass.pipelines.stages.decontaminate.sets import (
    DECONTAMINATE,
    EvaluationSets,
    decontamination_summary,
    open_index,
    read_sets,
    store_index,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DecontaminateConfig, NormaliseConfig
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.decontaminate.items import ItemIndex, find_items

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Closing, Driver, Phase, Site, Standing
    from isinglass.transforms.seen import Seen

ITEM, SHARE = "evaluation_item", "evaluation_share"


@dataclass(frozen=True)
class Decontaminate(Stage):
    """The `decontaminate` section, and the evaluation items."""

    config: DecontaminateConfig
    sets: EvaluationSets | None = None

    name: ClassVar[str] = "decontaminate"
    place: ClassVar[int] = 40
    spent: ClassVar[tuple[str, ...]] = (f"{DECONTAMINATE}/vocabulary.*",)

    def prepare(self, site: Site) -> Decontaminate:
        """Read the evaluation sets."""
        return replace(self, sets=read_sets(self.config, site.base))

    def __getstate__(self) -> dict[str, Any]:
        """Workers map the index; the items themselves stay with the driver."""
        return {"config": self.config, "sets": None}

    def identity(self, phase: Phase) -> Any:
        """Files and settings of the search."""
        return self.sets and self.sets.identity if phase == "run" else None

    def begin(self, driver: Driver) -> tuple[Commit, ...]:
        """Index the items."""
        assert self.sets is not None
        return (store_index(driver.session, self.sets, driver.code),)

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        """Number of the item that a document holds, -1 for none, and its share."""
        if table == "data":
            return ()
        return (
            pa.field(ITEM, pa.int32(), nullable=False),
            pa.field(SHARE, pa.float64(), nullable=False),
        )

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> Any:
        """Map the index into memory."""
        return open_index(workspace) if phase == "survey" else None

    def survey(self, state: ItemIndex, seen: Seen) -> Mapping[str, pa.Array]:
        """Look for the items."""
        found = find_items(seen.normalised(NormaliseConfig()), state)
        return {ITEM: pa.array(found.item), SHARE: pa.array(found.share)}

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """Name the item in every document; those that hold one may go."""
        assert self.sets is not None
        drops = no_drops(len(standing.open))
        if not driver.places:
            return Verdict(drops)
        survey = driver.survey(ITEM, SHARE)
        number, share = (survey[name].to_numpy() for name in (ITEM, SHARE))
        held = number >= 0
        if self.config.action == "drop":
            drops[held] = 0
        names = pa.array(self.sets.names, pa.string())
        rules = pa.array([self.sets.rule], pa.string())
        return Verdict(
            drops,
            (DropReason.CONTAMINATED.value,),
            evidence={
                "rule": rules.take(pa.array(np.zeros(len(held), np.int8), mask=~held)),
                "similarity": pa.array(share, mask=~held),
            },
            facts={ITEM: names.take(pa.array(number, mask=~held))},
        )

    def close(self, closing: Closing) -> Closed:
        """Which sets were looked for, and what was found."""
        assert self.sets is not None
        found = closing.driver.survey(ITEM)[ITEM].to_numpy()
        summary = decontamination_summary(self.sets, found)
        return Closed(manifest={"decontamination": summary})

    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
    advice = staticmethod(report.advice)
    paper = staticmethod(report.paper)
    cases = staticmethod(story.cases)
    story = staticmethod(story.story)
