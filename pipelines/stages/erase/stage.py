"""Erasure on request: listed documents go, and listed places in others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    id_words,
    read_mapped,
    write_mapped,
)
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stage import Closed, Stage, Verdict, no_drops
from isinglass.pipelines.stages.erase import proof, report
from isinglass.pipelines.stages.erase.listed import AUDIT_NAME, Erasure, read_erasure
from isinglass.pipelines.stages.pii.key import find_key
from isinglass.schemas.config import EraseConfig
from isinglass.schemas.config.pii import Operator
from isinglass.schemas.manifest import ErasureSummary
from isinglass.schemas.reasons import DropReason
from isinglass.schemas.tables import ERASURE
from isinglass.transforms.erase.spans import ERASED, OPERATOR, Eraser, erasing
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Closing, Driver, Phase, Site, Standing
    from isinglass.transforms.edits import Edits, View
    from isinglass.transforms.edits.edits import Write

    State = tuple[Eraser, Write]

DOCUMENTS_FILE = "erase/documents.npy"
"""Indices of the documents that go as a whole, relative to `work/`."""

_LIST_FILE = "list.arrow"


@dataclass(frozen=True)
class Erase(Stage):
    """The `erase` section."""

    config: EraseConfig
    erasure: Erasure | None = None
    key: bytes = field(default=b"", repr=False)

    name: ClassVar[str] = "erase"
    needs: ClassVar[tuple[str, ...]] = ("pii",)
    edits: ClassVar[Literal["", "cut", "edit"]] = "edit"
    early: ClassVar[bool] = True
    entities: ClassVar[Mapping[str, Operator]] = {ERASED: OPERATOR}
    place: ClassVar[int] = 51

    def prepare(self, site: Site) -> Erase:
        """Read the list."""
        return replace(self, erasure=read_erasure(self.config.list, site.base))

    def ready(self, driver: Driver) -> Erase:
        """The key of the run, which the `pii` stage has found and stored by now."""
        return replace(self, key=find_key(driver.workspace, driver.config.pii))

    def identity(self, phase: Phase) -> Any:
        """The bytes of the list."""
        return self.erasure and self.erasure.sha256 if phase == "run" else None

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        """Listed documents go, whatever else is said of them."""
        assert self.erasure is not None
        inputs = outputs_digest_input(list(driver.surveys.values()))
        identity = [self.erasure.sha256, inputs, driver.code]
        store = partial(_store, driver, self.erasure.table)
        stored = run_step(driver.session, self.name, identity, store)
        drops = no_drops(len(standing.open))
        drops[read_array(driver.workspace.work / DOCUMENTS_FILE)] = 0
        return Verdict(drops, (DropReason.ERASED.value,), leaves=(stored,))

    def open(self, phase: Literal["survey", "clean"], workspace: Workspace) -> State:
        """Map the list into memory."""
        del phase
        table = read_mapped(workspace.mapped(self.name, _LIST_FILE))
        return Eraser(table), erasing(self.key)

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
        told = ErasureSummary(
            documents=closing.counts.get(f"dropped.{DropReason.ERASED.value}", 0),
            spans=closing.counts.get(f"finding.{ERASED}.found", 0),
            listed=self.erasure.table.num_rows,
            requests=list(self.erasure.requests),
        )
        audit = {AUDIT_NAME: self.erasure.with_metadata()}
        return Closed(manifest={"erasure": told}, audit=audit)

    written = staticmethod(proof.written)
    prove = staticmethod(proof.prove)
    section = staticmethod(report.section)


def _store(driver: Driver, table: pa.Table, outputs: UnitOutputs) -> dict[str, int]:
    """Write indices of the documents that go as a whole, and the list."""
    goes = pc.unique(table.filter(table["document"])["doc_id"])
    doc_ids = format_doc_ids(id_words(driver.survey(*WORDS)))
    listed = pc.is_in(doc_ids, value_set=goes)
    found = np.flatnonzero(listed.to_numpy(zero_copy_only=False)).astype(np.int64)
    workspace = driver.workspace
    outputs.write_array(workspace.work / DOCUMENTS_FILE, found)
    path = workspace.mapped(Erase.name, _LIST_FILE)
    write_mapped(outputs, path, ERASURE, table.to_batches())
    return {"records_in": driver.documents, "documents": len(found)}
