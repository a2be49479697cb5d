"""Findings of cut texts: split at seams, and moved to their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.spans import FOUND
from isinglass.transforms.edits.view import in_source, split_at_seams
from tests.findings import Found, findings_batch
from tests.transforms.edits.batches import Span, cut_of

if TYPE_CHECKING:
    import pyarrow as pa


def found(row: int, start: int, end: int, *, validated: bool | None = True) -> Found:
    return Found(row, start, end, "PHONE_NUMBER", 0.9, "rules", "phone", validated)


def places(batch: pa.RecordBatch) -> list[tuple[int, int, int]]:
    names = ("row", "start", "end")
    return list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))


SOURCE = "call 5550|CUT|100 now"
SPLITS: list[tuple[str, list[Span], Span, list[Span]]] = [
    # source, parts cut out, finding in the cut text, findings in the cut text
    ("ab--cd", [(2, 4)], (0, 2), [(0, 2)]),
    ("ab--cd", [(2, 4)], (2, 4), [(2, 4)]),
    ("ab--cd", [(2, 4)], (0, 4), [(0, 2), (2, 4)]),
    ("ab--cd", [(2, 4)], (1, 3), [(1, 2), (2, 3)]),
    ("ab----cd", [(2, 4), (4, 6)], (0, 4), [(0, 2), (2, 4)]),
    ("ab--c--d", [(2, 4), (5, 7)], (0, 4), [(0, 2), (2, 3), (3, 4)]),
    ("--abcd", [(0, 2)], (0, 4), [(0, 4)]),
    ("abcd--", [(4, 6)], (0, 4), [(0, 4)]),
    # Nothing but letters and digits at the ends of parts; none without.
    ("a.\n\n--\nb", [(4, 6)], (0, 6), [(0, 1), (5, 6)]),
    ("(a--) b", [(2, 4)], (0, 5), [(1, 2), (4, 5)]),
    ("ab--)", [(2, 4)], (0, 3), [(0, 2)]),
    ("(--)", [(1, 3)], (0, 2), []),
    ("数👩--é数", [(2, 4)], (0, 4), [(0, 1), (2, 4)]),
]


@pytest.mark.parametrize(("source", "parts", "span", "expected"), SPLITS)
def test_no_finding_crosses_a_seam(
    source: str, parts: list[Span], span: Span, expected: list[Span]
) -> None:
    cut = cut_of(["other", source, "last"], [[], parts, []])
    before = findings_batch([found(0, 0, 5), found(1, *span), found(2, 1, 4)])
    after = split_at_seams(before, cut)
    assert after.schema == FOUND
    assert places(after) == [(0, 0, 5), *((1, *s) for s in expected), (2, 1, 4)]
    divided = expected != [span]
    validated = after.column("validated").to_pylist()
    assert validated == [True, *([None if divided else True] * len(expected)), True]


def test_no_findings_stay_none() -> None:
    cut = cut_of(["ab--cd"], [[(2, 4)]])
    assert split_at_seams(findings_batch([]), cut).num_rows == 0
    moved = in_source(findings_batch([]), cut)
    assert moved.schema == FOUND


def test_offsets_of_the_source() -> None:
    cut = cut_of(["ab--cd--ef", "xy", "--zz"], [[(2, 4), (6, 8)], [], [(0, 2)]])
    rows = [(0, 0, 2), (0, 2, 4), (0, 4, 6), (1, 0, 2), (2, 0, 2)]
    findings = findings_batch([found(*row) for row in rows])
    moved = in_source(findings, cut)
    assert places(moved) == [(0, 0, 2), (0, 4, 6), (0, 8, 10), (1, 0, 2), (2, 2, 4)]


@given(st.text("ab数 👩", max_size=30), st.data())
def test_split_findings_are_the_same_characters(
    source: str, data: st.DataObject
) -> None:
    bounds = data.draw(st.sets(st.integers(0, len(source)), max_size=6).map(sorted))
    parts = list(zip(bounds[::2], bounds[1::2], strict=False))
    cut = cut_of([source], [parts])
    length = len(cut.texts[0].as_py())
    edges = data.draw(st.sets(st.integers(0, length), max_size=6).map(sorted))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    before = findings_batch([found(0, *span) for span in spans])
    after = split_at_seams(before, cut)
    moved = in_source(after, cut)
    text = cut.texts[0].as_py()
    inner, outer = places(after), places(moved)
    for (_, start, end), (_, source_start, source_end) in zip(
        inner, outer, strict=True
    ):
        assert source[source_start:source_end] == text[start:end]
        assert all(e <= source_start or source_end <= s for s, e in parts)
    # No letter or digit that was found is lost.
    wanted = {i for s, e in spans for i in range(s, e) if text[i].isalnum()}
    held = {i for _, s, e in inner for i in range(s, e)}
    assert wanted <= held
    assert held <= {i for s, e in spans for i in range(s, e)}
