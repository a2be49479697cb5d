"""Texts cut for spaCy, read in batches, grouped so that its memory does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from isinglass.transforms.pii.chunks import Chunk, chunk_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget

BATCH_TEXTS = 32
"""Texts a call of `nlp.pipe`; larger batches fall out of the cache and are slower."""

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


Read = TypeVar("Read")


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


def read_in_zones(
    nlp: Any,
    read: Callable[[list[Stretch]], list[Read]],
    parts: Iterable[Stretch],
    budget: Budget,
) -> Iterator[tuple[Stretch, Read]]:
    """Read texts in batches; each with what was read, until its row fails.

    Args:
        nlp: spaCy pipeline. What it makes must not outlive the step of the iteration.
        read: Reads some texts together. If that fails, it gets each alone, so that
            one fails alone.
        parts: The texts.
        budget: Is charged for reading; rows that fail are noted in it.
    """
    for zone in _zones(parts):
        with nlp.memory_zone():
            for begin in range(0, len(zone), BATCH_TEXTS):
                batch = zone[begin : begin + BATCH_TEXTS]
                for part, value in _read_batch(read, batch, budget):
                    if part.row not in budget.failed:
                        yield part, value


def _read_batch(
    read: Callable[[list[Stretch]], list[Read]], batch: list[Stretch], budget: Budget
) -> Iterator[tuple[Stretch, Read]]:
    parts = [part for part in batch if part.row not in budget.failed]
    began = budget.now()
    try:
        values = read(parts)
    except Exception:  # noqa: BLE001 - whichever text it was is found below
        yield from _read_one_by_one(read, parts, budget)
        return
    seconds = budget.now() - began
    length = sum(len(part.text) for part in parts) or 1
    for part in parts:
        budget.charge(part.row, seconds * len(part.text) / length)
    yield from zip(parts, values, strict=True)


def _read_one_by_one(
    read: Callable[[list[Stretch]], list[Read]], parts: list[Stretch], budget: Budget
) -> Iterator[tuple[Stretch, Read]]:
    for part in parts:
        if part.row not in budget.failed:
            values: list[Read] = []
            with budget.guard(part.row):
                values = read([part])
            for value in values:
                yield part, value


def _zones(parts: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """Groups of at least `ZONE_CHARS` code points, the last one of fewer."""
    zone: list[Stretch] = []
    length = 0
    for part in parts:
        zone.append(part)
        length += len(part.text)
        if length >= ZONE_CHARS:
            yield zone
            zone, length = [], 0
    if zone:
        yield zone
