"""How many planted identifiers a detector finds: by kind, language, place, source."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.transforms.labels import safe_labels
from isinglass.transforms.language import primary_language
from isinglass.transforms.pii.canaries.fakes import PERSON
from isinglass.transforms.pii.found import resolve_overlaps

if TYPE_CHECKING:
    from isinglass.transforms.pii.canaries.plant import Planted
    from isinglass.transforms.pii.detector import Detector

Key = TypeVar("Key")

UNKNOWN_LANGUAGE = "und"
NO_SOURCE = "(none)"
NO_LANGUAGE = "zxx"
"""ISO 639-2: nothing in a language, so that no model reads it."""

_LEAST_SHARE = 0.5

SEPARATOR = "|"
CELL = ("entity", "language", "position", "source")
"""What a count is about: parts of its key, of which the last may hold anything."""


def measure(detector: Detector, planted: Planted) -> dict[str, list[int]]:
    """Count planted and found values by the parts of `CELL`.

    A value counts as found when a finding of its entity that is left after overlaps
    are resolved covers at least half of it, and as found as another kind when only
    such a finding does: it is changed in the text all the same. Values in a text that
    the detector failed on count as missed. Results are merged by adding.

    Returns:
        `[planted, found, found as another kind]` by key, keys sorted.
    """
    # Stock Presidio finds identifiers by the model, too.
    languages = planted.languages if detector.exact else _scanned_as(planted)
    findings = resolve_overlaps(detector.detect(planted.texts, languages).findings)
    same, other = _covered(planted.expected, findings)
    rows = planted.expected.column("row")
    cells = zip(
        planted.expected.column("entity").to_pylist(),
        primary_languages(planted.languages).take(rows).to_pylist(),
        planted.expected.column("position").to_pylist(),
        pc.fill_null(safe_labels(planted.sources), NO_SOURCE).take(rows).to_pylist(),
        strict=True,
    )
    counts: dict[str, list[int]] = {}
    for cell, mine, others in zip(cells, same.tolist(), other.tolist(), strict=True):
        found = [1, int(mine), int(others and not mine)]
        add_cell(counts, SEPARATOR.join(cell), found)
    return dict(sorted(counts.items()))


def _scanned_as(planted: Planted) -> pa.StringArray:
    """The language under which each copy is scanned.

    A model costs a hundred times what patterns do. Where no name was planted, none need
    look: what it finds takes no place from what a pattern finds (`resolve_overlaps`).
    """
    expected, texts = planted.expected, pa.array(range(len(planted.texts)), pa.int32())
    named = expected.column("row").filter(pc.equal(expected.column("entity"), PERSON))
    return pc.if_else(pc.is_in(texts, named), planted.languages, NO_LANGUAGE)


def add_cell(total: dict[Key, list[int]], key: Key, counts: list[int]) -> None:
    """Add the counts of some documents to those of others, in place."""
    held = total.get(key, [0] * len(counts))
    total[key] = [one + other for one, other in zip(held, counts, strict=True)]


def primary_languages(languages: pa.StringArray) -> pa.StringArray:
    """Primary language of each tag, `und` where there is none."""
    known = languages.dictionary_encode()
    names = [
        primary_language(tag).replace(SEPARATOR, "_") or UNKNOWN_LANGUAGE
        for tag in known.dictionary.to_pylist()
    ]
    found = pa.array(names, pa.string()).take(known.indices)
    return pc.fill_null(found, UNKNOWN_LANGUAGE)


def _covered(
    expected: pa.RecordBatch, findings: pa.RecordBatch
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a finding of the same entity, and one of another, covers half of a span.

    Findings are sorted by row.
    """
    names = ("row", "start", "end")
    rows, starts, ends = (findings.column(n).to_numpy() for n in names)
    row, start, end = (expected.column(n).to_numpy() for n in names)
    kinds = pa.concat_arrays([expected.column("entity"), findings.column("entity")])
    codes = kinds.dictionary_encode().indices.to_numpy()
    low, high = np.searchsorted(rows, row), np.searchsorted(rows, row + 1)
    # Every planted value is held against every finding of its document.
    number = high - low
    which = np.repeat(np.arange(len(row)), number)
    first = np.repeat(low - np.r_[0, np.cumsum(number)[:-1]], number)
    finding = first + np.arange(len(which))
    overlap = np.minimum(ends[finding], end[which]) - np.maximum(
        starts[finding], start[which]
    )
    covers = overlap >= _LEAST_SHARE * (end - start)[which]
    same = codes[len(row) + finding] == codes[which]
    return (
        np.bincount(which[covers & same], minlength=len(row)) > 0,
        np.bincount(which[covers & ~same], minlength=len(row)) > 0,
    )
