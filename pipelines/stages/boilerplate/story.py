"""Boilerplate for a person to judge: paragraphs, and texts that are nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace, list_files
from isinglass.pipelines.explain.folder import read_columns, whole_documents
from isinglass.pipelines.stages.boilerplate.count import KEYS, load_boilerplate
from isinglass.pipelines.stages.boilerplate.listing import NAME, first_places
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.boilerplate.boilerplate import (
    UNKNOWN,
    Boilerplate,
    list_parts,
)

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.schemas.marks import Kind

PARAGRAPH = "boilerplate_paragraph"
"""Label of a paragraph that was listed or cut; no reason of the ledger."""

_PLACE = ["doc_id", "start", "end", "paragraph"]


def cases(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """Paragraphs of kept documents, and documents of which nothing would be left."""
    config = (run.manifest["config"].get("dedup") or {}).get("paragraphs")
    if kind != "filter" or config is None:
        return
    most = config["max_documents"]
    try:
        boilerplate = load_boilerplate(Workspace(str(run.folder)))
    except OSError:
        boilerplate = Boilerplate(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    yield from _paragraphs(run, boilerplate, most)
    for path, ledger in run.each_ledger(["doc_id", "chars_in", "reason", "rule"]):
        mine = pc.equal(ledger["reason"], DropReason.ONLY_BOILERPLATE.value)
        some = ledger.filter(mine)
        keys = run.measured(path.stem, some["doc_id"], KEYS)
        fewest = _fewest(keys, boilerplate, some.num_rows)
        columns = whole_documents(some) | {"rule": some["rule"]}
        yield pa.table(columns | _evidence(fewest, most, some.num_rows))


def _evidence(documents: pa.Array, most: int, rows: int) -> dict[str, Any]:
    """How many documents hold a paragraph, beside the number that is too many."""
    above = pc.subtract(documents, most)
    return {
        "near": pc.cast(above, pa.float64()),
        "documents": documents,
        "threshold": pa.array([float(most)] * rows),
    }


def _paragraphs(
    run: RunFolder, boilerplate: Boilerplate, most: int
) -> Iterator[pa.Table]:
    """Each place of a paragraph; the first of all places of one is near, no other."""
    paths = list_files(run.folder / NAME, "[!.]*.parquet")
    first = first_places(read_columns(path, _PLACE) for path in paths)
    documents = pa.array(boilerplate.documents[boilerplate.order])
    known = pa.array(np.arange(len(documents), dtype=np.int32))
    for path in paths:
        some = read_columns(path, [*_PLACE, "removed"]).combine_chunks()
        number = some["paragraph"]
        own = first.take(pc.index_in(number, first["paragraph"]))
        columns = {
            **{name: some[name] for name in _PLACE},
            "label": pa.array([PARAGRAPH] * some.num_rows, pa.string()),
            "value": pc.cast(number, pa.string()),
            "removed": some["removed"],
        }
        held = documents.take(pc.index_in(number, known).combine_chunks())
        columns |= _evidence(held, most, some.num_rows)
        is_first = pc.and_(
            pc.equal(own["doc_id"], some["doc_id"]),
            pc.equal(own["start"], some["start"]),
        )
        columns["near"] = pc.if_else(is_first, pc.fill_null(columns["near"], 0.0), None)
        yield pa.table(columns)


def _fewest(keys: pa.Table, boilerplate: Boilerplate, rows: int) -> pa.Array:
    """Documents that hold the rarest paragraph of each document; null if not known."""
    if not keys.num_columns or not len(boilerplate.keys):
        return pa.nulls(rows, pa.int64())
    values, offsets = list_parts(keys[KEYS].combine_chunks())
    numbers = boilerplate.find(values)
    counts = boilerplate.documents[boilerplate.order][numbers]
    counts[numbers == UNKNOWN] = 0
    filled = np.diff(offsets) > 0
    fewest = np.zeros(rows, np.int64)
    if filled.any():
        fewest[filled] = np.minimum.reduceat(counts, offsets[:-1][filled])
    return pa.array(fewest, mask=~filled)
