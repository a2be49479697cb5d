"""Recall by planted identifiers: what the detector misses is measured in every run.

Known fake values are written into in-memory copies of sampled documents; the same
detector scans them, and what it finds of them is counted. Planted texts are never
written anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.transforms.demographics.lexicon import primary_language
from isinglass.transforms.pii.overlap import resolve_overlaps
from isinglass.transforms.pii.planting import choose

if TYPE_CHECKING:
    from isinglass.schemas.config import PiiConfig
    from isinglass.transforms.pii.detector import Detector
    from isinglass.transforms.pii.planting import Canary

EXPECTED = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("position", pa.string(), nullable=False),
    ]
)

UNKNOWN_LANGUAGE = "und"
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Planted:
    """Copies of documents with fake identifiers in them.

    Attributes:
        texts: The copies. Never to be written.
        languages: As given.
        expected: `EXPECTED`, where each value lies in its copy (code points).
    """

    texts: pa.StringArray = field(repr=False)
    languages: pa.StringArray
    expected: pa.RecordBatch


def plant(
    texts: pa.StringArray,
    doc_ids: pa.StringArray,
    languages: pa.StringArray,
    config: PiiConfig,
    seed: int,
) -> Planted:
    """Write several fake identifiers into a copy of each document.

    What is planted where depends on the seed and the document alone, so that order,
    batches and workers do not matter.

    Args:
        texts: Texts of sampled documents.
        doc_ids: Their identities.
        languages: Their language tags; may hold nulls.
        config: The `pii` section.
        seed: Seed of the run.
    """
    copies: list[str] = []
    expected: list[Expected] = []
    rows = zip(
        texts.to_pylist(), doc_ids.to_pylist(), languages.to_pylist(), strict=True
    )
    for row, (text, doc_id, language) in enumerate(rows):
        copy, placed = _plant_one(text, choose(doc_id, language, config, seed))
        copies.append(copy)
        expected += [Expected(row, *item) for item in placed]
    columns = list(zip(*expected, strict=True)) if expected else [()] * len(EXPECTED)
    arrays = [
        pa.array(column, kind.type)
        for column, kind in zip(columns, EXPECTED, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=EXPECTED)
    return Planted(pa.array(copies, pa.string()), languages, batch)


class Expected(NamedTuple):
    """One planted value, in the order of the columns of `EXPECTED`."""

    row: int
    start: int
    end: int
    entity: str
    position: str


def _plant_one(
    text: str, canaries: list[Canary]
) -> tuple[str, list[tuple[int, int, str, str]]]:
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


def measure(detector: Detector, planted: Planted) -> dict[str, list[int]]:
    """Count planted and found values by `entity|language|position`.

    A value counts as found when a finding of its entity that is left after overlaps
    are resolved covers at least half of it. Values in a text that the detector failed
    on count as missed. Results are merged by adding.

    Args:
        detector: The detector of the run.
        planted: From `plant`.

    Returns:
        `[planted, found]` by key, keys sorted.
    """
    findings = resolve_overlaps(
        detector.detect(planted.texts, planted.languages).findings
    )
    hits = _covered(planted.expected, findings)
    languages = planted.languages.to_pylist()
    counts: dict[str, list[int]] = {}
    rows, entities, positions = (
        planted.expected.column(name).to_pylist()
        for name in ("row", "entity", "position")
    )
    for row, entity, position, hit in zip(rows, entities, positions, hits, strict=True):
        tag = languages[row]
        language = primary_language(tag) if tag else UNKNOWN_LANGUAGE
        sums = counts.setdefault(f"{entity}|{language}|{position}", [0, 0])
        sums[0] += 1
        sums[1] += int(hit)
    return dict(sorted(counts.items()))


def _covered(expected: pa.RecordBatch, findings: pa.RecordBatch) -> list[bool]:
    """Whether a finding of the same entity covers half of each expected span."""
    names = ("row", "start", "end")
    rows, starts, ends = (findings.column(name).to_numpy() for name in names)
    entities = np.array(findings.column("entity").to_pylist(), dtype=object)
    hits = []
    for span in expected.to_pylist():
        low, high = np.searchsorted(rows, [span["row"], span["row"] + 1])
        same = entities[low:high] == span["entity"]
        overlap = np.minimum(ends[low:high], span["end"]) - np.maximum(
            starts[low:high], span["start"]
        )
        needed = _LEAST_SHARE * (span["end"] - span["start"])
        hits.append(bool(np.any(same & (overlap >= needed))))
    return hits
