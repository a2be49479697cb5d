from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.pipelines.report.text import (
    decimal,
    grouped,
    no_formula,
    percent,
    share_of,
    shorten,
    size,
    visible,
)

THIN = "\u202f"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, f"1{THIN}000"),
        (62_454_549, f"62{THIN}454{THIN}549"),
        (-1_200, f"\u22121{THIN}200"),
        (2.6, "3"),
        (None, "\u2013"),
        (math.nan, "\u2013"),
    ],
)
def test_grouped(number: float | None, expected: str) -> None:
    assert grouped(number) == expected


@pytest.mark.parametrize(
    ("share", "digits", "expected"),
    [
        (0.0, 1, "0.0"),
        (1.0, 1, "100.0"),
        (0.00001, 1, "<0.1"),
        (0.99999, 1, ">99.9"),
        (0.999, 1, "99.9"),
        (0.001, 1, "0.1"),
        (0.12345, 2, "12.35"),
        (0.75, 0, "75"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(
    share: float, digits: int, expected: str
) -> None:
    assert percent(share, digits) == f"{expected}{THIN}%"


def test_shares_without_a_denominator_are_missing() -> None:
    assert share_of(3, 0) == "\u2013"
    assert share_of(None, 4) == "\u2013"
    assert share_of(1, 4) == f"25.0{THIN}%"
    assert percent(math.inf) == "\u2013"
    assert decimal(None) == "\u2013"
    assert decimal(12_345.678) == f"12{THIN}345.68"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (1_250_000, "1.25 MB"),
        (3_400_000_000, "3.40 GB"),
        (2 * 10**18, f"2{THIN}000.00 PB"),
    ],
)
def test_size(count: int, expected: str) -> None:
    number, unit = expected.split(" ")
    assert size(count) == f"{number}{THIN}{unit}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain <b>", "plain <b>"),
        ("Grüße, 世界", "Grüße, 世界"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("line\nbreak\ttab", "line⟨U+000A⟩break⟨U+0009⟩tab"),
        ("nul\x00esc\x1b", "nul⟨U+0000⟩esc⟨U+001B⟩"),
        ("half \ud800", "half ⟨U+D800⟩"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
    ],
)
def test_visible(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters()))
def test_visible_leaves_nothing_unseen_and_is_stable(text: str) -> None:
    shown = visible(text)
    kinds = {unicodedata.category(character) for character in shown}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode()


@given(st.text(max_size=600), st.integers(20, 200))
def test_shorten_keeps_ends_and_says_the_length(text: str, limit: int) -> None:
    short = shorten(text, limit)
    if len(text) <= limit:
        assert short == text
        return
    assert len(short) <= limit + 30
    assert short.startswith(text[: limit - limit // 3])
    assert short.endswith(f"({grouped(len(text))} characters)")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(a1)", "= 1"])
def test_what_begins_like_a_formula_is_none(text: str) -> None:
    assert no_formula(text) == f"'{text}"
    assert no_formula(f"a{text}") == f"a{text}"
    assert no_formula("") == ""
