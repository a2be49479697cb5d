"""Where ambiguous terms stand, in code points of the text as it was."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.demographics.composed import before_composition
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.demographics.places import (
    JUDGED,
    place_column,
    place_field,
    read_places,
)

LEXICONS = load_lexicons()
GAY, BLACK = (
    next(label for label in LEXICONS.ambiguous if label.endswith(end))
    for end in ("/gay/gay", "/black/black")
)
WIDE = "\U0001f600"
Place = tuple[int, str, str, str]


def places(*texts: str, language: str = "en") -> list[Place]:
    """Row, label, what stands there and the rule of each place."""
    given_texts = pa.array(texts, pa.string())
    languages = pa.array([language] * len(texts), pa.string())
    _, matches = count_mentions(given_texts, languages, LEXICONS)
    column = place_column(matches, len(texts), LEXICONS)
    table = pa.table([column], schema=pa.schema([place_field(LEXICONS)]))
    return [
        (
            row["row"],
            row["label"],
            texts[row["row"]][row["start"] : row["end"]],
            row["rule"],
        )
        for row in read_places(table).to_pylist()
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Nothing of that kind.", []),
        ("Black voters", [(0, BLACK, "Black", "qualifies")]),
        ("a black car", [(0, BLACK, "black", "rejected")]),
        (
            f"{WIDE} été {WIDE}: Black voters, gay men",
            [(0, BLACK, "Black", "qualifies"), (0, GAY, "gay", "people")],
        ),
        # Letters and marks apart, before it and behind it.
        (
            f"e\u0301te\u0301 {WIDE} Black voters e\u0301, gay men e\u0301",
            [(0, BLACK, "Black", "qualifies"), (0, GAY, "gay", "people")],
        ),
        ("\u1112\u1161\u11ab e\u0301 gay men", [(0, GAY, "gay", "people")]),
        ("\u0301 gay men", [(0, GAY, "gay", "people")]),
    ],
)
def test_places_are_those_of_the_text_as_it_was(
    text: str, expected: list[Place]
) -> None:
    assert places(text) == expected


def test_places_of_documents_stay_in_order() -> None:
    texts = ["a gay man", "", "e\u0301 gay men", "none", "gay men, gay men"]
    assert [row for row, *_ in places(*texts)] == [0, 2, 4, 4]
    assert {what for _, _, what, _ in places(*texts)} == {"gay"}


def test_no_place_is_found_in_a_language_without_ambiguous_terms() -> None:
    assert places("gay men", language="und") == []


def test_a_slice_of_a_survey_is_read() -> None:
    texts = pa.array(["gay men", "e", "Black voters"], pa.string())
    _, matches = count_mentions(texts, pa.array(["en"] * 3), LEXICONS)
    column = place_column(matches, 3, LEXICONS)
    table = pa.table([column], schema=pa.schema([place_field(LEXICONS)]))
    assert read_places(table.slice(1))["label"].to_pylist() == [BLACK]
    assert table.column_names == [JUDGED]


JOINED = "\u0301\u0323\u1161\u11ab"
LETTERS = st.text(
    st.sampled_from(f"ab e\u00e9\u1112\u0958\u2126\u4e2d{JOINED}"), max_size=9
)


@given(LETTERS, LETTERS, LETTERS, st.sampled_from([1, 2, 5, 1 << 20]))
def test_what_is_composed_is_found_where_it_was(
    before: str, inside: str, after: str, piece: int
) -> None:
    text = f"{before}[{inside}]{after}"
    composed = unicodedata.normalize("NFC", text)
    starts = np.array([composed.index("[")])
    stops = np.array([composed.rindex("]") + 1])
    first, last = before_composition(text, starts, stops, piece)
    # Marks behind the last sign belong to it.
    marks = after[: len(after) - len(after.lstrip(JOINED))]
    assert (first[0], text[first[0] : last[0]]) == (
        len(before),
        f"[{inside}]{marks}",
    )


def test_a_term_counts_as_sure_where_it_is_measured() -> None:
    texts = pa.array(["gay men and Black voters"], pa.string())
    languages = pa.array(["en"], pa.string())
    column = LEXICONS.groups.index(("sexual_orientation", "gay"))
    found = {}
    for measured in (frozenset[str](), frozenset({GAY}), frozenset({BLACK, "x"})):
        lexicons = load_lexicons(measured=measured)
        mentions, _ = count_mentions(texts, languages, lexicons)
        firm = int(mentions.dense([column], firm=True)[0, 0])
        found[measured] = int(mentions.dense([column])[0, 0]), firm
    assert list(found.values()) == [(1, 0), (1, 1), (1, 0)]
