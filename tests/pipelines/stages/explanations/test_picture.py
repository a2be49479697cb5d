from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from isinglass.pipelines.stages.explanations.picture import (
    ADDS,
    TAKES,
    WIDTH,
    gap_chart,
    layer_strips,
    token_map,
)
from isinglass.transforms.explanations.summary import Mean
from tests.pages import assert_inert


def token(shown: str, added: float, *, spaced: bool = True) -> dict[str, Any]:
    return {"shown": shown, "added": added, "spaced": spaced}


def parts_of(svg: str, shown: str) -> str:
    """What is drawn of a token: its ground, its line and its text."""
    found = re.search(r"(<rect [^>]*>(?:<path [^>]*>)?)<text [^>]*>" + shown + "<", svg)
    assert found
    return found[1]


def test_what_adds_and_takes_away_is_told_apart_without_colour() -> None:
    svg = str(token_map([token("up", 2.0), token("down", -2.0)], "logit"))
    assert ADDS in parts_of(svg, "up")
    assert "dasharray" not in parts_of(svg, "up")
    assert TAKES in parts_of(svg, "down")
    assert "dasharray" in parts_of(svg, "down")


def test_the_strongest_token_has_the_strongest_colour() -> None:
    svg = str(token_map([token("a", 4.0), token("b", 2.0), token("c", 0.0)], "logit"))
    shades = [
        re.search(r'fill-opacity="([\d.]+)"', parts_of(svg, name)) for name in "abc"
    ]
    assert [found[1] for found in shades if found] == ["0.60", "0.30", "0.00"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("<script>", "&lt;script&gt;"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x00\x1b[2J", "⟨U+0000⟩⟨U+001B⟩[2J"),
        ("שלום", "שלום"),
        ('"&', "&#34;&amp;"),
    ],
)
def test_texts_are_shown_and_do_nothing(shown: str, expected: str) -> None:
    svg = str(token_map([token(shown, 1.0)], f"cosine of {shown}"))
    assert expected in svg
    assert shown not in svg or shown == expected
    assert_inert(svg)


def test_tokens_stand_in_rows_that_do_not_overlap() -> None:
    many = [token(f"word{n}" + "漢" * (n % 7), n - 50.0) for n in range(100)]
    many.append(token("w" * 500, 1.0))
    svg = str(token_map(many, "logit"))
    boxes = [
        tuple(map(float, found))
        for found in re.findall(
            r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="18"', svg
        )
    ][5:]
    assert len(boxes) == 101
    for (x, y, wide), (x2, y2, _) in pairwise(boxes):
        assert (y2, x2) == (y2, 0.0) if y2 > y else x2 >= x + wide
        assert x + wide <= WIDTH


def test_strips_are_of_every_layer_and_the_rollout() -> None:
    svg = str(layer_strips([[0.2, 0.8], [0.5, 0.5]], [0.0, 1.0], [[0.1], [0.9]]))
    assert re.findall(r"<text [^>]*>(1|2|3|rollout)</text>", svg) == [
        "1",
        "2",
        "rollout",
    ]
    assert svg.count("<circle") == 2
    assert_inert(svg)


def test_gaps_have_their_interval_where_there_is_one() -> None:
    rows = [("a to b", Mean(0.5, 9, 0.25, 0.75)), ("b to a", Mean(-1.0, 1, None, None))]
    svg = str(gap_chart(rows, "logit"))
    (first, second) = re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)"', svg)
    assert float(second[0]) == float(second[1]) == 250
    assert (float(first[0]), float(first[1])) == (400, 460)
    assert "n 9" in svg
    assert_inert(svg)
