"""How much of each kept document was cut, by the tables that a run writes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, exists, read_table
from isinglass.schemas.arrays import Floats
from isinglass.transforms.erase.spans import ERASED
from isinglass.transforms.pii.names import PERSON
from isinglass.transforms.read.identity import format_doc_ids

_KEEP = "keep"


class Cut(NamedTuple):
    """What took something out of texts.

    Attributes:
        stage: Its name.
        entity: The one kind of findings that it is about; empty for all.
    """

    stage: str
    entity: str = ""


NAMES = Cut("pii", PERSON)
"""Names of persons, which are told apart from other personal data as well."""


def cut_shares(workspace: Workspace, shard_ids: Sequence[str]) -> dict[Cut, Floats]:
    """Share of the characters of each document that each cut took, in survey order.

    They are float64 (n,), 0 for documents that were not kept. Only cuts that took
    something are listed.
    """
    by_shard = [dict(_shard(workspace, shard_id)) for shard_id in shard_ids]
    found = sorted({cut for shares in by_shard for cut in shares})
    sizes = [len(_surveyed(workspace, shard_id)) for shard_id in shard_ids]
    return {
        cut: np.concatenate(
            [
                shares.get(cut, np.zeros(size))
                for shares, size in zip(by_shard, sizes, strict=True)
            ]
        )
        for cut in found
    }


def _surveyed(workspace: Workspace, shard_id: str) -> pa.Table:
    columns = ["doc_high", "doc_low", "characters"]
    return read_mapped(survey_path(workspace, shard_id), columns)


def _shard(workspace: Workspace, shard_id: str) -> Iterator[tuple[Cut, Floats]]:
    survey = _surveyed(workspace, shard_id)
    doc_ids = format_doc_ids(id_words(survey))
    lengths = np.maximum(survey["characters"].to_numpy(), 1)
    for cut, spans in _spans(workspace, shard_id):
        if not len(spans):
            continue
        documents = pc.index_in(spans["doc_id"], value_set=doc_ids)
        taken = pc.subtract(spans["end"], spans["start"])
        # A forged table may name a document that never came.
        known = documents.is_valid()
        places = documents.filter(known).to_numpy()
        sums = np.bincount(places, taken.filter(known).to_numpy(), len(lengths))
        yield cut, np.minimum(sums / lengths, 1.0)


def _spans(workspace: Workspace, shard_id: str) -> Iterator[tuple[Cut, pa.Table]]:
    """Spans of source texts that are gone from the clean ones, by what took them."""
    path, columns = workspace.table("paragraphs", shard_id), ["doc_id", "start", "end"]
    if exists(path):
        listed = read_table(path, [*columns, "removed"])
        yield Cut("boilerplate"), listed.filter(listed["removed"])
    path = workspace.table("findings", shard_id)
    if not exists(path):
        return
    found = read_table(path, [*columns, "entity", "operator"])
    changed = found.filter(pc.not_equal(found["operator"], _KEEP))
    entities = pc.unique(changed["entity"]).to_pylist()
    stages = {entity: _stage_of(entity) for entity in entities}
    for stage in sorted(set(stages.values())):
        own = pa.array([name for name in entities if stages[name] == stage])
        yield Cut(stage), changed.filter(pc.is_in(changed["entity"], value_set=own))
    if PERSON in entities:
        yield NAMES, changed.filter(pc.equal(changed["entity"], PERSON))


def _stage_of(entity: str) -> str:
    """Kinds of a stage of somebody else's begin with its name."""
    if entity == ERASED:
        return "erase"
    return entity.partition(".")[0] if "." in entity else "pii"
