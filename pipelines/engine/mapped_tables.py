"""Mapped tables: Arrow IPC files of a pass that later passes map into memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace import Workspace, map_arrow, write_arrow
from isinglass.schemas.commit import Commit
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

SURVEY = "survey"
RESOLVE = "resolve"
WORDS = ("doc_high", "doc_low")
"""Columns of survey and decisions: the id of a document."""


@dataclass(frozen=True)
class Extent:
    """Where a shard's documents stand in the order of all: first, and behind the last.

    `run` is the folder of the earlier run that it belongs to; empty for this run.
    """

    shard_id: str
    start: int
    stop: int
    run: str = ""

    @property
    def name(self) -> str:
        """File-name-safe, unique among the shards of all runs."""
        if not self.run:
            return self.shard_id
        return f"{hashlib.sha256(self.run.encode()).hexdigest()[:12]}.{self.shard_id}"

    def home(self, workspace: Workspace) -> Workspace:
        """The run folder that holds its survey; `workspace` for this run."""
        return Workspace(self.run) if self.run else workspace


def extents(shard_ids: Sequence[str], surveys: dict[str, Commit]) -> list[Extent]:
    """Extent of each shard, in the given order."""
    found, start = [], 0
    for shard_id in shard_ids:
        stop = start + surveys[shard_id].counts["documents"]
        found.append(Extent(shard_id, start, stop))
        start = stop
    return found


def write_mapped(
    outputs: UnitOutputs,
    path: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> int:
    """Write record batches as one Arrow file; returns the number of rows."""
    temporary = outputs.reserve(path)
    rows = write_arrow(temporary, schema, batches)
    outputs.adopt(temporary, path, rows)
    return rows


def read_mapped(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Map an Arrow file into memory and return some of its columns as a table."""
    table = map_arrow(path)
    return table if columns is None else table.select(list(columns))


def survey_path(workspace: Workspace, shard_id: str) -> Path:
    """Side table of one shard's survey."""
    return workspace.mapped(SURVEY, f"{shard_id}.arrow")


def read_survey(
    workspace: Workspace, places: Sequence[Extent], columns: Sequence[str]
) -> pa.Table:
    """Some survey columns of many shards, one after another."""
    tables = [
        read_mapped(survey_path(place.home(workspace), place.shard_id), columns)
        for place in places
    ]
    return pa.concat_tables(tables).combine_chunks()


def id_words(table: pa.Table, name: str = "doc") -> NDArray[np.uint64]:
    """Ids or hashes of documents, high and low (n, 2), in survey or decisions."""
    halves = [table[f"{name}_{half}"].to_numpy() for half in ("high", "low")]
    return np.stack(halves, axis=1)


def survey_ids(workspace: Workspace, places: Sequence[Extent]) -> pa.StringArray:
    """Names of all documents of some shards, in survey order."""
    return format_doc_ids(id_words(read_survey(workspace, places, WORDS)))


def check_same(
    pass_name: str, shard_id: str, ids: NDArray[np.uint64], decisions: pa.Table
) -> None:
    """Raise a `ReconcileError` if decisions are not on the documents of these ids."""
    if not np.array_equal(ids, id_words(decisions)):
        raise ReconcileError(
            f"Pass {pass_name}, shard {shard_id}: the documents read are not those "
            "that were surveyed. Did the input change? Run again."
        )


def decisions_path(workspace: Workspace, shard_id: str) -> Path:
    """Decisions on the documents of one shard, in survey order."""
    return workspace.mapped(RESOLVE, f"{shard_id}.arrow")


def decision_hashes(
    workspace: Workspace, resolved: Commit, shard_ids: Sequence[str]
) -> dict[str, str]:
    """SHA-256 of each shard's decisions, by shard_id."""
    hashes = {output.path: output.sha256 for output in resolved.outputs}
    return {
        shard_id: hashes[workspace.relative(decisions_path(workspace, shard_id))]
        for shard_id in shard_ids
    }
