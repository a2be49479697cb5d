"""A shard -> batches of documents and of rejected records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.arrow import read_arrow
from isinglass.transforms.read.batches import Origin, only_rejected
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.delimited import read_delimited
from isinglass.transforms.read.jsonl import read_jsonl
from isinglass.transforms.read.parquet import read_parquet
from isinglass.transforms.read.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isinglass.schemas.config.inputs import Format
    from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard

    Reader = Callable[[Shard, Piece, Layout], Iterator[DocumentBatch]]

_READERS: dict[Format, Reader] = {
    "parquet": read_parquet,
    "jsonl": read_jsonl,
    "csv": read_delimited,
    "text": read_text,
    "arrow": read_arrow,
}


def read_shard(shard: Shard, layout: Layout) -> Iterator[DocumentBatch]:
    """Read the records of a shard.

    Args:
        shard: As planned.
        layout: Columns of the run.

    Yields:
        Batches of at most 1,024 records and about 4 MB of text, each of one file;
        every record of every piece exactly once, in `documents` or in `rejected`.
        Where batches begin and end depends on the input alone. Memory is bounded by
        the largest record, not by the size of a file.

    Raises:
        InputError: A file is not as it was when the run was planned.
    """
    for piece in shard.pieces:
        if piece.problem:
            rejection = Rejection(
                0, QuarantineReason.UNREADABLE_FILE, piece.problem, None
            )
            origin = Origin.of(shard, piece, layout)
            yield only_rejected(origin, [(0, rejection)])
        else:
            yield from _READERS[piece.format](shard, piece, layout)
