"""Verbatim repeats: how much of the text stands in the corpus more than once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from isinglass.pipelines.stage import (
    After,
    Closed,
    Closing,
    Columns,
    Driver,
    Stage,
    Verb,
)
from isinglass.pipelines.stages.repeats import report
from isinglass.pipelines.stages.repeats.count import measure_repeats
from isinglass.pipelines.stages.repeats.measure import (
    COUNTS,
    SAMPLE,
    repeat_statistics,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig, RunConfig
from isinglass.transforms.repeats.windows import KINDS


@dataclass(frozen=True)
class Repeats(Stage):
    """The `dedup.repeats` section; `dedup` around it says how texts are normalised."""

    dedup: DedupConfig

    name: ClassVar[str] = "repeats"
    needs: ClassVar[tuple[str, ...]] = ("dedup",)
    place: ClassVar[int] = 31

    @classmethod
    def of(cls, config: RunConfig) -> Repeats | None:
        """On if there is such a section."""
        dedup = config.dedup
        return None if dedup is None or dedup.repeats is None else cls(dedup)

    def passes(self, verb: Verb, phase: Literal["decide", "after"]) -> Sequence[str]:
        """A sample is read, and all documents are searched for its windows."""
        del verb
        return (SAMPLE, COUNTS) if phase == "after" else ()

    def scaled(self, share: float) -> Repeats:
        """Fewer documents are sampled."""
        assert self.dedup.repeats is not None
        documents = max(1, round(self.dedup.repeats.documents * share))
        fewer = self.dedup.repeats.model_copy(update={"documents": documents})
        return Repeats(self.dedup.model_copy(update={"repeats": fewer}))

    def after(self, driver: Driver, cleans: Mapping[str, Commit]) -> After:
        """Search all documents for the windows of a sample."""
        del cleans
        measure_repeats(driver, self.dedup)
        return After()

    def close(self, closing: Closing) -> Closed:
        """Shares of repeated characters before and after cleaning."""
        return Closed(statistics=repeat_statistics(closing.workspace))

    @classmethod
    def slices(cls, config: RunConfig) -> Mapping[str, Columns]:
        """Kinds of repeats."""
        del config
        return {
            "repeats.share": {"source": None, "position": KINDS},
            "repeats.sampled": {"source": None},
        }

    section = staticmethod(report.section)
    unsought = staticmethod(report.unsought)
