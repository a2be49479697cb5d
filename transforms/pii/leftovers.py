"""What an overlap leaves of the span that lost it.

A name and an address found as one span ("Ann Lee al@x.org") lose to the address alone.
Dropping the whole loser would leave the name in the text, so the parts of it that no
remaining span covers are findings still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.pii.tables import Found, findings_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_CHARACTERS = 2
"""Letters or digits that a part must have: a single one tells nothing of a person."""

Span = tuple[int, int]


def with_leftovers(
    findings: pa.RecordBatch, chosen: pa.RecordBatch, texts: pa.StringArray
) -> pa.RecordBatch:
    """Add to the chosen spans the uncovered parts of those that were not chosen.

    Args:
        findings: `tables.FOUND` before overlaps were resolved.
        chosen: The rows of it that remain; no two overlap.
        texts: The scanned texts, by `row`.

    Returns:
        `chosen` and the parts, without overlaps, sorted like `chosen`. A part has no
        checksum of its own, and neither blanks nor punctuation at its ends.
    """
    if findings.num_rows == chosen.num_rows:
        return chosen
    keys = _keys(chosen)
    losers = [row for row in findings.to_pylist() if _key(row) not in keys]
    taken: dict[int, list[Span]] = {row["row"]: [] for row in losers}
    rows = pa.array(sorted(taken), pa.int32())
    near = chosen.filter(pc.is_in(chosen.column("row"), value_set=rows))
    for row in near.to_pylist():
        taken[row["row"]].append((row["start"], row["end"]))
    added = []
    for loser in sorted(losers, key=_key):
        row = loser["row"]
        text = texts[row].as_py()
        for start, end in _uncovered((loser["start"], loser["end"]), taken[row]):
            part = _trimmed(text, start, end)
            if part is not None:
                taken[row].append(part)
                added.append(Found(**loser | _place(part)))
    if not added:
        return chosen
    table = pa.Table.from_batches([chosen, findings_batch(added).cast(chosen.schema)])
    order = [(name, "ascending") for name in ("row", "start", "end", "entity")]
    return table.sort_by(order).combine_chunks().to_batches()[0]


def _key(row: dict[str, Any]) -> tuple[int, int, int, str]:
    return row["row"], row["start"], row["end"], row["entity"]


def _keys(batch: pa.RecordBatch) -> set[tuple[int, int, int, str]]:
    names = ("row", "start", "end", "entity")
    columns = [batch.column(name).to_pylist() for name in names]
    return set(zip(*columns, strict=True))


def _place(part: Span) -> dict[str, Any]:
    return {"start": part[0], "end": part[1], "validated": None}


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
