from __future__ import annotations

import numpy as np
import pytest

from isinglass.transforms.explanations.pieces import Tokens, pieces, words

TEXT = "Dr. Ann Lee wrote playfully"
SPANS = [(0, 0), (0, 2), (2, 3), (4, 7), (8, 11), (12, 17), (18, 22), (22, 27), (0, 0)]
TOKENS = Tokens(
    ids=np.arange(9),
    text=np.array([False, *[True] * 7, False]),
    starts=np.array([start for start, _ in SPANS]),
    stops=np.array([stop for _, stop in SPANS]),
    words=np.array([-1, 0, 1, 2, 3, 4, 5, 5, -1]),
)


def shown(*masked: tuple[int, int, str]) -> list[tuple[str, tuple[int, ...], bool]]:
    return [(p.shown, p.tokens, p.spaced) for p in pieces(TEXT, TOKENS, masked)]


def test_tokens_are_shown_as_they_are_written() -> None:
    assert shown() == [
        ("Dr", (1,), False),
        (".", (2,), False),
        ("Ann", (3,), True),
        ("Lee", (4,), True),
        ("wrote", (5,), True),
        ("play", (6,), True),
        ("fully", (7,), False),
    ]


@pytest.mark.parametrize(
    ("masked", "expected"),
    [
        # One piece, whatever the number of tokens.
        ((4, 11, "PERSON"), ["Dr", ".", "[PERSON]", "wrote", "play", "fully"]),
        # A token that is touched is not shown at all.
        ((6, 9, "PERSON"), ["Dr", ".", "[PERSON]", "wrote", "play", "fully"]),
        ((24, 25, "X"), ["Dr", ".", "Ann", "Lee", "wrote", "play", "[X]"]),
        ((7, 8, "X"), ["Dr", ".", "Ann", "Lee", "wrote", "play", "fully"]),
        ((0, 27, "X"), ["[X]"]),
    ],
)
def test_what_is_masked_is_one_piece(
    masked: tuple[int, int, str], expected: list[str]
) -> None:
    assert [text for text, _, _ in shown(masked)] == expected
    assert sum(len(places) for _, places, _ in shown(masked)) == 7


def test_neighbouring_spans_stay_apart() -> None:
    told = [text for text, _, _ in shown((4, 7, "PERSON"), (7, 11, "CITY"))]
    assert told == ["Dr", ".", "[PERSON]", "[CITY]", "wrote", "play", "fully"]


def test_words_sum_their_tokens_and_leave_out_what_is_masked() -> None:
    values = np.arange(9.0)
    masked = [(4, 7, "PERSON"), (20, 21, "X")]
    assert dict(words(TEXT, TOKENS, [], values)) == {
        "dr": 1.0,
        "ann": 3.0,
        "lee": 4.0,
        "wrote": 5.0,
        "playfully": 13.0,
    }
    assert dict(words(TEXT, TOKENS, masked, values)) == {
        "dr": 1.0,
        "lee": 4.0,
        "wrote": 5.0,
    }


def test_the_end_of_what_is_seen() -> None:
    assert TOKENS.seen == 27
