"""What an overlap leaves of the span that lost it.

A name and an address found as one span ("Ann Lee al@x.org") lose to the address alone.
Dropping the whole loser would leave the name in the text, so the parts of it that no
remaining span covers are findings still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.spans import PLACE_ORDER
from isinglass.transforms.batches import one_batch
from isinglass.transforms.edits.cut import place_keys
from isinglass.transforms.edits.edits import places_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEAST_CHARACTERS = 2
"""Letters or digits that a part must have: a single one tells nothing of a person."""

Span = tuple[int, int]
_KEY = ("row", "start", "end", "entity")


def with_leftovers(
    findings: pa.RecordBatch, chosen: pa.RecordBatch, texts: pa.StringArray
) -> pa.RecordBatch:
    """Add to the chosen spans the uncovered parts of those that were not chosen.

    Args:
        findings: `spans.FOUND` before overlaps were resolved.
        chosen: The rows of it that remain, sorted; no two overlap.
        texts: The scanned texts, by `row`.

    Returns:
        `chosen` and the parts, likewise. A part has no checksum of its own, and
        neither blanks nor punctuation at its ends.
    """
    if findings.num_rows == chosen.num_rows:
        return chosen
    columns = [chosen.column(name).to_pylist() for name in _KEY]
    keys = set(zip(*columns, strict=True))
    losers = [row for row in findings.to_pylist() if _key(row) not in keys]
    return _sorted(chosen, _parts(losers, chosen, texts))


def left_beside(
    preferred: pa.RecordBatch,
    spans: pa.RecordBatch,
    texts: pa.StringArray,
    *,
    whole: bool = False,
) -> pa.RecordBatch:
    """Spans that no preferred one overlaps, and the uncovered parts of the others.

    Both are `spans.FOUND` without overlaps, sorted by row and start, as is the result.
    `whole` says that every character matters, blanks and punctuation too.
    """
    starts, ends = _bounds(preferred)
    own_starts, own_ends = _bounds(spans)
    after = np.searchsorted(ends, own_starts, side="right")
    within = after < len(ends)
    loses = np.zeros(spans.num_rows, np.bool_)
    loses[within] = starts[after[within]] < own_ends[within]
    if not loses.any():
        return spans
    losers = spans.filter(pa.array(loses)).to_pylist()
    untouched = spans.filter(pa.array(~loses))
    return _sorted(untouched, _parts(losers, preferred, texts, whole=whole))


def _parts(
    losers: list[dict[str, Any]],
    winners: pa.RecordBatch,
    texts: pa.StringArray,
    *,
    whole: bool = False,
) -> list[dict[str, Any]]:
    """The parts of spans that no winner covers, nor any part before them."""
    taken: dict[int, list[Span]] = {row["row"]: [] for row in losers}
    rows = pa.array(sorted(taken), pa.int32())
    near = winners.filter(pc.is_in(winners.column("row"), value_set=rows))
    places = [near.column(name).to_pylist() for name in ("row", "start", "end")]
    for number, start, end in zip(*places, strict=True):
        taken[number].append((start, end))
    added = []
    for loser in sorted(losers, key=_key):
        row = loser["row"]
        text = texts[row].as_py()
        for start, end in _uncovered((loser["start"], loser["end"]), taken[row]):
            part = (start, end) if whole else _trimmed(text, start, end)
            if part is not None:
                taken[row].append(part)
                place = {"start": part[0], "end": part[1], "validated": None}
                added.append(loser | place)
    return added


def _sorted(spans: pa.RecordBatch, added: list[dict[str, Any]]) -> pa.RecordBatch:
    if not added:
        return spans
    parts = pa.RecordBatch.from_pylist(added, schema=spans.schema)
    return one_batch(pa.Table.from_batches([spans, parts]).sort_by(PLACE_ORDER))


def _bounds(spans: pa.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of each span as one number with its row, ascending."""
    rows, starts, ends = places_of(spans)
    return place_keys(rows, starts), place_keys(rows, ends)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _uncovered(span: Span, taken: list[Span]) -> Iterator[Span]:
    """Stretches of `span` that no taken span covers, from left to right."""
    start, stop = span
    for left, right in sorted(taken):
        if right <= start or left >= stop:
            continue
        if left > start:
            yield start, left
        start = max(start, right)
    if start < stop:
        yield start, stop


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """The part without blanks and punctuation at its ends; None if little is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    letters = sum(character.isalnum() for character in text[start:end])
    return (start, end) if letters >= LEAST_CHARACTERS else None
