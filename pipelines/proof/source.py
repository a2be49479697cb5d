"""The clean texts and the ledger against the inputs, read once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import config_digest
from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.proof.paragraphs import ParagraphProof
from isinglass.pipelines.sources import NO_NOTE, plan_again, read_note
from isinglass.pipelines.stages.pii.proof_spans import SPAN, by_document
from isinglass.schemas.tables import DATA, METADATA_COLUMNS
from isinglass.transforms.pii.operators.apply import operate
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.documents import DocumentBatch, Layout, Shard

NAME = "source texts"
_PLACE = ["doc_id", "path", "row", "chars_in"]
_DETECTED = "language"
"""The one metadata column that a run may fill in itself."""


def check_source(run: FinishedRun) -> Check:
    """What was not meant to change equals the input, to the character.

    That is the text outside of the findings and of the boilerplate that was cut, the
    metadata of each document, and the place of each record. What was cut is whole
    paragraphs, and all of those that are equal. Needs the inputs as they were; without
    them it is skipped, and says why.
    """
    if not run.paths("data"):
        return Check(NAME, "skipped", "no text was written")
    note = read_note(run.folder)
    if note is None:
        return Check(NAME, "skipped", NO_NOTE)
    if config_digest(note["config"]) != config_digest(run.manifest.config):
        fault = "work/run.json has another configuration than the manifest"
        return conclude(NAME, [fault], "")
    made = plan_again(run.folder, run.manifest)
    if isinstance(made, str):
        return Check(NAME, "skipped", made)
    faults, seen = [], 0
    paragraphs = ParagraphProof.of(run)
    if {shard.shard_id for shard in made.shards} != set(run.shards()):
        faults.append("the shards are not those that the inputs make")
    for shard in made.shards:
        if shard.shard_id in run.shards():
            found = _check_shard(run, shard, made.layout, paragraphs)
            seen += found[0]
            faults += found[1]
    faults += paragraphs.faults() if paragraphs is not None else []
    return conclude(NAME, faults, f"{seen:,} texts equal their source but for findings")


def _check_shard(
    run: FinishedRun,
    shard: Shard,
    layout: Layout,
    paragraphs: ParagraphProof | None,
) -> tuple[int, list[str]]:
    """Texts compared, and the faults of one shard."""
    name = shard.shard_id
    data = run.read("data", name)
    ledger = run.read("ledger", name, _PLACE)
    assert data is not None
    assert ledger is not None
    findings = run.read("findings", name, SPAN)
    spans = by_document(findings) if findings is not None else {}
    cuts, told = {}, run.read("paragraphs", name)
    if told is not None:
        cuts = by_document(told.filter(told["removed"]))
    columns = [data[c].to_pylist() for c in ("doc_id", "text")]
    clean = dict(zip(*columns, strict=True))
    faults, places, kept, seen = [], [], [], 0
    for batch in read_shard(shard, layout):
        places += [_documents_places(batch), _rejected_places(batch)]
        documents = batch.documents.filter(
            pc.is_in(batch.documents.column("doc_id"), value_set=_ids(clean))
        )
        kept.append(documents.drop_columns(["text", "row"]))
        if paragraphs is not None and not paragraphs.add(documents, told):
            faults.append(f"paragraphs/{name} holds what is no paragraph of its source")
        ids = documents.column("doc_id").to_pylist()
        seen += len(ids)
        for doc_id, text in zip(ids, documents.column("text"), strict=True):
            own = [*spans.get(doc_id, []), *cuts.get(doc_id, [])]
            if not _rebuilds(text.as_py(), clean[doc_id], own):
                faults.append(f"{doc_id}: differs from its source outside findings")
    if seen != len(clean):
        faults.append(f"data/{name} holds documents that are not in the input")
    elif not _same_metadata(data, kept):
        faults.append(f"data/{name}: metadata differ from those of the input")
    if not _same_places(places, ledger):
        faults.append(f"ledger/{name} does not have the records of the input")
    return seen, faults


def _ids(clean: dict[str, str]) -> pa.Array:
    return pa.array(list(clean), pa.string())


def _same_metadata(data: pa.Table, kept: list[pa.RecordBatch]) -> bool:
    if not kept:
        return data.num_rows == 0
    source = pa.Table.from_batches(kept)
    given = pc.coalesce(source[_DETECTED], data[_DETECTED])
    if not given.equals(data[_DETECTED]):
        return False
    own = [name for name in METADATA_COLUMNS if name != _DETECTED]
    names = ["doc_id", *own, *data.schema.names[len(DATA) :]]
    return all(
        name in source.schema.names and data[name].equals(source[name])
        for name in names
    )


def _same_places(places: list[pa.Table], ledger: pa.Table) -> bool:
    if not places:
        return ledger.num_rows == 0
    order = [("doc_id", "ascending"), ("row", "ascending")]
    ours, theirs = pa.concat_tables(places).sort_by(order), ledger.sort_by(order)
    return all(ours[name].equals(theirs[name]) for name in _PLACE)


def _documents_places(batch: DocumentBatch) -> pa.Table:
    documents = batch.documents
    lengths = pc.cast(pc.utf8_length(documents.column("text")), pa.int64())
    return _places(batch.path, documents, lengths)


def _rejected_places(batch: DocumentBatch) -> pa.Table:
    nothing = pa.nulls(batch.rejected.num_rows, pa.int64())
    return _places(batch.path, batch.rejected, nothing)


def _places(path: str, records: pa.RecordBatch, lengths: pa.Array) -> pa.Table:
    paths = pa.repeat(pa.scalar(path, pa.string()), records.num_rows)
    columns = [records.column("doc_id"), paths, records.column("row"), lengths]
    return pa.table(columns, names=_PLACE)


def _rebuilds(source: str, clean: str, spans: list[dict[str, Any]]) -> bool:
    """The operators of `spans` make `clean` of `source`.

    A span without an operator was cut out before the text was scanned.
    """
    pieces: list[str] = []
    end = length = 0
    for span in sorted(spans, key=lambda span: (span["start"], span["end"])):
        start, stop = span["start"], span["end"]
        if not end <= start <= stop <= len(source):
            return False
        if "operator" not in span:
            pieces.append(source[end:start])
            end, length = stop, length + start - end
            continue
        value, mark = source[start:stop], span["value_key"]
        output = operate(span["operator"], span["entity"], value, mark)
        pieces += [source[end:start], output]
        length += start - end
        if (length, length + len(output)) != (span["clean_start"], span["clean_end"]):
            return False
        end, length = stop, length + len(output)
    return "".join([*pieces, source[end:]]) == clean
