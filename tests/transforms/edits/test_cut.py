"""Parts taken out of texts: what stays, and the way there and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.edits import Cuts, View
from isinglass.transforms.edits.cut import Cut, take_out
from tests.transforms.edits.batches import Span, cut_of, cuts_of, view_of

TAKEN: list[tuple[str, list[Span], str]] = [
    ("abcdef", [(0, 2)], "cdef"),
    ("abcdef", [(2, 4)], "abef"),
    ("abcdef", [(4, 6)], "abcd"),
    ("abcdef", [(0, 6)], ""),
    ("abcdef", [(0, 1), (3, 5)], "bcf"),
    ("abcdef", [(1, 2), (2, 3)], "adef"),
    ("abcdef", [(3, 3)], "abcdef"),
    # Offsets are code points of one to four bytes.
    ("aé余🙂b", [(1, 2)], "a余🙂b"),
    ("aé余🙂b", [(2, 4)], "aéb"),
    ("🙂🙂🙂", [(1, 3)], "🙂"),
]


@pytest.mark.parametrize(("text", "parts", "stays"), TAKEN)
def test_parts_are_taken_out(text: str, parts: list[Span], stays: str) -> None:
    cuts = cuts_of([[], parts, [], []])
    texts = pa.array(["other", text, "", "余"])
    cut = take_out(texts, cuts)
    assert cut.texts.to_pylist() == ["other", stays, "", "余"]
    assert cut.characters.tolist() == [0, len(text) - len(stays), 0, 0]


def test_slices_of_arrays_are_cut_from_their_offset() -> None:
    cuts = cuts_of([[(1, 3)]])
    texts = pa.array(["skipped", "abcd", "last"]).slice(1, 1)
    cut = take_out(texts, cuts)
    assert cut.texts.to_pylist() == ["ad"]


@pytest.mark.parametrize(
    "parts",
    [
        [[(0, 4)]],
        [[(4, 5)]],
        [[(2, 1)]],
        [[(0, 2), (1, 3)]],
        [[(1, 2), (0, 1)]],
        [[(-1, 1)]],
        [[], [(0, 1)]],
    ],
)
def test_what_is_no_part_is_refused(parts: list[list[Span]]) -> None:
    cuts = cuts_of(parts)
    with pytest.raises(ValueError, match="overlap, are out of order or lie outside"):
        take_out(pa.array(["余éa"]), cuts)


def test_nothing_to_cut_leaves_the_very_array() -> None:
    view = view_of(["A\n\nB", ""])
    assert view.with_cuts([]) is view
    assert view.with_cuts([Cuts(), Cuts(note="found nothing")]) is view
    assert view.texts.buffers()[2].address == view.source_texts.buffers()[2].address
    cut = Cut(view.texts)
    assert cut.texts is view.texts
    assert cut.characters.tolist() == [0, 0]
    places = np.array([0, 3], np.int64)
    assert cut.to_source(np.zeros(2, np.int64), places).tolist() == [0, 3]
    assert cut.from_source(np.zeros(2, np.int64), places).tolist() == [0, 3]


UNIONS: list[tuple[list[list[Span]], list[Span]]] = [
    ([[(0, 2)], [(4, 6)]], [(0, 2), (4, 6)]),
    ([[(4, 6)], [(0, 2)]], [(0, 2), (4, 6)]),
    ([[(0, 4)], [(2, 6)]], [(0, 6)]),
    ([[(0, 6)], [(2, 3)], [(4, 5)]], [(0, 6)]),
    ([[(0, 2)], [(2, 4)]], [(0, 4)]),
    ([[(0, 2)], [(3, 4)]], [(0, 2), (3, 4)]),
    ([[(0, 2)], [(0, 2)]], [(0, 2)]),
    ([[], [(1, 2)]], [(1, 2)]),
]


@pytest.mark.parametrize(("stages", "parts"), UNIONS)
def test_parts_of_several_stages_are_one(
    stages: list[list[Span]], parts: list[Span]
) -> None:
    view = view_of(["余bcdef", "abcdef"])
    # A part of the text before must not reach into the next one.
    cuts = [cuts_of([[(5, 6)], own]) for own in stages]
    at_once, one_by_one = view.with_cuts(cuts), view
    for own in cuts:
        one_by_one = one_by_one.with_cuts([own])
    for seen in (at_once, one_by_one):
        assert seen.source_texts.to_pylist() == ["余bcdef", "abcdef"]
        assert seen.cut.rows.tolist() == [0, *(1 for _ in parts)]
        assert seen.cut.starts.tolist() == [5, *(start for start, _ in parts)]
        assert seen.cut.ends.tolist() == [6, *(end for _, end in parts)]


@st.composite
def cut_views(draw: st.DrawFn) -> tuple[View, list[set[int]]]:
    texts = draw(st.lists(st.text("aé余🙂\u0301", max_size=20), max_size=4))
    gone: list[set[int]] = [set() for _ in texts]
    cuts = []
    for _ in range(draw(st.integers(0, 3))):
        parts = []
        for text, own in zip(texts, gone, strict=True):
            edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
            step = draw(st.sampled_from((1, 2)))
            parts.append(list(zip(edges[::step], edges[1::step], strict=False)))
            own |= {place for part in parts[-1] for place in range(*part)}
        cuts.append(cuts_of(parts))
    return view_of(texts).with_cuts(cuts), gone


@given(cut_views())
def test_source_less_its_parts_is_the_cut_text(
    case: tuple[View, list[set[int]]],
) -> None:
    view, gone = case
    for row, source in enumerate(view.source_texts.to_pylist()):
        left = [place for place in range(len(source)) if place not in gone[row]]
        assert view.texts[row].as_py() == "".join(source[place] for place in left)
        assert view.cut.characters[row] == len(gone[row])
        rows = np.full(len(left), row)
        assert view.cut.to_source(rows, np.arange(len(left))).tolist() == left
        # Every place of the source has one in the cut text: that of what stays next.
        everywhere = np.arange(len(source) + 1)
        back = view.cut.from_source(np.full(len(everywhere), row), everywhere)
        expected = [sum(p < place for p in left) for place in everywhere.tolist()]
        assert back.tolist() == expected


def test_seams_are_where_parts_were() -> None:
    cut = cut_of(["ab--cd--", "x", "--y"], [[(2, 4), (6, 8)], [], [(0, 2)]])
    assert cut.seams.tolist() == [2, 4, 0]
