from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii import windows
from isinglass.transforms.pii.chunks import Chunk, chunk_spans

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector


@given(
    st.text("ab \n.", max_size=400),
    st.integers(20, 60),
    st.integers(0, 9),
)
def test_chunks_cover_the_text_and_overlap(text: str, size: int, overlap: int) -> None:
    chunks = chunk_spans(text, size, overlap)
    assert chunks[0].start == 0
    assert not chunks[0].cut_start
    assert chunks[-1].end == len(text)
    assert not chunks[-1].cut_end
    for one, two in pairwise(chunks):
        assert one.end - one.start <= size
        assert one.end - overlap <= two.start <= one.end
        assert two.end > one.end


def test_a_cut_prefers_paragraph_then_line_then_sentence_then_word() -> None:
    filler = "x" * 60
    for mark in ("\n\n", "\n", ". ", " "):
        text = filler + mark + "w" * 70
        assert chunk_spans(text, 100, 5)[0] == Chunk(
            0, 60 + len(mark), cut_start=False, cut_end=True
        )
    assert chunk_spans("x" * 130, 100, 5)[0].end == 100


def test_overlap_must_leave_room() -> None:
    with pytest.raises(ValueError, match="overlap 50"):
        chunk_spans("x", 100, 50)


def test_a_span_at_a_cut_is_left_to_the_neighbour() -> None:
    middle = Chunk(100, 200, cut_start=True, cut_end=True)
    assert [middle.holds(*span) for span in ((0, 5), (1, 5), (95, 100))] == [
        False,
        True,
        False,
    ]
    assert Chunk(0, 9, cut_start=False, cut_end=False).holds(0, 9)


@pytest.mark.parametrize("value", ["jo@acme.org", "4111 1111 1111 1111"])
def test_a_finding_at_every_place_of_a_cut_window(
    identifiers: Detector, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr(windows, "WINDOW_CHARS", 1_100)
    # Hits all along one line make one window, which is then cut: numbers that only the
    # check digit tells from cards.
    line = "4000 1234 5678 9011 x " * 150
    texts = [line[:at] + f" x {value} x " + line[at:] for at in range(480, 1200, 7)]
    detection = identifiers.detect(pa.array(texts), pa.nulls(len(texts), pa.string()))
    found = [
        (row["row"], texts[row["row"]][row["start"] : row["end"]])
        for row in detection.findings.to_pylist()
        if row["entity"] in ("EMAIL_ADDRESS", "CREDIT_CARD")
    ]
    assert found == [(row, value) for row in range(len(texts))]
