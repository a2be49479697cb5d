"""Plain text: a file is one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import (
    Origin,
    Records,
    document_batch,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.lines import BYTE_ORDER_MARK
from isinglass.transforms.read.streams import Damage, chunks, open_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard

_MOST_BYTES_PER_CHARACTER = 4
_LEAST_LIMIT = 64 * 2**20


def read_text(shard: Shard, piece: Piece, layout: Layout) -> Iterator[DocumentBatch]:
    """Read a whole text file as one document; an empty file holds none.

    Of a file that is far too long only the beginning is kept, so that memory stays
    bounded.

    Raises:
        InputError: The file is not as it was planned.
    """
    origin = Origin.of(shard, piece, layout)
    limit = max(_LEAST_LIMIT, _MOST_BYTES_PER_CHARACTER * layout.max_chars + 1)
    data, total, damage = _load(piece, limit)
    if damage is not None:
        rejection = Rejection(0, QuarantineReason.TRUNCATED_FILE, damage.detail, data)
        yield only_rejected(origin, [(0, rejection)])
    elif total > len(data):
        detail = f"{total} bytes, of which raw holds the first {len(data)}"
        rejection = Rejection(0, QuarantineReason.TOO_LONG, detail, data)
        yield only_rejected(origin, [(0, rejection)])
    elif data:
        texts = pa.array([data.removeprefix(BYTE_ORDER_MARK)], pa.binary())
        yield document_batch(origin, Records(np.zeros(1, np.int64), texts, {}, {}))


def _load(piece: Piece, limit: int) -> tuple[bytes, int, Damage | None]:
    """Return the first `limit` bytes, how many there are, and what is wrong."""
    parts: list[bytes] = []
    total = 0
    with open_input(piece.path, piece.relative) as file:
        for chunk in chunks(file, piece.path):
            if isinstance(chunk, Damage):
                return b"".join(parts), total, chunk
            if total < limit:
                parts.append(chunk[: limit - total])
            total += len(chunk)
    return b"".join(parts), total, None
