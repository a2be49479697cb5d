"""Texts cut and grouped for a model, so that its memory does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from isinglass.transforms.pii.chunks import CHUNK_CHARS, Chunk, chunk_spans

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
    """A text, or a part of a long one."""

    row: int
    chunk: Chunk
    text: str


Read = TypeVar("Read")


def stretches(
    texts: pa.StringArray, rows: NDArray[np.int64], size: int = CHUNK_CHARS
) -> Iterator[Stretch]:
    """Texts that are not blank, cut where they are very long.

    Args:
        texts: Strings without nulls.
        rows: int64 (n,), the row of each in the batch.
        size: Most code points of a stretch.
    """
    for row, value in zip(rows.tolist(), texts, strict=True):
        text = value.as_py()
        if text and not text.isspace():
            for chunk in chunk_spans(text, size):
                yield Stretch(row, chunk, text[chunk.start : chunk.end])


def groups(parts: Iterable[Stretch], size: int) -> Iterator[list[Stretch]]:
    """Groups of at least `size` code points, the last one of fewer."""
    group: list[Stretch] = []
    length = 0
    for part in parts:
        group.append(part)
        length += len(part.text)
        if length >= size:
            yield group
            group, length = [], 0
    if group:
        yield group


def read_together(
    read: Callable[[list[Stretch]], Read], parts: list[Stretch], budget: Budget
) -> Iterator[tuple[list[Stretch], Read]]:
    """Read some texts together, or each alone if that fails, so that one fails alone.

    Args:
        read: Reads some texts.
        parts: The texts; those whose rows have failed are left out.
        budget: Is charged for reading, by length; rows that fail are noted in it.
    """
    parts = [part for part in parts if part.row not in budget.failed]
    if not parts:
        return
    began = budget.now()
    try:
        value = read(parts)
    except Exception:  # noqa: BLE001 - whichever text it was is found below
        for part in parts:
            if part.row not in budget.failed:
                alone: list[Read] = []
                with budget.guard(part.row):
                    alone = [read([part])]
                for value in alone:
                    yield [part], value
        return
    seconds = budget.now() - began
    length = sum(len(part.text) for part in parts) or 1
    for part in parts:
        budget.charge(part.row, seconds * len(part.text) / length)
    yield parts, value


def read_in_zones(
    nlp: Any,
    read: Callable[[list[Stretch]], list[Read]],
    parts: Iterable[Stretch],
    budget: Budget,
) -> Iterator[tuple[Stretch, Read]]:
    """Read texts in batches; each with what was read, until its row fails.

    What spaCy makes must not outlive the step of the iteration.
    """
    for zone in groups(parts, ZONE_CHARS):
        with nlp.memory_zone():
            for begin in range(0, len(zone), BATCH_TEXTS):
                batch = zone[begin : begin + BATCH_TEXTS]
                for some, values in read_together(read, batch, budget):
                    for part, value in zip(some, values, strict=True):
                        if part.row not in budget.failed:
                            yield part, value
