"""From the columns of some input records to a `DocumentBatch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.documents import DocumentBatch, Layout
from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.tables import DOCUMENTS, METADATA_COLUMNS, REJECTED, with_carried
from isinglass.transforms.read.checks import Rejection, check_texts, invalid_rows
from isinglass.transforms.read.identity import doc_ids

BATCH_ROWS = 1024
"""Most records in a batch."""

BATCH_BYTES = 4 * 2**20
"""Bytes of text a batch holds at most, unless one document alone is larger."""

EXTRA_ROLE = {b"isinglass.role": b"extra"}
"""Field metadata by which the carried column of unplanned JSON keys is known."""


@dataclass(frozen=True)
class Origin:
    """Where the records of a batch come from, and what they become.

    Source name and relative path are part of the document ids; `input` is the index.
    """

    source: str
    relative: str
    layout: Layout
    input: int

    @property
    def mapped(self) -> dict[str, str]:
        """The input's names for our metadata columns, where it has one."""
        columns = self.layout.columns[self.input]
        names = columns.model_dump()
        names["source_id"] = names.pop("id")
        return {ours: names[ours] for ours in METADATA_COLUMNS if names[ours]}

    @property
    def text(self) -> str:
        """The input's name of the text column."""
        return self.layout.columns[self.input].text

    @property
    def carried(self) -> list[tuple[pa.Field, str | None]]:
        """The carried columns, each with the input's name of it.

        None for the column of unplanned keys, and for a column that this input maps
        to one of ours, which is therefore not carried here.
        """
        taken = {self.text, *self.mapped.values()}
        renamed = self.layout.renamed
        pairs: list[tuple[pa.Field, str | None]] = []
        for field in self.layout.carried:
            name = renamed.get(field.name, field.name)
            ours = is_extra(field) or name in taken
            pairs.append((field, None if ours else name))
        return pairs


@dataclass(frozen=True)
class Records:
    """Some records of one file, column by column (n,).

    Texts are of any text type, with nulls. Metadata (strings) and carried columns, by
    output name, are those that the file has. `lines` are the records as they stood in
    the input, where it has lines.
    """

    rows: NDArray[np.int64]
    text: pa.Array
    metadata: dict[str, pa.Array]
    carried: dict[str, pa.Array]
    lines: list[bytes] | None = None


def is_extra(field: pa.Field) -> bool:
    """Tell whether a carried column is ours, for the unplanned keys of JSON lines."""
    return bool(field.metadata) and EXTRA_ROLE.items() <= field.metadata.items()


def cut(sizes: NDArray[np.int64], most: int = BATCH_BYTES) -> Iterator[slice]:
    """Cut records (n,) into batches of at most `BATCH_ROWS` and `most` bytes.

    One that is larger than a batch may be is alone in its batch. The slices cover all
    records in order.
    """
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + most, side="right"))
        stop = max(start + 1, min(stop, start + BATCH_ROWS))
        yield slice(start, stop)
        start = stop


def document_batch(
    origin: Origin, records: Records, rejections: Iterable[Rejection] = ()
) -> DocumentBatch:
    """Check the records that could be parsed, and set unsound ones aside.

    Every record, those that were rejected before included, is once in `documents` or
    in `rejected`, both in order of rows.
    """
    checked = check_texts(records.text, origin.layout.max_chars)
    everything = [*rejections]
    for one in checked.rejections:
        # Say what was in the input where there is no text to show.
        line = records.lines[one.row] if records.lines else None
        raw = line if one.raw is None else one.raw
        everything.append(one._replace(row=int(records.rows[one.row]), raw=raw))
    records = _keep(records, checked.sound, checked.texts)
    unsound: dict[int, str] = {}
    for name, column in (records.metadata | records.carried).items():
        marks = np.flatnonzero(invalid_rows(column)).tolist()
        unsound |= dict.fromkeys(marks, f"column {name}")
    if unsound:
        reason = QuarantineReason.INVALID_UTF8
        for index, detail in unsound.items():
            row, raw = int(records.rows[index]), records.text[index].as_py().encode()
            everything.append(Rejection(row, reason, detail, raw))
        sound = ~np.isin(np.arange(len(records.rows)), list(unsound))
        records = _keep(records, sound, records.text.filter(pa.array(sound)))
    everything.sort(key=lambda one: one.row)
    return _batch(origin, _assemble(origin, records), everything)


def only_rejected(origin: Origin, *rejections: Rejection) -> DocumentBatch:
    """Return a batch without documents."""
    schema = with_carried(DOCUMENTS, origin.layout.carried)
    return _batch(origin, pa.RecordBatch.from_pylist([], schema=schema), rejections)


def _batch(
    origin: Origin, documents: pa.RecordBatch, rejections: Sequence[Rejection]
) -> DocumentBatch:
    rows = np.array([one.row for one in rejections], np.int64)
    columns = [
        doc_ids(origin.source, origin.relative, rows),
        pa.array(rows),
        pa.array([str(one.reason) for one in rejections], pa.string()),
        pa.array([one.detail for one in rejections], pa.string()),
        pa.array([one.raw for one in rejections], pa.large_binary()),
    ]
    rejected = pa.RecordBatch.from_arrays(columns, schema=REJECTED)
    return DocumentBatch(origin.relative, documents, rejected)


def _keep(records: Records, sound: NDArray[np.bool_], text: pa.StringArray) -> Records:
    """The sound records, with their texts."""
    if sound.all():
        return replace(records, text=text)
    mask = pa.array(sound)
    return Records(
        rows=records.rows[sound],
        text=text,
        metadata={n: c.filter(mask) for n, c in records.metadata.items()},
        carried={n: c.filter(mask) for n, c in records.carried.items()},
    )


def _assemble(origin: Origin, records: Records) -> pa.RecordBatch:
    count = len(records.rows)
    columns = [
        doc_ids(origin.source, origin.relative, records.rows),
        pa.array(records.rows, pa.int64()),
        records.text,
    ]
    for name in METADATA_COLUMNS:
        column = records.metadata.get(name, pa.nulls(count, pa.string()))
        columns.append(column.fill_null(origin.source) if name == "source" else column)
    for field in origin.layout.carried:
        column = records.carried.get(field.name)
        columns.append(pa.nulls(count, field.type) if column is None else column)
    schema = with_carried(DOCUMENTS, origin.layout.carried)
    return pa.RecordBatch.from_arrays(columns, schema=schema)
