"""Texts cut for spaCy, and grouped so that its memory does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from isinglass.transforms.pii.chunks import Chunk, chunk_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

ZONE_CHARS = 1_000_000
"""Texts of about this length share a memory zone: strings of the vocabulary that are
new in it are forgotten at its end, so that memory does not grow with the stream."""


class Stretch(NamedTuple):
    """A text, or a part of a long one.

    Attributes:
        row: Row of the text in the batch.
        chunk: Which part of it.
        text: The part.
    """

    row: int
    chunk: Chunk
    text: str


class HasText(Protocol):
    """Anything with a text."""

    @property
    def text(self) -> str:
        """The text."""


Item = TypeVar("Item", bound=HasText)


def stretches(texts: pa.StringArray, rows: NDArray[np.int64]) -> Iterator[Stretch]:
    """Texts that are not blank, cut where they are very long.

    Args:
        texts: Strings without nulls.
        rows: int64 (n,), the row of each in the batch.
    """
    for row, value in zip(rows.tolist(), texts, strict=True):
        text = value.as_py()
        if text and not text.isspace():
            for chunk in chunk_spans(text):
                yield Stretch(row, chunk, text[chunk.start : chunk.end])


def zones(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Groups of at least `ZONE_CHARS` code points, the last one of fewer."""
    zone: list[Item] = []
    length = 0
    for item in items:
        zone.append(item)
        length += len(item.text)
        if length >= ZONE_CHARS:
            yield zone
            zone, length = [], 0
    if zone:
        yield zone
