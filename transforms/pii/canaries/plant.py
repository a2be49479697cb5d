"""Copies of sampled documents with known fake identifiers in them.

The detector of the run scans them, and what it finds of them is counted (`recall.py`):
so every run measures what its detector misses. Planted texts are never written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from isinglass.transforms.pii.canaries.border import long_copy
from isinglass.transforms.pii.canaries.carriers import CHUNK_BORDER
from isinglass.transforms.pii.canaries.choose import choose

if TYPE_CHECKING:
    from isinglass.schemas.config import PiiConfig
    from isinglass.transforms.pii.canaries.choose import Canary

EXPECTED = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("position", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Planted:
    """Copies of documents with fake identifiers in them.

    Attributes:
        texts: The copies. Never to be written.
        languages: As given.
        sources: As given.
        expected: `EXPECTED`, where each value lies in its copy (code points).
    """

    texts: pa.StringArray = field(repr=False)
    languages: pa.StringArray
    sources: pa.StringArray
    expected: pa.RecordBatch


class Sampled(NamedTuple):
    """Documents that were drawn for planting: columns of equal length.

    Attributes:
        texts: Strings without nulls.
        doc_ids: Their identities.
        languages: Their language tags; may hold nulls.
        sources: Their sources as labels; may hold nulls.
    """

    texts: pa.StringArray
    doc_ids: pa.StringArray
    languages: pa.StringArray
    sources: pa.StringArray


class Expected(NamedTuple):
    """One planted value, in the order of the columns of `EXPECTED`."""

    row: int
    start: int
    end: int
    entity: str
    position: str


def plant(sampled: Sampled, config: PiiConfig, seed: int) -> Planted:
    """Write several fake identifiers into a copy of each document.

    What is planted where depends on the seed and the document alone, so that order,
    batches and workers do not matter.

    Args:
        sampled: The documents.
        config: The `pii` section.
        seed: Seed of the run.
    """
    copies: list[str] = []
    expected: list[Expected] = []
    columns = (sampled.texts, sampled.doc_ids, sampled.languages)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    for row, (text, doc_id, language) in enumerate(rows):
        copy, placed = _plant_one(text, choose(doc_id, language, config, seed))
        copies.append(copy)
        expected += [Expected(row, *item) for item in placed]
    values = list(zip(*expected, strict=True)) if expected else [()] * len(EXPECTED)
    arrays = [
        pa.array(column, kind.type)
        for column, kind in zip(values, EXPECTED, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=EXPECTED)
    texts = pa.array(copies, pa.string())
    return Planted(texts, sampled.languages, sampled.sources, batch)


def _plant_one(
    text: str, canaries: list[Canary]
) -> tuple[str, list[tuple[int, int, str, str]]]:
    if canaries and canaries[0].position == CHUNK_BORDER:
        copy, values = long_copy(text, canaries)
        return copy, [(v.start, v.end, v.canary.entity, CHUNK_BORDER) for v in values]
    placed = sorted(
        ((_place(text, canary), canary.position, canary) for canary in canaries),
        key=lambda item: item[:2],
    )
    # At equal places the value of `end` must still come last, and `start` first.
    placed.sort(key=lambda item: {"start": -1, "end": 1}.get(item[1], 0))
    pieces: list[str] = []
    spans = []
    position, length = 0, 0
    for place, _, canary in placed:
        before = "" if canary.position == "start" else " "
        after = "" if canary.position == "end" else " "
        head = text[position:place] + before + canary.head
        start = length + len(head)
        end = start + len(canary.value)
        spans.append((start, end, canary.entity, canary.position))
        pieces += [head, canary.value, canary.tail, after]
        length = end + len(canary.tail) + len(after)
        position = place
    pieces.append(text[position:])
    return "".join(pieces), spans


def _place(text: str, canary: Canary) -> int:
    """Where to insert: both ends, or the white space next to the drawn place."""
    if canary.position == "start":
        return 0
    if canary.position == "end":
        return len(text)
    share = 0.5 if canary.position == "middle" else canary.place
    wanted = int(share * len(text))
    found = text.find(" ", wanted)
    return wanted if found < 0 else found
