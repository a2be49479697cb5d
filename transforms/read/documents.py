"""A shard -> batches of documents and of rejected records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config.inputs import Format
from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import (
    Origin,
    Part,
    Records,
    gather,
    only_rejected,
)
from isinglass.transforms.read.checks import (
    Rejection,
    most_record_bytes,
    too_large,
)
from isinglass.transforms.read.columnar import read_arrow, read_parquet
from isinglass.transforms.read.counts import Content
from isinglass.transforms.read.delimited import read_delimited
from isinglass.transforms.read.jsonl import read_jsonl
from isinglass.transforms.read.streams import (
    BYTE_ORDER_MARK,
    Damage,
    require_unchanged,
)

if TYPE_CHECKING:
    Reader = Callable[[Origin, Piece, Iterable[bytes | Damage]], Iterator[Part]]


def read_shard(shard: Shard, layout: Layout) -> Iterator[DocumentBatch]:
    """Read the records of a shard, as planned.

    Yields:
        Batches of at most 1,024 records and about 4 MB of text, of one file or of
        several small ones; every record of every piece exactly once, in `documents` or
        in `rejected`. Where batches begin and end depends on the input alone. Memory is
        bounded by bytes, also of the largest record, not by the size of a file.

    Raises:
        InputError: A file is not as it was when the run was planned.
        ReconcileError: The records are not as many as the bytes of the file hold.
    """
    batches = gather(_parts(shard, layout))
    if shard.most_bytes is not None:
        batches = _beginning(batches, shard.most_bytes)
    yield from batches


def _beginning(
    batches: Iterator[DocumentBatch], most_bytes: int
) -> Iterator[DocumentBatch]:
    """Batches until so many bytes of text have come; of the last one a part."""
    for batch in batches:
        sizes = pc.binary_length(batch.documents.column("text")).fill_null(0)
        ends = np.cumsum(sizes.to_numpy(zero_copy_only=False), dtype=np.int64)
        rows = int(np.searchsorted(ends, most_bytes)) + 1
        if rows < len(ends):
            documents = batch.documents.slice(0, rows)
            files = batch.document_files.slice(0, rows)
            yield replace(batch, documents=documents, document_files=files)
            return
        yield batch
        most_bytes -= int(ends[-1]) if len(ends) else 0
        if most_bytes <= 0:
            return


def _parts(shard: Shard, layout: Layout) -> Iterator[Part]:
    common = Origin.of(shard, layout)
    for piece in shard.pieces:
        origin = common.at(piece.relative)
        if piece.problem:
            reason = QuarantineReason.UNREADABLE_FILE
            yield only_rejected(origin, Rejection(0, reason, piece.problem, None))
        else:
            content = Content(piece)
            parts = _READERS[piece.format](origin, piece, content)
            yield from _counted(piece, parts, content)


def _counted(piece: Piece, parts: Iterator[Part], content: Content) -> Iterator[Part]:
    """Hand on the parts of a piece, and compare them with what its bytes hold."""
    found = 0
    for part in parts:
        found += part.rows
        yield part
    held = content.records()
    if held is not None and found != held:
        require_unchanged(piece)
        raise ReconcileError(
            f"{piece.relative}: {found} records were read where its bytes hold {held}. "
            "The run was stopped because a record would be unaccounted for; please "
            "report this."
        )


def _read_text(
    origin: Origin, _: Piece, content: Iterable[bytes | Damage]
) -> Iterator[Part]:
    """Read a whole file of plain text as one document; an empty file holds none.

    Of a file that is far too long only the beginning is kept, so that memory stays
    bounded.
    """
    limit = most_record_bytes(origin.layout.max_chars)
    parts: list[bytes] = []
    total = 0
    for chunk in content:
        if isinstance(chunk, Damage):
            reason, data = QuarantineReason.TRUNCATED_FILE, b"".join(parts)
            yield only_rejected(origin, Rejection(0, reason, chunk.detail, data))
            return
        if total < limit:
            parts.append(chunk[: limit - total])
        total += len(chunk)
    data = b"".join(parts)
    if total > len(data):
        yield only_rejected(origin, too_large(0, total, data))
    elif data:
        texts = pa.array([data.removeprefix(BYTE_ORDER_MARK)], pa.binary())
        yield Part(origin, Records(np.zeros(1, np.int64), texts, {}, {}))


_READERS: dict[Format, Reader] = {
    "parquet": read_parquet,
    "jsonl": read_jsonl,
    "csv": read_delimited,
    "text": _read_text,
    "arrow": read_arrow,
}
