"""From the columns of some input records to a `DocumentBatch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.tables import (
    DOCUMENTS,
    METADATA_COLUMNS,
    REJECTED,
    with_carried,
)
from isinglass.transforms.read.checks import Rejection, check_texts, invalid_rows
from isinglass.transforms.read.identity import doc_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from isinglass.schemas.documents import Layout, Piece, Shard

BATCH_ROWS = 1024
"""Most records in a batch."""

BATCH_BYTES = 4 * 2**20
"""Bytes of text a batch holds at most, unless one document alone is larger."""

EXTRA_ROLE = {b"isinglass.role": b"extra"}
"""Field metadata by which the carried column of unplanned JSON keys is known."""


@dataclass(frozen=True)
class Origin:
    """Where the records of a batch come from, and what they become.

    Attributes:
        source: Source name of the configuration.
        relative: Path of the file, part of the document ids.
        layout: Columns of the run.
        input: Index of the input.
    """

    source: str
    relative: str
    layout: Layout
    input: int

    @classmethod
    def of(cls, shard: Shard, piece: Piece, layout: Layout) -> Origin:
        """Return the origin of the records of a piece."""
        return cls(shard.source, piece.relative, layout, shard.input)

    @property
    def mapped(self) -> dict[str, str]:
        """Our metadata columns by the input's names for them, where it has one."""
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
    """Some records of one file, column by column.

    Attributes:
        rows: Row numbers in the file, shape (n,).
        text: The texts, any text type, nulls allowed.
        metadata: Columns of `METADATA_COLUMNS` that the file has, as strings.
        carried: Carried columns that the file has, by output name, of their type.
        lines: The records as they stood in the input, where it has lines.
    """

    rows: NDArray[np.int64]
    text: pa.Array
    metadata: dict[str, pa.Array]
    carried: dict[str, pa.Array]
    lines: list[bytes] | None = None


def is_extra(field: pa.Field) -> bool:
    """Tell whether a carried column is ours, for the unplanned keys of JSON lines."""
    return bool(field.metadata) and EXTRA_ROLE.items() <= field.metadata.items()


def extra_column(layout: Layout) -> str | None:
    """Return the name of the carried column of unplanned JSON keys, if there is one."""
    return next((field.name for field in layout.carried if is_extra(field)), None)


def cut(sizes: NDArray[np.int64]) -> Iterator[slice]:
    """Cut records into batches of at most `BATCH_ROWS` rows and `BATCH_BYTES` bytes.

    Args:
        sizes: Bytes of each record, shape (n,). One that is larger than a batch may
            be is alone in its batch.

    Yields:
        Slices that cover all records in order.
    """
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + BATCH_BYTES, side="right"))
        stop = max(start + 1, min(stop, start + BATCH_ROWS))
        yield slice(start, stop)
        start = stop


def document_batch(
    origin: Origin, records: Records, rejections: Iterable[tuple[int, Rejection]] = ()
) -> DocumentBatch:
    """Check records, and set those aside that cannot be processed.

    Args:
        origin: Where they come from.
        records: The records that could be parsed.
        rejections: Those that could not: row number and why.

    Returns:
        Every record once, in `documents` or in `rejected`, both in order of rows.
    """
    checked = check_texts(records.text, origin.layout.max_chars)
    failed = [
        (int(records.rows[r.index]), _with_line(r, records.lines))
        for r in checked.rejections
    ]
    kept = records
    if failed:
        kept = _filter(records, checked.sound)
    documents, unsound = _documents(origin, kept, checked.texts)
    everything = sorted([*rejections, *failed, *unsound], key=lambda pair: pair[0])
    return DocumentBatch(origin.relative, documents, rejected_batch(origin, everything))


def rejected_batch(
    origin: Origin, rejections: list[tuple[int, Rejection]]
) -> pa.RecordBatch:
    """Return the table of rejected records, given as row number and reason."""
    rows = np.array([row for row, _ in rejections], np.int64)
    columns = [
        doc_ids(origin.source, origin.relative, rows),
        pa.array(rows),
        pa.array([str(r.reason) for _, r in rejections], pa.string()),
        pa.array([r.detail for _, r in rejections], pa.string()),
        pa.array([r.raw for _, r in rejections], pa.large_binary()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REJECTED)


def only_rejected(
    origin: Origin, rejections: list[tuple[int, Rejection]]
) -> DocumentBatch:
    """Return a batch without documents."""
    schema = with_carried(DOCUMENTS, origin.layout.carried)
    empty = pa.RecordBatch.from_pylist([], schema=schema)
    return DocumentBatch(origin.relative, empty, rejected_batch(origin, rejections))


def _with_line(rejection: Rejection, lines: list[bytes] | None) -> Rejection:
    """Say what was in the input where there is no text to show."""
    if lines is None or rejection.raw is not None:
        return rejection
    return Rejection(
        rejection.index, rejection.reason, rejection.detail, lines[rejection.index]
    )


def _filter(records: Records, keep: NDArray[np.bool_]) -> Records:
    mask = pa.array(keep)
    return Records(
        rows=records.rows[keep],
        text=records.text,
        metadata={n: c.filter(mask) for n, c in records.metadata.items()},
        carried={n: c.filter(mask) for n, c in records.carried.items()},
    )


def _documents(
    origin: Origin, records: Records, texts: pa.StringArray
) -> tuple[pa.RecordBatch, list[tuple[int, Rejection]]]:
    """Build the documents; rows with bad strings in other columns are set aside."""
    bad = np.zeros(len(texts), np.bool_)
    details: dict[int, str] = {}
    for name, column in (records.metadata | records.carried).items():
        marks = invalid_rows(column)
        details.update({int(i): f"column {name}" for i in np.flatnonzero(marks)})
        bad |= marks
    rejections = [
        (
            int(records.rows[i]),
            Rejection(
                int(i),
                QuarantineReason.INVALID_UTF8,
                details[int(i)],
                texts[int(i)].as_py().encode(),
            ),
        )
        for i in np.flatnonzero(bad)
    ]
    if rejections:
        texts = texts.filter(pa.array(~bad))
        records = _filter(records, ~bad)
    return _assemble(origin, records, texts), rejections


def _assemble(
    origin: Origin, records: Records, texts: pa.StringArray
) -> pa.RecordBatch:
    count = len(texts)
    columns = [
        doc_ids(origin.source, origin.relative, records.rows),
        pa.array(records.rows, pa.int64()),
        texts,
    ]
    for name in METADATA_COLUMNS:
        column = records.metadata.get(name)
        if name == "source":
            column = _filled(column, origin.source, count)
        columns.append(pa.nulls(count, pa.string()) if column is None else column)
    for field in origin.layout.carried:
        column = records.carried.get(field.name)
        columns.append(pa.nulls(count, field.type) if column is None else column)
    schema = with_carried(DOCUMENTS, origin.layout.carried)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _filled(column: pa.Array | None, value: str, count: int) -> pa.Array:
    if column is None:
        return pa.repeat(pa.scalar(value, pa.string()), count)
    return column.fill_null(value) if column.null_count else column
