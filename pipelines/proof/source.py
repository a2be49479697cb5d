"""The clean texts and the ledger against the inputs, read once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import config_digest
from isinglass.pipelines.proof.check import SOURCE, Check, conclude
from isinglass.pipelines.read_again import read_note
from isinglass.pipelines.stage import Rebuilt
from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.tables import DATA, DRAWN, METADATA_COLUMNS
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun, Stages

_PLACE = ["doc_id", "path", "row", "chars_in"]
_SPAN = ["doc_id", "entity", "start", "end", "clean_start", "clean_end"]
_DETECTED = "language"
"""The one metadata column that a run may fill in itself."""

_Spans = dict[str, list[Rebuilt]]


class Reader(Protocol):
    """Sees the inputs of a run, which are read once for all who want to see them."""

    def see(self, shard_id: str, batches: Sequence[DocumentBatch]) -> None:
        """Look at all records of a shard."""

    def conclude(self, missing: str) -> list[Check]:
        """What came of it; `missing` is why inputs were not read, else empty."""


def check_source(run: FinishedRun, stages: Stages) -> list[Check]:
    """Whatever needs the inputs as they were; without them it says why.

    What was not meant to change equals the input, to the character: the text outside
    of the spans that stages changed, the metadata of each document, and the place of
    each record. Stages may look at the inputs too.
    """
    done = _without_inputs(run)
    readers: list[Reader] = [] if done else [_SourceReader(run, stages)]
    asked = (stage.reader(run) for stage in stages)
    readers += [reader for reader in asked if reader is not None]
    try:
        missing = _read(run, readers) if readers else ""
    except ReconcileError as error:
        return [*done, conclude(SOURCE, [str(error)], "")]
    return done + [check for one in readers for check in one.conclude(missing)]


def _without_inputs(run: FinishedRun) -> list[Check]:
    """What can be said of the texts without a look at the inputs."""
    if not run.paths("data"):
        return [Check(SOURCE, "skipped", "no text was written")]
    note = read_note(run.folder)
    if note and config_digest(note["config"]) != config_digest(run.manifest.config):
        fault = "work/run.json has another configuration than the manifest"
        return [conclude(SOURCE, [fault], "")]
    return []


def _read(run: FinishedRun, readers: list[Reader]) -> str:
    """Show all shards to all readers; why that is not possible."""
    if isinstance(run.plan, str):
        return run.plan
    for shard in run.plan.shards:
        batches = list(read_shard(shard, run.plan.layout))
        for reader in readers:
            reader.see(shard.shard_id, batches)
    return ""


@dataclass
class _SourceReader:
    """Makes the clean texts again from the inputs, shard after shard."""

    run: FinishedRun
    stages: Stages
    _shards: set[str] = field(default_factory=set)
    _faults: list[str] = field(default_factory=list)
    _texts: int = 0
    _taken: int = 0

    def see(self, shard_id: str, batches: Sequence[DocumentBatch]) -> None:
        """Compare a shard of `data/` and of the ledger with its records."""
        self._shards.add(shard_id)
        if shard_id not in self.run.shards():
            return
        data = self.run.read("data", shard_id)
        ledger = self.run.read("ledger", shard_id, _PLACE)
        assert data is not None
        assert ledger is not None
        ids = data["doc_id"].combine_chunks()
        documents = [batch.documents for batch in batches]
        kept = [d.filter(pc.is_in(d.column("doc_id"), ids)) for d in documents]
        self._compare(data, kept, self._spans(shard_id))
        metadata = [documents.drop_columns(["text", "row"]) for documents in kept]
        if sum(map(len, kept)) != data.num_rows:
            fault = f"data/{shard_id} holds documents that are not in the input"
            self._faults.append(fault)
        elif not _same_metadata(data, metadata, self.run.manifest.stages):
            fault = f"data/{shard_id}: metadata differ from those of the input"
            self._faults.append(fault)
        if not _same_places(batches, ledger):
            fault = f"ledger/{shard_id} does not have the records of the input"
            self._faults.append(fault)

    def _compare(
        self, data: pa.Table, kept: Sequence[pa.RecordBatch], spans: _Spans
    ) -> None:
        columns = [data[name].to_pylist() for name in ("doc_id", "text")]
        clean = dict(zip(*columns, strict=True))
        for documents in kept:
            ids = documents.column("doc_id").to_pylist()
            self._texts += len(ids)
            for doc_id, text in zip(ids, documents.column("text"), strict=True):
                own = spans.get(doc_id, [])
                self._taken += sum(
                    span.output is None and span.clean_start is not None for span in own
                )
                if not rebuilds(text.as_py(), clean[doc_id], own):
                    fault = f"{doc_id}: differs from its source outside findings"
                    self._faults.append(fault)

    def _spans(self, shard_id: str) -> _Spans:
        """Every changed span of a shard, by doc_id."""
        spans: _Spans = {}
        for stage in self.stages:
            for doc_id, own in stage.rebuild(self.run, shard_id).items():
                spans.setdefault(doc_id, []).extend(own)
        for doc_id, span in self._foreign(shard_id):
            own = spans.setdefault(doc_id, [])
            if span[:4] not in [other[:4] for other in own]:
                own.append(span)
        return spans

    def _foreign(self, shard_id: str) -> Iterator[tuple[str, Rebuilt]]:
        """Spans of stages from outside, whose code may not be at hand."""
        findings = self.run.read("findings", shard_id, _SPAN)
        if findings is None or not self.run.foreign:
            return
        for row in findings.to_pylist():
            if self.run.is_foreign(row["entity"]):
                yield row["doc_id"], rebuilt(row, None)

    def conclude(self, missing: str) -> list[Check]:
        """One check over all shards."""
        if missing:
            return [Check(SOURCE, "skipped", missing)]
        if self._shards != set(self.run.shards()):
            fault = "the shards are not those that the inputs make"
            self._faults.insert(0, fault)
        seen = f"{self._texts:,} texts equal their source but for findings"
        if self._taken:
            seen += f"; {self._taken:,} spans of other stages were not made again"
        return [conclude(SOURCE, self._faults, seen)]


def rebuilt(finding: dict[str, Any], output: Callable[[str], str] | None) -> Rebuilt:
    """A row of `findings/` as a changed span."""
    names = [name for name in Rebuilt._fields if name != "output"]
    return Rebuilt(output=output, **{name: finding[name] for name in names})


def _same_metadata(
    data: pa.Table, kept: list[pa.RecordBatch], outside: Iterable[str]
) -> bool:
    """Whether metadata and carried columns are those of the input.

    Columns of stages from outside are not of the input, nor what was drawn.
    """
    if not kept:
        return data.num_rows == 0
    source = pa.Table.from_batches(kept)
    given = pc.coalesce(source[_DETECTED], data[_DETECTED])
    if not given.equals(data[_DETECTED]):
        return False
    own = [name for name in METADATA_COLUMNS if name != _DETECTED]
    marks = tuple(f"{name}_" for name in outside)
    names = (n for n in data.schema.names[len(DATA) :] if n not in DRAWN)
    carried = [n for n in names if not n.startswith(marks)]
    return all(
        name in source.schema.names and data[name].equals(source[name])
        for name in ("doc_id", *own, *carried)
    )


def _same_places(batches: Sequence[DocumentBatch], ledger: pa.Table) -> bool:
    if not batches:
        return ledger.num_rows == 0
    places = []
    for batch in batches:
        lengths = pc.utf8_length(batch.documents.column("text")).cast(pa.int64())
        nothing = pa.nulls(batch.rejected.num_rows, pa.int64())
        for records, files, chars in (
            (batch.documents, batch.document_files, lengths),
            (batch.rejected, batch.rejected_files, nothing),
        ):
            paths = batch.paths(files)
            columns = [records.column("doc_id"), paths, records.column("row"), chars]
            places.append(pa.table(columns, names=_PLACE))
    order = [("doc_id", "ascending"), ("row", "ascending")]
    ours, theirs = pa.concat_tables(places).sort_by(order), ledger.sort_by(order)
    return all(ours[name].equals(theirs[name]) for name in _PLACE)


def rebuilds(source: str, clean: str, spans: Sequence[Rebuilt]) -> bool:
    """Whether the changes of `spans`, and no others, make `clean` of `source`.

    Where it is not known what a change makes of a value, the piece of the clean text
    at its offsets is taken as it is.
    """
    pieces: list[str] = []
    end = length = 0
    for span in sorted(spans, key=lambda span: span[:2]):
        if not end <= span.start <= span.end <= len(source):
            return False
        length += span.start - end
        pieces.append(source[end : span.start])
        end = span.end
        if span.clean_start is None:
            continue
        if span.output is None:
            pieces.append(clean[span.clean_start : span.clean_end])
        else:
            pieces.append(span.output(source[span.start : span.end]))
        start, length = length, length + len(pieces[-1])
        if (start, length) != (span.clean_start, span.clean_end):
            return False
    return "".join([*pieces, source[end:]]) == clean
