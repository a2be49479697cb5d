"""Erasure on request: listed documents go, and listed places in others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from isinglass.pipelines.stage import Closed, Stage, Verdict, no_drops
from isinglass.pipelines.stages.erase import proof, report
from isinglass.pipelines.stages.erase.listed import (
    AUDIT_NAME,
    Erasure,
    erased_documents,
    erasure_summary,
    open_eraser,
    read_erasure,
    store_erasure,
)
from isinglass.pipelines.stages.pii.key import find_key
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.erase.spans import ERASED, OPERATOR, erasing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pyarrow as pa

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import (
        Closing,
        Driver,
        Phase,
        Site,
        Standing,
    )
    from isinglass.schemas.config import EraseConfig, RunConfig
    from isinglass.schemas.config.pii import Operator
    from isinglass.transforms.edits import Edits, View
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.erase.spans import Eraser

    State = tuple[Eraser, Write]


@dataclass(frozen=True)
class Erase(Stage):
    """The `erase` section.

    Attributes:
        config: The section.
        erasure: The list that it names.
        key: Secret key of value keys.
    """

    config: EraseConfig
    erasure: Erasure | None = None
    key: bytes = field(default=b"", repr=False)

    name: ClassVar[str] = "erase"
    needs: ClassVar[tuple[str, ...]] = ("pii",)
    edits: ClassVar[Literal["", "cut", "edit"]] = "edit"
    early: ClassVar[bool] = True
    entities: ClassVar[Mapping[str, Operator]] = {ERASED: OPERATOR}
    place: ClassVar[int] = 51

    @classmethod
    def of(cls, config: RunConfig) -> Erase | None:
        """On if there is such a section."""
        return None if config.erase is None else cls(config.erase)

    def prepare(self, site: Site) -> Erase:
        """Read the list."""
        erasure = read_erasure(self.config, site.base)
        key = find_key(site.workspace, site.config.pii)
        return replace(self, erasure=erasure, key=key)

    def identity(self, phase: Phase) -> Any:
        """The bytes of the list."""
        return self.erasure and self.erasure.sha256 if phase == "run" else None

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """Listed documents go, whatever else is said of them."""
        assert self.erasure is not None
        stored = store_erasure(driver, self.erasure)
        drops = no_drops(len(standing.open))
        drops[erased_documents(driver.workspace)] = 0
        return Verdict(drops, (DropReason.ERASED.value,), leaves=(stored,))

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> State:
        """Map the list into memory."""
        del phase
        return open_eraser(workspace), erasing(self.key)

    def edit(self, state: State, view: View) -> Edits:
        """Listed places go without a trace."""
        eraser, write = state
        return eraser.edits(view, write)

    def withhold(self, state: State, doc_ids: pa.StringArray) -> np.ndarray:
        """What is listed is not kept in quarantine either."""
        return state[0].listed(doc_ids)

    def close(self, closing: Closing) -> Closed:
        """The list is sealed with the run."""
        assert self.erasure is not None
        counts = dict(closing.counts)
        return Closed(
            manifest={"erasure": erasure_summary(self.erasure, counts)},
            audit={AUDIT_NAME: self.erasure.with_metadata()},
        )

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)
