"""Boilerplate: the spans of `paragraphs/`, their list, and the texts they were in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import read_table
from isinglass.pipelines.proof.check import CONSERVATION, SOURCE, conclude
from isinglass.pipelines.stage import Rebuilt, Written
from isinglass.pipelines.stages.boilerplate.listing import NAME, first_places
from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.tables import PARAGRAPH_LIST, PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import cut_paragraphs
from isinglass.transforms.boilerplate.paragraphs import ParagraphKeys, paragraph_keys
from isinglass.transforms.labels import safe_labels

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_COLUMNS = ["doc_id", "start", "end", "paragraph", "removed"]
_ROW = np.int64(32)


def written(run: FinishedRun) -> Written:
    """The spans of each shard, and the list of the paragraphs."""
    dedup = run.config.dedup
    if dedup is None or dedup.paragraphs is None:
        return Written()
    return Written(
        {
            "paragraphs/{shard}.parquet": PARAGRAPHS,
            f"audit/{NAME}.parquet": PARAGRAPH_LIST,
        }
    )


def prove(run: FinishedRun) -> list[Check]:
    """The characters that were cut; the list of paragraphs, if they were looked for."""
    dedup = run.config.dedup
    asked = dedup is not None and dedup.paragraphs is not None
    return [check_cut(run), *([check_paragraphs(run)] if asked else [])]


def check_cut(run: FinishedRun) -> Check:
    """The manifest counts the code points of the spans that were removed."""
    own, told = 0, run.manifest.characters.cut
    for _, table in run.each("paragraphs", ["start", "end", "removed"]):
        removed = table.filter(table["removed"])
        own += pc.sum(pc.subtract(removed["end"], removed["start"])).as_py() or 0
    # Somebody else's stage may cut texts too.
    if own > told or (own < told and not run.foreign):
        fault = "paragraphs/ and manifest count different characters cut"
        return conclude(CONSERVATION, [fault], "")
    return conclude(CONSERVATION, [], "")


def rebuild(run: FinishedRun, shard_id: str) -> dict[str, list[Rebuilt]]:
    """The spans that were cut out of the texts of a shard, by doc_id."""
    spans: dict[str, list[Rebuilt]] = {}
    told = run.read("paragraphs", shard_id, ["doc_id", "start", "end", "removed"])
    if told is not None:
        rows = told.filter(told["removed"]).to_pydict()
        for doc_id, start, end in zip(
            rows["doc_id"], rows["start"], rows["end"], strict=True
        ):
            cut = Rebuilt(start, end, None, None, None)
            spans.setdefault(doc_id, []).append(cut)
    return spans


def check_paragraphs(run: FinishedRun) -> Check:
    """The list is what the spans and the settings make of it.

    Every paragraph is in more documents than allowed, in no fewer than in the kept
    ones alone, and is shown by its first place; every span is of a listed paragraph
    and in a kept document.
    """
    dedup = run.config.dedup
    assert dedup is not None
    assert dedup.paragraphs is not None
    config = dedup.paragraphs
    listed = read_table(run.folder / "audit" / f"{NAME}.parquet")
    many, documents = listed.num_rows, listed["documents"].to_numpy()
    faults = []
    if listed["paragraph"].to_pylist() != list(range(many)):
        faults.append("the list of paragraphs is not numbered from 0")
    if (documents <= config.max_documents).any() or (np.diff(documents) > 0).any():
        faults.append("a listed paragraph is in too few documents, or out of order")
    seen, holders = 0, np.zeros(many, np.int64)
    parts = []
    for shard, table in run.each("paragraphs", _COLUMNS):
        seen += table.num_rows
        parts.append(table)
        if not _are_kept(run, shard, table["doc_id"]):
            faults.append(f"paragraphs/{shard} names a document that is not kept")
        flags = pa.chunked_array([*table["removed"].chunks, *listed["removed"].chunks])
        if not pc.all(pc.equal(flags, config.remove), min_count=0).as_py():
            faults.append(f"paragraphs/{shard} is not removed as the config says")
        numbers = table["paragraph"].to_numpy()
        if ((numbers < 0) | (numbers >= many)).any():
            faults.append(f"paragraphs/{shard} names a paragraph that is not listed")
            continue
        pairs = table.group_by(["doc_id", "paragraph"]).aggregate([])
        holders += np.bincount(pairs["paragraph"].to_numpy(), minlength=many)
    if (holders > documents).any():
        faults.append("a paragraph is listed with fewer documents than hold it")
    faults += _check_examples(listed, parts)
    return conclude("paragraphs", faults, f"{seen:,} spans of {many:,} paragraphs")


def _are_kept(run: FinishedRun, shard: str, doc_ids: pa.ChunkedArray) -> bool:
    ledger = run.read("ledger", shard, ["doc_id", "outcome"])
    assert ledger is not None
    kept = ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"]
    known = pc.is_in(doc_ids, value_set=kept)
    return bool(pc.all(known, min_count=0).as_py())


def _check_examples(listed: pa.Table, parts: list[pa.Table]) -> list[str]:
    first = first_places(parts)
    example = first.take(pc.index_in(listed["paragraph"], first["paragraph"]))
    same = all(
        example[own].combine_chunks().equals(listed[name].combine_chunks())
        for own, name in (
            ("doc_id", "example_doc_id"),
            ("start", "example_start"),
            ("end", "example_end"),
        )
    )
    lengths = pc.subtract(listed["example_end"], listed["example_start"])
    same = same and lengths.equals(listed["characters"])
    return [] if same else ["a listed paragraph is not shown by its first place"]


def reader(run: FinishedRun) -> ParagraphReader | None:
    """For a run that looked for boilerplate and wrote texts; None for any other."""
    dedup = run.config.dedup
    if dedup is None or dedup.paragraphs is None or not run.paths("data"):
        return None
    listed = read_table(run.folder / "audit" / f"{NAME}.parquet")
    return ParagraphReader(run, dedup.paragraphs, dedup.normalise, listed)


@dataclass
class ParagraphReader:
    """Compares the spans of `paragraphs/` with the inputs, shard after shard.

    What is listed or was cut is whole paragraphs, and all of those that are equal.
    """

    run: FinishedRun
    config: ParagraphsConfig
    normalise: NormaliseConfig
    listed: pa.Table
    _marked: list[np.ndarray] = field(default_factory=list)
    _others: list[np.ndarray] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)

    def see(self, shard_id: str, batches: Sequence[DocumentBatch]) -> None:
        """Find the paragraphs of the kept documents of a shard again."""
        spans = self.run.read("paragraphs", shard_id)
        data = self.run.read("data", shard_id, ["doc_id"])
        if spans is None or data is None:
            return
        kept = data["doc_id"].combine_chunks()
        for batch in batches:
            ids = batch.documents.column("doc_id")
            documents = batch.documents.filter(pc.is_in(ids, value_set=kept))
            if not self._fit(documents, spans):
                fault = (
                    f"paragraphs/{shard_id} holds what is no paragraph of its source"
                )
                self._faults.append(fault)

    def _fit(self, documents: pa.RecordBatch, spans: pa.Table) -> bool:
        """Whether the spans of some kept documents are those of whole paragraphs."""
        labels = safe_labels(documents.column("source"))
        found = paragraph_keys(
            documents.column("text"), labels, self.normalise, self.config
        )
        row = pc.index_in(spans["doc_id"], value_set=documents.column("doc_id"))
        spans = spans.append_column("row", row).filter(pc.is_valid(row))
        spans = spans.sort_by([(name, "ascending") for name in ("row", "start", "end")])
        names = ("row", "start", "end", "paragraph")
        rows, starts, ends, numbers = (spans[n].to_numpy().astype(int) for n in names)
        marked = _inside(found, rows, starts, ends)
        own = found.rows[marked], found.starts[marked], found.ends[marked]
        if self.config.remove:
            cuts = cut_paragraphs(found.all, found.places[marked])
            own = cuts.rows, cuts.starts, cuts.ends
        if not all(map(np.array_equal, own, (rows, starts, ends))):
            return False
        keys = found.keys[marked]
        self._marked.append(np.stack([numbers.astype(np.uint64), keys]))
        self._others.append(np.unique(found.keys[~marked]))
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= len(self.listed)):
            return False
        told = self.listed["source"].take(pa.array(numbers))
        sources = labels.take(pa.array(rows))
        same = pc.equal(pc.fill_null(told, ""), pc.fill_null(sources, ""))
        return bool(pc.all(same, min_count=0).as_py())

    def conclude(self, missing: str) -> list[Check]:
        """A part of the comparison with the inputs: numbers match paragraphs, too."""
        if missing:
            return []
        nothing = np.empty((2, 0), np.uint64)
        pairs = np.unique(np.concatenate([nothing, *self._marked], axis=1), axis=1)
        numbers, keys = pairs
        faults = self._faults
        if len(np.unique(numbers)) != len(numbers) or len(np.unique(keys)) != len(keys):
            faults.append("a paragraph number stands for different paragraphs")
        others = np.concatenate([np.empty(0, np.uint64), *self._others])
        if np.isin(keys, others).any():
            faults.append("a boilerplate paragraph was passed over in some document")
        return [conclude(SOURCE, faults, "")]


def _inside(
    found: ParagraphKeys, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Which paragraphs lie in a span; spans are sorted by row and start."""
    if len(rows) == 0:
        return np.zeros(len(found.keys), np.bool_)
    places = (found.rows << _ROW) + found.starts
    index = np.searchsorted((rows << _ROW) + starts, places, side="right") - 1
    within = (rows[index] == found.rows) & (found.ends <= ends[index])
    return np.asarray((index >= 0) & within)
