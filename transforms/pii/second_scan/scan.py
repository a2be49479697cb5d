"""A scan of finished texts that shares no code, pattern or engine with the detector.

Its patterns are wide: most hits in ordinary text are no personal data. What the
detector left and these shapes cover is among them, so the hits bound from above what is
left. They are no measure of recall.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.config.kinds import known_kinds
from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.text import string_buffers

KEEP = "keep"
"""Operator that leaves a finding in the text: it may be hit."""

FOREIGN = "."
"""In the operators of stages from outside, behind their name; in none of ours."""

_BLANK = 0x1F
"""A byte that no pattern matches, put for each byte of what an operator wrote."""

_NUMBERS = "number"

_DIGITS = 4
_REACH = 24
"""Bytes within which the digits stand, and bytes that are kept on either side."""

_BREAK = 0x0A


@dataclass(frozen=True)
class SecondScanner:
    """Compiled by RE2 at each call, which caches nothing and costs microseconds.

    Attributes:
        groups: Gates with their patterns, each with the patterns by entity behind it.
        ignored: Blanked before numbers are counted.
    """

    groups: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = field(repr=False)
    ignored: str = field(repr=False)

    @classmethod
    def of(cls, entities: Iterable[str]) -> SecondScanner:
        """Take the patterns of some entities; others have none and are left out."""
        content = load_data("second_scan", "any").content
        person = content["person"]
        lists = {name: "|".join(person[name]) for name in ("title", "given")}
        groups: dict[str, list[tuple[str, str]]] = {}
        known = content["entities"] | _national()
        for name in sorted({*entities} & {*known}):
            entry = known[name]
            pattern = "|".join(f"(?:{p})" for p in entry["patterns"])
            for key, value in (*lists.items(), ("word", person["word"])):
                pattern = pattern.replace(f"{{{key}}}", value)
            groups.setdefault(entry["gate"], []).append((name, pattern))
        gates = content["gates"]
        return cls(
            groups=tuple(
                (gate, gates[gate], tuple(found)) for gate, found in groups.items()
            ),
            ignored="|".join(f"(?:{pattern})" for pattern in content["ignored"]),
        )

    @property
    def entities(self) -> list[str]:
        """Entities that are counted, sorted."""
        return sorted(name for _, _, found in self.groups for name, _ in found)

    def count(self, texts: pa.StringArray) -> dict[str, NDArray[np.int64]]:
        """Hits of each entity in each text, int64 (n,) by entity."""
        counts = {name: np.zeros(len(texts), np.int64) for name in self.entities}
        for gate, pattern, entities in self.groups:
            near, candidates = self._candidates(texts, gate, pattern)
            for entity, wide in entities:
                hits = pc.count_substring_regex(candidates, wide)
                counts[entity][near] = hits.to_numpy()
        return counts

    def _candidates(
        self, texts: pa.StringArray, gate: str, pattern: str
    ) -> tuple[NDArray[np.int64], pa.StringArray]:
        """Rows that a gate lets through, and what of their texts is looked at."""
        if gate == _NUMBERS:
            windows = number_windows(texts)
            filled = pc.greater(pc.binary_length(windows), 0)
            rows = np.flatnonzero(filled.to_numpy(zero_copy_only=False))
            close = windows.take(pa.array(rows))
            return rows, pc.replace_substring_regex(close, self.ignored, "\x1f")
        found = pc.match_substring_regex(texts, pattern)
        rows = np.flatnonzero(found.to_numpy(zero_copy_only=False))
        return rows, texts.take(pa.array(rows))


def _national() -> dict[str, dict[str, Any]]:
    """Numbers of a country, by the file of their kind."""
    return {
        entity: {"gate": _NUMBERS, "patterns": kind.second_scan}
        for entity, kind in known_kinds().items()
        if kind.second_scan
    }


def scan_texts(
    scanner: SecondScanner, texts: pa.StringArray, spans: pa.ListArray
) -> dict[str, NDArray[np.int64]]:
    """Count hits outside of what operators wrote, int64 (n,) by entity.

    Spans are column `pii` of `data/`: start, end (code points) and operator.
    """
    spanned = pc.greater(pc.fill_null(pc.list_value_length(spans), 0), 0)
    some = np.flatnonzero(spanned.to_numpy(zero_copy_only=False))
    rest = np.flatnonzero(~spanned.to_numpy(zero_copy_only=False))
    chosen = pa.array(some)
    blanked = blank_spans(texts.take(chosen), spans.take(chosen))
    counts = {name: np.zeros(len(texts), np.int64) for name in scanner.entities}
    for rows, part in ((some, blanked), (rest, texts.take(pa.array(rest)))):
        for name, hits in scanner.count(part).items():
            counts[name][rows] = hits
    return counts


def blank_spans(texts: pa.StringArray, spans: pa.ListArray) -> pa.StringArray:
    """Overwrite each span by bytes that no pattern matches.

    Spans that are kept stay readable, and those of stages from outside: nobody vouches
    for what these write.
    """
    flat = pa.table({"row": pc.list_parent_indices(spans), "span": spans.flatten()})
    operator = pc.field("span.operator")
    foreign = pc.match_substring(operator, FOREIGN)
    flat = flat.flatten().filter(~foreign & pc.not_equal(operator, KEEP))
    row, starts, ends = (
        flat[name].to_numpy() for name in ("row", "span.start", "span.end")
    )
    data, offsets = string_buffers(texts)
    data = np.array(data)
    points = np.flatnonzero((data & 0xC0) != 0x80)  # noqa: PLR2004
    points = np.append(points, len(data))
    first = np.searchsorted(points, offsets[:-1])[row]
    change = np.zeros(len(data) + 1, np.int8)
    np.add.at(change, points[first + starts], 1)
    np.add.at(change, points[first + ends], -1)
    data[np.cumsum(change[:-1], dtype=np.int8) > 0] = _BLANK
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)
    )


def number_windows(texts: pa.StringArray) -> pa.StringArray:
    """Keep of each text what lies near four digits that stand close together.

    Four digits within 24 bytes open a window from 24 bytes before the first to 24
    behind the last of them; windows that touch are one. Between windows stands a line
    break. Numbers and codes are looked for in a tenth of the bytes then.
    """
    data, offsets = string_buffers(texts)
    kept, ends = _windows(data, offsets)
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(ends), pa.py_buffer(kept)
    )


@njit(nogil=True)
def _windows(
    data: NDArray[np.uint8], offsets: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Bytes of the windows of all texts, and n + 1 offsets into them."""
    # A window is at least as long as the break that is put behind it.
    kept = np.empty(2 * len(data) + 1, np.uint8)
    ends = np.zeros(len(offsets), np.int32)
    size = 0
    last = np.empty(_DIGITS, np.int64)
    for text in range(len(offsets) - 1):
        low, high = offsets[text], offsets[text + 1]
        start = stop = low
        seen = 0
        for place in range(low, high):
            if data[place] < 48 or data[place] > 57:  # noqa: PLR2004
                continue
            last[seen % _DIGITS] = place
            seen += 1
            first = last[seen % _DIGITS]
            if seen < _DIGITS or place - first >= _REACH:
                continue
            if first - _REACH > stop:
                size = _copy(data, start, stop, kept, size)
                start = _border(data, max(first - _REACH, low), -1, low)
            elif stop == low:
                start = _border(data, max(first - _REACH, low), -1, low)
            stop = _border(data, min(place + _REACH, high), 1, high)
        size = _copy(data, start, stop, kept, size)
        ends[text + 1] = size
    return kept[:size].copy(), ends


@njit(nogil=True)
def _copy(
    data: NDArray[np.uint8], start: int, stop: int, kept: NDArray[np.uint8], size: int
) -> int:
    if stop <= start:
        return size
    length = stop - start
    kept[size : size + length] = data[start:stop]
    kept[size + length] = _BREAK
    return size + length + 1


@njit(nogil=True)
def _border(data: NDArray[np.uint8], place: int, step: int, bound: int) -> int:
    """The nearest border of characters from a place in one direction, to a bound."""
    while place != bound and (data[place] & 0xC0) == 0x80:  # noqa: PLR2004
        place += step
    return place
