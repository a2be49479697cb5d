"""Cutting paragraphs out: what goes with them, and what stays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.transforms.boilerplate.boilerplate import cut_paragraphs
from isinglass.transforms.boilerplate.paragraphs import split_paragraphs
from isinglass.transforms.edits.cut import Cut, take_out

HAN = "数据集说明"
FAMILY = "👨‍👩‍👧"


def strings(values: list[str]) -> pa.StringArray:
    return pa.array(values, pa.string())


def cut(texts: list[str], chosen: list[list[int]], split: str = "blank_line") -> Cut:
    """Cut the paragraphs with the given numbers out of each text."""
    config = ParagraphsConfig.model_validate({"split": split})
    found = split_paragraphs(strings(texts), config)
    firsts = found.offsets[:-1].tolist()
    pairs = [(row, firsts[row] + n) for row, ns in enumerate(chosen) for n in ns]
    rows = np.array([row for row, _ in pairs], np.int64)
    index = np.array([number for _, number in pairs], np.int64)
    cuts = cut_paragraphs(found, index)
    assert cuts.rows.tolist() == rows.tolist()
    return take_out(strings(texts), cuts)


def parts_of(texts: list[str], found: Cut) -> list[str]:
    spans = zip(found.rows, found.starts, found.ends, strict=True)
    return [texts[row][start:end] for row, start, end in spans]


CUTS: list[tuple[str, list[int], str, list[str]]] = [
    # text, paragraphs that go, what stays, what is recorded
    ("A\n\nB\n\nC", [1], "A\n\nC", ["B\n\n"]),
    ("A\n\nB\n\nC", [0], "B\n\nC", ["A\n\n"]),
    ("A\n\nB\n\nC", [2], "A\n\nB", ["\n\nC"]),
    ("A\n\nB\n\nC", [0, 2], "B", ["A\n\n", "\n\nC"]),
    ("A\n\nB\n\nC", [0, 1], "C", ["A\n\n", "B\n\n"]),
    ("A\n\nB\n\nC", [1, 2], "A", ["\n\nB", "\n\nC"]),
    ("A\n\nB\n\nC", [0, 1, 2], "", ["A", "\n\nB", "\n\nC"]),
    ("A", [0], "", ["A"]),
    # The line end that closes a text stays.
    ("A\n\nB\n", [1], "A\n", ["\n\nB"]),
    ("A\n\nB\n", [0], "B\n", ["A\n\n"]),
    ("\n A \n\nB \n", [0, 1], "\n \n", [" A", " \n\nB"]),
    # Any border goes as a whole; indentation goes with its own paragraph.
    ("A\n\n\n\n\nB\n\nC", [1], "A\n\n\n\n\nC", ["B\n\n"]),
    ("A\n\nB\n\n\n\n\nC", [1], "A\n\nC", ["B\n\n\n\n\n"]),
    ("A\n\n  B\n\n    C", [1], "A\n\n    C", ["  B\n\n"]),
    ("  A\n\n    C", [0], "    C", ["  A\n\n"]),
    ("A \n\u2003\n B \n \n\tC", [1], "A \n\u2003\n\tC", [" B \n \n"]),
    # Windows and old Macintosh line ends.
    ("A\r\n\r\nB\r\n\r\nC\r\n", [1], "A\r\n\r\nC\r\n", ["B\r\n\r\n"]),
    ("A\r\n\r\nB\r\n\r\nC\r\n", [2], "A\r\n\r\nB\r\n", ["\r\n\r\nC"]),
    ("A\r\rB\r\rC", [1], "A\r\rC", ["B\r\r"]),
    # Lines of a paragraph that stays are left alone.
    ("A\na\n\nB\nb\n\nC\nc", [1], "A\na\n\nC\nc", ["B\nb\n\n"]),
    # Offsets are code points.
    (f"{HAN}\n\n{FAMILY}\n\ne\u0301", [1], f"{HAN}\n\ne\u0301", [f"{FAMILY}\n\n"]),
    (f"{FAMILY}\n\n{HAN}", [1], FAMILY, [f"\n\n{HAN}"]),
    (f"{FAMILY}\n\n\u0301e\n\n{HAN}", [0], f"\u0301e\n\n{HAN}", [f"{FAMILY}\n\n"]),
]
LINES: list[tuple[str, list[int], str, list[str]]] = [
    ("A\nB\nC", [1], "A\nC", ["B\n"]),
    ("A\nB\n\nC\n", [1], "A\nC\n", ["B\n\n"]),
    ("A\nB\n\nC\n", [2], "A\nB\n", ["\n\nC"]),
    ("- A\n  - B\n- C", [1], "- A\n- C", ["  - B\n"]),
]


@pytest.mark.parametrize(("text", "chosen", "stays", "parts"), CUTS)
def test_blocks_go_with_their_border(
    text: str, chosen: list[int], stays: str, parts: list[str]
) -> None:
    texts = ["A\n\nB", text, "", HAN]
    found = cut(texts, [[], chosen, [], []])
    assert found.texts.to_pylist() == ["A\n\nB", stays, "", HAN]
    assert parts_of(texts, found) == parts
    assert found.characters.tolist() == [0, len(text) - len(stays), 0, 0]


@pytest.mark.parametrize(("text", "chosen", "stays", "parts"), LINES)
def test_lines_go_with_their_end(
    text: str, chosen: list[int], stays: str, parts: list[str]
) -> None:
    found = cut([text], [chosen], "line")
    assert found.texts.to_pylist() == [stays]
    assert parts_of([text], found) == parts


def test_nothing_to_cut() -> None:
    for texts in (["A\n\nB", ""], [""], []):
        found = split_paragraphs(strings(texts), ParagraphsConfig())
        cuts = cut_paragraphs(found, np.zeros(0, np.int64))
        sizes = [len(column) for column in (cuts.rows, cuts.starts, cuts.ends)]
        assert sizes == [0, 0, 0]


def test_slices_of_arrays_are_read_from_their_offset() -> None:
    texts = strings(["skipped", "A\n\nB", "last"]).slice(1, 1)
    found = split_paragraphs(texts, ParagraphsConfig())
    cuts = cut_paragraphs(found, np.array([1]))
    assert (cuts.starts.tolist(), cuts.ends.tolist()) == ([1], [4])


ALPHABET = st.sampled_from(
    [*"abc \n\n\r", "\r\n", "\n\n", "\u3000", "数", "👩", "\u0301"]
)
TEXT = st.lists(ALPHABET, max_size=40).map("".join)


@given(
    st.lists(TEXT, min_size=1, max_size=4),
    st.sampled_from(["blank_line", "line"]),
    st.data(),
)
def test_source_less_its_parts_is_the_cut_text(
    texts: list[str], split: str, data: st.DataObject
) -> None:
    config = ParagraphsConfig.model_validate({"split": split})
    before = split_paragraphs(strings(texts), config)
    counts = np.diff(before.offsets).tolist()
    chosen = [
        sorted(data.draw(st.sets(st.integers(0, n - 1)))) if n else [] for n in counts
    ]
    found = cut(texts, chosen, split)
    gone: list[set[int]] = [set() for _ in texts]
    for row, start, end in zip(found.rows, found.starts, found.ends, strict=True):
        part = set(range(start, end))
        assert start < end
        assert not gone[row] & part
        gone[row] |= part
    for row, text in enumerate(texts):
        left = [place for place in range(len(text)) if place not in gone[row]]
        assert found.texts[row].as_py() == "".join(text[place] for place in left)
    # The paragraphs that stay are the ones that were not chosen, and no others.
    pieces, firsts = before.pieces.to_pylist(), before.offsets.tolist()
    after = split_paragraphs(found.texts, config)
    for row, numbers in enumerate(chosen):
        own = pieces[firsts[row] : firsts[row + 1]]
        stay = [piece for number, piece in enumerate(own) if number not in numbers]
        place = slice(int(after.offsets[row]), int(after.offsets[row + 1]))
        assert after.pieces.to_pylist()[place] == stay
